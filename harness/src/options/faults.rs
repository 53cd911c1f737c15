//! Faults and steps, for a target on a terminal or on pipes.

use crate::schedule::{Delivery, Fault, ParseError, Step};

/// Reads faults and steps that can be injected into such a target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaultReader {
    /// The target runs on a terminal.
    pub(crate) terminal: bool,
    /// It is a service, used by clients.
    pub(crate) service: bool,
}

impl FaultReader {
    /// A fault, and whether it lasts. `deliver` says who gets a signal when the text does not.
    pub(crate) fn fault(
        self,
        text: &str,
        deliver: Option<Delivery>,
    ) -> Result<(Fault, bool), ParseError> {
        let (fault, lasting) = Fault::parse(text, |signal| self.delivery(signal, deliver))?;
        fault.check(self.terminal)?;
        Ok((fault, lasting))
    }

    /// A signal.
    pub(crate) fn signal(
        self,
        signal: i32,
        deliver: Option<Delivery>,
    ) -> Result<Fault, ParseError> {
        let to = self.delivery(signal, deliver);
        let fault = Fault::Signal { signal, to };
        fault.check(self.terminal)?;
        Ok(fault)
    }

    /// A step of a schedule.
    pub(crate) fn step(self, text: &str) -> Result<Step, ParseError> {
        let step = Step::parse(text, |signal| self.delivery(signal, None))?;
        step.fault.check(self.terminal)?;
        Ok(step)
    }

    fn delivery(self, signal: i32, deliver: Option<Delivery>) -> Delivery {
        deliver.unwrap_or(match signal {
            // `kill -HUP`, `systemctl reload`: nobody presses a key to reload a service.
            libc::SIGHUP | libc::SIGQUIT if self.service && !self.terminal => Delivery::Process,
            _ => Delivery::usual(signal, self.terminal),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_follow_what_sends_the_signal() {
        let reader = |terminal, service| FaultReader { terminal, service };
        let to = |signal, terminal| reader(terminal, false).delivery(signal, None);
        assert_eq!(to(libc::SIGINT, false), Delivery::Group);
        assert_eq!(to(libc::SIGINT, true), Delivery::Terminal);
        assert_eq!(to(libc::SIGTERM, true), Delivery::Process);
        assert_eq!(to(libc::SIGHUP, false), Delivery::Group);
        let of_service = |signal, terminal| reader(terminal, true).delivery(signal, None);
        assert_eq!(of_service(libc::SIGHUP, false), Delivery::Process);
        assert_eq!(of_service(libc::SIGHUP, true), Delivery::Group);
        assert_eq!(of_service(libc::SIGINT, false), Delivery::Group);
    }
}
