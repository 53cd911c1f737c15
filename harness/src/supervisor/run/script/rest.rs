//! Whether everybody is at rest: no thread of the service runs, and no client can do anything.

use crate::sys::ids::Tid;
use crate::sys::proc;

/// Two looks this far apart, with nothing in between, are rest.
const APART_NS: u64 = 200_000;
/// Who does not come to rest in this time never does: it computes, or it polls.
const LIMIT_NS: u64 = 250_000_000;

/// Looks for rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    begun_ns: u64,
    /// Everybody has been at rest since then.
    since_ns: Option<u64>,
    /// How long it has to last.
    for_ns: u64,
    next_look_ns: u64,
}

impl Rest {
    pub(crate) fn new(now_ns: u64) -> Rest {
        Rest::lasting(now_ns, APART_NS)
    }

    /// Rest that has to last so long.
    pub(crate) fn lasting(now_ns: u64, for_ns: u64) -> Rest {
        Rest {
            begun_ns: now_ns,
            since_ns: None,
            for_ns,
            next_look_ns: now_ns,
        }
    }

    /// Something happened.
    pub(crate) fn disturb(&mut self) {
        self.since_ns = None;
    }

    /// When to look again.
    pub(crate) fn next_look_ns(&self) -> u64 {
        self.next_look_ns
    }

    /// Whether they have come to rest, or never will. `clients_wait` says that no client can do anything.
    pub(crate) fn look(
        &mut self,
        now_ns: u64,
        clients_wait: bool,
        threads: impl Iterator<Item = Tid>,
    ) -> bool {
        if now_ns >= self.begun_ns + LIMIT_NS.max(3 * self.for_ns) {
            return true;
        }
        if now_ns < self.next_look_ns {
            return false;
        }
        let step = APART_NS.min(self.for_ns);
        self.next_look_ns = now_ns + step;
        if !clients_wait || threads.into_iter().any(proc::runs) {
            self.since_ns = None;
            return false;
        }
        let since_ns = *self.since_ns.get_or_insert(now_ns);
        now_ns >= since_ns + self.for_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rest_takes_two_looks_with_nothing_between_them() {
        let nobody = || std::iter::empty::<Tid>();
        let mut rest = Rest::new(0);
        assert!(!rest.look(0, true, nobody()));
        assert!(rest.look(APART_NS, true, nobody()));
        let mut rest = Rest::new(0);
        assert!(!rest.look(0, true, nobody()));
        rest.disturb();
        assert!(!rest.look(APART_NS, true, nobody()));
        assert!(rest.look(2 * APART_NS, true, nobody()));
        let mut rest = Rest::new(0);
        assert!(!rest.look(APART_NS, false, nobody()));
        assert!(
            rest.look(LIMIT_NS, false, nobody()),
            "nobody waits for ever"
        );
    }
}
