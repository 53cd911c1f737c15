//! The clock of the pure machine: a number of milliseconds, given by the
//! caller.

use std::time::Duration;

/// A point on the caller's monotonic clock, in milliseconds, modulo 2^32.
///
/// Only differences matter; they are right up to 49 days. Windows and grace
/// periods are bounded by [`Millis::MAX_SPAN`] for that reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Millis(u32);

impl Millis {
    /// The longest window or grace period: 24 days (2^31 ms).
    pub const MAX_SPAN: Duration = Duration::from_millis(1 << 31);

    /// The time `millis` after the start of the clock.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Millis {
        // The cut to 32 bits is the definition of the type.
        Millis((millis & 0xffff_ffff) as u32)
    }

    /// Milliseconds since `earlier`. A time before `earlier`, by up to a minute,
    /// counts as 0: two threads may read the clock in one order and arrive in
    /// the other.
    #[must_use]
    pub const fn millis_since(self, earlier: Millis) -> u32 {
        let delta = self.0.wrapping_sub(earlier.0);
        if delta > u32::MAX - Self::DISORDER_MS {
            0
        } else {
            delta
        }
    }

    /// How far two readings of the clock may be out of order.
    const DISORDER_MS: u32 = 60_000;

    /// This time moved on by `millis`.
    #[must_use]
    pub const fn plus_millis(self, millis: u32) -> Millis {
        Millis(self.0.wrapping_add(millis))
    }

    pub(crate) const fn to_bits(self) -> u32 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u32) -> Millis {
        Millis(bits)
    }
}

/// `span` in whole milliseconds, rounded up, limited to [`Millis::MAX_SPAN`].
pub(crate) fn span_millis(span: Duration) -> u32 {
    let whole = span.as_millis();
    let up = u128::from(!span.subsec_nanos().is_multiple_of(1_000_000));
    u32::try_from(whole + up).map_or((1 << 31) - 1, |millis| millis.min((1 << 31) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_survive_the_wrap_and_never_go_negative() {
        let before = Millis::from_millis(u64::from(u32::MAX) - 5);
        let after = before.plus_millis(20);
        assert_eq!(after.millis_since(before), 20);
        assert_eq!(before.millis_since(after), 0);
    }

    /// A window that was over long ago does not begin again.
    #[test]
    fn a_month_is_not_a_negative_difference() {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        for days in [24, 25, 30, 49] {
            let later = Millis::from_millis(days * DAY);
            let passed = u64::from(later.millis_since(Millis::from_millis(0)));
            assert_eq!(passed, days * DAY, "{days} days");
        }
    }

    #[test]
    fn a_minute_of_disorder_and_no_more_counts_as_nothing() {
        let start = Millis::from_millis(0);
        assert_eq!(start.millis_since(Millis::from_millis(60_000)), 0);
        let longer = start.millis_since(Millis::from_millis(60_001));
        assert_eq!(longer, u32::MAX - 60_000);
    }

    #[test]
    fn spans_round_up_and_saturate() {
        assert_eq!(Millis::MAX_SPAN.as_millis(), 2_147_483_648);
        let more = Millis::MAX_SPAN + Duration::from_millis(5);
        assert_eq!(span_millis(more), (1 << 31) - 1);
        assert_eq!(span_millis(Duration::from_micros(1)), 1);
        assert_eq!(span_millis(Duration::from_millis(20)), 20);
        assert_eq!(span_millis(Duration::ZERO), 0);
        assert_eq!(span_millis(Duration::MAX), (1 << 31) - 1);
    }
}
