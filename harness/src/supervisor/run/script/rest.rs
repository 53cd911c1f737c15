//! Whether everybody is at rest: no thread of the service runs, and no client can do anything.

use crate::sys::ids::Tid;
use crate::sys::proc;
use std::collections::BTreeMap;

/// Two looks this far apart, with nothing in between, are rest.
const APART_NS: u64 = 200_000;
/// Who does not come to rest in this time never does: it computes, or it polls. What it waits for a processor does not
/// count: on a busy machine everybody would be such a one.
const LIMIT_NS: u64 = 250_000_000;

/// Looks for rest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rest {
    begun_ns: u64,
    /// Everybody has been at rest since then.
    since_ns: Option<u64>,
    /// How long it has to last.
    for_ns: u64,
    last_look_ns: Option<u64>,
    next_look_ns: u64,
    /// How long each thread that was seen to run had waited for a processor by then.
    delays_ns: BTreeMap<Tid, u64>,
    /// How long somebody has waited for a processor since it began.
    starved_ns: u64,
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
            last_look_ns: None,
            next_look_ns: now_ns,
            delays_ns: BTreeMap::new(),
            starved_ns: 0,
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
        let limit_ns = LIMIT_NS.max(3 * self.for_ns) + self.starved_ns;
        if now_ns >= self.begun_ns + limit_ns {
            return true;
        }
        if now_ns < self.next_look_ns {
            return false;
        }
        let step = APART_NS.min(self.for_ns);
        self.next_look_ns = now_ns + step;
        let running: Vec<Tid> = threads.filter(|tid| proc::runs(*tid)).collect();
        self.note_delays(now_ns, &running, proc::run_delay_ns);
        if !clients_wait || !running.is_empty() {
            self.since_ns = None;
            return false;
        }
        let since_ns = *self.since_ns.get_or_insert(now_ns);
        now_ns >= since_ns + self.for_ns
    }

    /// Counts what threads have waited for a processor since the last look.
    fn note_delays(&mut self, now_ns: u64, running: &[Tid], delay_ns: impl Fn(Tid) -> Option<u64>) {
        let passed_ns = self.last_look_ns.map_or(0, |last| now_ns - last);
        self.last_look_ns = Some(now_ns);
        let mut longest_ns = 0;
        for tid in running {
            let Some(delay_ns) = delay_ns(*tid) else {
                continue;
            };
            let before_ns = self.delays_ns.insert(*tid, delay_ns).unwrap_or(0);
            longest_ns = longest_ns.max(delay_ns.saturating_sub(before_ns));
        }
        // A thread that is new here may have waited before.
        self.starved_ns += longest_ns.min(passed_ns);
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

    #[test]
    fn time_without_a_processor_does_not_count() {
        let tid = Tid::new(1);
        let mut rest = Rest::new(0);
        rest.note_delays(0, &[tid], |_| Some(7 * LIMIT_NS));
        assert_eq!(rest.starved_ns, 0, "that was before");
        rest.note_delays(LIMIT_NS, &[tid], |_| Some(8 * LIMIT_NS));
        assert_eq!(rest.starved_ns, LIMIT_NS);
        let nobody = || std::iter::empty::<Tid>();
        assert!(!rest.look(LIMIT_NS, false, nobody()));
        assert!(rest.look(2 * LIMIT_NS, false, nobody()));
    }
}
