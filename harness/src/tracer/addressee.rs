//! Who is who among the processes and threads of a run.

use super::tracer::Tracer;
use crate::sys::proc;

impl Tracer {
    /// The process that a thread belongs to.
    pub(crate) fn process_of(&self, tid: i32) -> i32 {
        self.family
            .threads
            .get(&tid)
            .map_or(tid, |thread| thread.pid)
    }

    /// The descendant that was born last of those that live.
    pub(crate) fn youngest(&self) -> Option<i32> {
        self.family.youngest()
    }

    /// A thread of a process, by its place (`main`, `t1`) or the name that it gave itself.
    pub(crate) fn thread_named(&self, pid: i32, name: &str) -> Option<i32> {
        let place = if name == "main" { "" } else { name };
        let mut own = self
            .family
            .threads
            .iter()
            .filter(|(_, thread)| thread.pid == pid);
        let by_place = own.clone().find(|(_, thread)| thread.name == place);
        by_place
            .or_else(|| own.find(|(tid, _)| proc::thread_name(**tid).as_deref() == Some(name)))
            .map(|(tid, _)| *tid)
    }

    /// All threads of all processes.
    pub(crate) fn thread_ids(&self) -> Vec<i32> {
        self.family.threads.keys().copied().collect()
    }
}
