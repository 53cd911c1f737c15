//! Signals by number, and who sent them. Pure values: nothing here calls the
//! operating system.

use std::fmt;

/// A signal that can raise the stage.
///
/// The four signals have the same numbers on every Unix system, so the type
/// needs no platform code. On Windows the console's Ctrl+C and Ctrl+Break are
/// reported as [`Signal::INTERRUPT`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

impl Signal {
    /// SIGHUP, number 1: the terminal went away.
    pub const HANGUP: Signal = Signal(1);
    /// SIGINT, number 2: Ctrl+C.
    pub const INTERRUPT: Signal = Signal(2);
    /// SIGQUIT, number 3: Ctrl+\.
    pub const QUIT: Signal = Signal(3);
    /// SIGTERM, number 15: a polite request to end, from another process.
    pub const TERMINATE: Signal = Signal(15);

    /// SIGTSTP: Ctrl+Z. Never moves the stage; the handler of the terminal
    /// uses it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) const TERMINAL_STOP: Signal = Signal(20);
    /// SIGTSTP: Ctrl+Z. Never moves the stage; the handler of the terminal
    /// uses it.
    #[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
    pub(crate) const TERMINAL_STOP: Signal = Signal(18);

    /// Every signal this library can manage.
    pub const ALL: [Signal; 4] = [
        Signal::HANGUP,
        Signal::INTERRUPT,
        Signal::QUIT,
        Signal::TERMINATE,
    ];

    /// The signal with this number, `None` if this library cannot manage it.
    #[must_use]
    pub const fn from_number(number: i32) -> Option<Signal> {
        match number {
            1 => Some(Signal::HANGUP),
            2 => Some(Signal::INTERRUPT),
            3 => Some(Signal::QUIT),
            15 => Some(Signal::TERMINATE),
            _ => None,
        }
    }

    /// The number of the signal, 1 to 31.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0 as i32
    }

    /// The name with its prefix, for instance `SIGINT`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            1 => "SIGHUP",
            2 => "SIGINT",
            3 => "SIGQUIT",
            15 => "SIGTERM",
            _ => "SIGTSTP",
        }
    }

    /// Whether this platform delivers the signal: SIGINT everywhere, the
    /// others on Unix only.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        self.0 == Signal::INTERRUPT.0 || cfg!(unix)
    }

    /// The signals managed when nothing else is asked for: SIGINT, and on
    /// Unix SIGTERM.
    #[must_use]
    pub const fn defaults() -> &'static [Signal] {
        if cfg!(unix) {
            &[Signal::INTERRUPT, Signal::TERMINATE]
        } else {
            &[Signal::INTERRUPT]
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who sent a signal, as far as the kernel knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sender {
    /// The kernel itself: a key pressed on the terminal.
    Kernel,
    /// A process, by its process id (1 to 4,194,303).
    Process(u32),
    /// Not known: another process namespace, or a platform that does not say.
    Unknown,
}

impl Sender {
    /// Process ids on Linux stay below 2^22.
    const UNKNOWN_BITS: u32 = 1 << 22;

    pub(crate) const fn to_bits(self) -> u32 {
        match self {
            Sender::Kernel => 0,
            Sender::Process(pid) if pid > 0 && pid < Self::UNKNOWN_BITS => pid,
            Sender::Process(_) | Sender::Unknown => Self::UNKNOWN_BITS,
        }
    }

    pub(crate) const fn from_bits(bits: u32) -> Sender {
        match bits {
            0 => Sender::Kernel,
            pid if pid < Self::UNKNOWN_BITS => Sender::Process(pid),
            _ => Sender::Unknown,
        }
    }

    /// Whether two signals certainly came from two senders. An unknown sender
    /// is never *certainly* another one.
    #[must_use]
    pub const fn differs_from(self, other: Sender) -> bool {
        let unknown = Self::UNKNOWN_BITS;
        self.to_bits() != unknown && other.to_bits() != unknown && self.to_bits() != other.to_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for signal in Signal::ALL {
            assert_eq!(Signal::from_number(signal.number()), Some(signal));
        }
        assert_eq!(Signal::from_number(9), None);
        assert_eq!(Signal::from_number(0), None);
    }

    #[test]
    fn support_follows_the_platform() {
        assert!(Signal::INTERRUPT.is_supported());
        assert_eq!(Signal::TERMINATE.is_supported(), cfg!(unix));
        assert!(
            Signal::defaults()
                .iter()
                .all(|signal| signal.is_supported())
        );
    }

    #[test]
    fn senders_round_trip_and_unknown_differs_from_nobody() {
        for sender in [
            Sender::Kernel,
            Sender::Process(1),
            Sender::Process(4_194_303),
            Sender::Unknown,
        ] {
            assert_eq!(Sender::from_bits(sender.to_bits()), sender);
            assert!(!sender.differs_from(Sender::Unknown));
            assert!(!sender.differs_from(sender));
        }
        assert!(Sender::Kernel.differs_from(Sender::Process(7)));
        assert!(Sender::Process(8).differs_from(Sender::Process(7)));
    }
}
