//! The processes and threads of a target, and their names.
//!
//! A process is named by the order of its birth, not by its number: `bash` is
//! the target, `bash/2:sort` the second process that it created, now executing
//! `sort`. A thread is named by the order of its creation: `t1`, `t1.2`.

use crate::sys::proc;
use std::collections::HashMap;

/// A traced thread.
#[derive(Debug, Default)]
pub(crate) struct Thread {
    /// The process that it belongs to.
    pub(crate) pid: i32,
    /// Its name below the main thread's, which is empty.
    pub(crate) name: String,
    threads_created: u32,
    /// It was put back in front of this call, which it makes again: the same pass.
    pub(crate) rewound: Option<(u32, u64)>,
    /// A call that it makes again.
    pub(crate) again: Option<crate::tracer::restarted_syscall::RestartedSyscall>,
    /// The call that it is in and whose return is to be seen.
    pub(crate) inside: Option<crate::tracer::thread::pending_syscall::PendingSyscall>,
    /// It is about to enter the handler of this signal; the call that it was in.
    pub(crate) entering: Option<(i32, String)>,
    /// It goes instruction by instruction.
    pub(crate) steps: Option<crate::tracer::thread::single_step::SingleStep>,
    pub(crate) spin: crate::tracer::thread::livelock::Livelock,
    /// The handlers that it is in, the innermost last.
    pub(crate) windows: Vec<crate::tracer::thread::handler_frame::HandlerFrame>,
}

/// A traced process.
#[derive(Debug, Default)]
pub(crate) struct Process {
    /// Its place among the births, without the program: empty for the target itself.
    place: String,
    /// The programs from the target down to its parent, each with `>` behind it, as they were when it was born.
    ancestors: String,
    program: String,
    children: u32,
    threads: usize,
    /// Its place among all births.
    born: u32,
    /// Its addresses differ from run to run, whatever was asked: executing a set-uid program has that effect.
    random: bool,
}

impl Process {
    /// Its name, such as `bash/2:sort`.
    pub(crate) fn name(&self) -> String {
        if self.place.is_empty() {
            self.program.clone()
        } else {
            format!("{}:{}", self.place, self.program)
        }
    }

    /// The programs from the target down to it, such as `make>gcc>as`. A program below itself is told from one below
    /// that, and no further: subshells of subshells are alike.
    pub(crate) fn role(&self) -> String {
        let twice = format!("{0}>{0}>", self.program);
        if self.ancestors == twice || self.ancestors.ends_with(&format!(">{twice}")) {
            return self.ancestors.trim_end_matches('>').to_owned();
        }
        format!("{}{}", self.ancestors, self.program)
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct ProcessTree {
    pub(crate) threads: HashMap<i32, Thread>,
    pub(crate) processes: HashMap<i32, Process>,
    births: u32,
}

impl ProcessTree {
    /// The target itself, before it executes its program.
    pub(crate) fn found(&mut self, pid: i32) {
        self.processes.insert(
            pid,
            Process {
                threads: 1,
                ..Process::default()
            },
        );
        self.threads.insert(
            pid,
            Thread {
                pid,
                ..Thread::default()
            },
        );
    }

    /// `creator` made `new`. Answers the parent's process when that is a process
    /// of its own, `None` for a thread.
    pub(crate) fn born(&mut self, creator: i32, new: i32, may_be_thread: bool) -> Option<i32> {
        let parent = self
            .threads
            .get(&creator)
            .map_or(creator, |thread| thread.pid);
        if may_be_thread && proc::is_thread_of(parent, new) {
            let name = self.threads.get_mut(&creator).map(|creator| {
                creator.threads_created += 1;
                let ordinal = creator.threads_created;
                if creator.name.is_empty() {
                    format!("t{ordinal}")
                } else {
                    format!("{}.{ordinal}", creator.name)
                }
            });
            self.processes.entry(parent).or_default().threads += 1;
            self.insert(new, parent, name.unwrap_or_default());
            return None;
        }
        self.births += 1;
        let born = self.births;
        let process = self.processes.entry(parent).or_default();
        process.children += 1;
        let child = Process {
            place: format!("{}/{}", process.name(), process.children),
            ancestors: format!("{}>", process.role()),
            program: process.program.clone(),
            children: 0,
            threads: 1,
            born,
            random: process.random,
        };
        self.processes.insert(new, child);
        self.insert(new, new, String::new());
        Some(parent)
    }

    /// The roles of all living processes but this one, sorted, each once.
    pub(crate) fn roles_beside(&self, pid: i32) -> String {
        let others = self.processes.iter().filter(|(other, _)| **other != pid);
        let roles: std::collections::BTreeSet<String> =
            others.map(|(_, process)| process.role()).collect();
        roles.into_iter().collect::<Vec<_>>().join(",")
    }

    /// The process that was born last of those that live, the target itself left out.
    pub(crate) fn youngest(&self) -> Option<i32> {
        let living = self
            .processes
            .iter()
            .filter(|(_, process)| process.born > 0);
        living
            .max_by_key(|(_, process)| process.born)
            .map(|(pid, _)| *pid)
    }

    fn insert(&mut self, tid: i32, pid: i32, name: String) {
        self.threads.insert(
            tid,
            Thread {
                pid,
                name,
                ..Thread::default()
            },
        );
    }

    /// A thread of process `pid`, formerly `former`, executed a program: the
    /// other threads are gone and it has the main thread's number now.
    pub(crate) fn executed(&mut self, pid: i32, former: i32) {
        let mut survivor = self.threads.remove(&former).unwrap_or_default();
        self.threads.retain(|_, thread| thread.pid != pid);
        survivor.pid = pid;
        survivor.name.clear();
        survivor.threads_created = 0;
        self.threads.insert(pid, survivor);
        let process = self.processes.entry(pid).or_default();
        process.threads = 1;
        process.program = proc::program_name(pid);
        process.random = !proc::has_fixed_addresses(pid);
    }

    /// Whether the addresses of a process tell nothing apart.
    pub(crate) fn is_random(&self, pid: i32) -> bool {
        self.processes
            .get(&pid)
            .is_some_and(|process| process.random)
    }

    /// A thread ended. Answers true when it was the process's main thread, whose
    /// end is the end of the process.
    pub(crate) fn ended(&mut self, tid: i32) -> bool {
        let Some(thread) = self.threads.remove(&tid) else {
            return true;
        };
        if let Some(process) = self.processes.get_mut(&thread.pid) {
            process.threads = process.threads.saturating_sub(1);
        }
        if thread.pid == tid {
            self.processes.remove(&tid);
        }
        thread.pid == tid
    }
}
