//! The processes and threads of a target, and their names.
//!
//! A process is named by the order of its birth, not by its number: `bash` is
//! the target, `bash/2:sort` the second process that it created, now executing
//! `sort`. A thread is named by the order of its creation: `t1`, `t1.2`.

use super::thread::activity::Activity;
use super::thread::handler_frame::HandlerStack;
use super::thread::livelock::Livelock;
use super::thread::passes::Passes;
use crate::symbols;
use crate::sys::arch::LastCall;
use crate::sys::ids::{Pid, Tid};
use crate::sys::proc;
use crate::sys::ptrace::Resume;
use std::collections::{BTreeSet, HashMap};

/// A traced thread.
#[derive(Debug)]
pub(crate) struct Thread {
    /// The process that it belongs to.
    pub(crate) pid: Pid,
    /// Its name below the main thread's, which is empty.
    pub(crate) name: String,
    threads_created: u32,
    pub(crate) passes: Passes,
    pub(crate) activity: Activity,
    /// The traced handlers that it is in.
    pub(crate) handlers: HandlerStack,
    pub(crate) livelock: Livelock,
    /// The last call for which it has stopped.
    pub(crate) last_call: Option<LastCall>,
}

impl Thread {
    fn new(pid: Pid, name: String) -> Thread {
        Thread {
            pid,
            name,
            threads_created: 0,
            passes: Passes::default(),
            activity: Activity::default(),
            handlers: HandlerStack::default(),
            livelock: Livelock::default(),
            last_call: None,
        }
    }

    /// Returns how it goes on.
    pub(crate) fn resume(&self) -> Resume {
        self.activity
            .resume(!self.handlers.is_empty() || self.livelock.needs_calls())
    }
}

/// A traced process.
#[derive(Debug, Default)]
pub(crate) struct Process {
    /// The numbers of its birth and of its ancestors', without the program: empty for the target itself.
    path: String,
    /// The programs from the target down to its parent, each with `>` behind it, as they were when it was born.
    ancestors: String,
    program: String,
    children: u32,
    threads: usize,
    /// How many processes were created before it.
    born: u32,
    /// Its addresses differ from run to run, whatever was asked: executing a set-uid program has that effect.
    random: bool,
    /// Its runtime has the only handlers: that of Go or of Node.js.
    has_handlers_of_a_runtime: bool,
}

impl Process {
    /// Its name, such as `bash/2:sort`.
    pub(crate) fn name(&self) -> String {
        if self.path.is_empty() {
            self.program.clone()
        } else {
            format!("{}:{}", self.path, self.program)
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

/// The processes and threads that live.
#[derive(Debug, Default)]
pub(crate) struct ProcessTree {
    threads: HashMap<Tid, Thread>,
    processes: HashMap<Pid, Process>,
    births: u32,
}

impl ProcessTree {
    /// The tree that begins with the target, before it executes its program.
    pub(crate) fn new(root: Pid) -> ProcessTree {
        let process = Process {
            threads: 1,
            ..Process::default()
        };
        ProcessTree {
            threads: HashMap::from([(root.main_thread(), Thread::new(root, String::new()))]),
            processes: HashMap::from([(root, process)]),
            births: 0,
        }
    }

    /// Whether this process belongs to the target.
    pub(crate) fn knows(&self, pid: Pid) -> bool {
        self.processes.contains_key(&pid)
    }

    pub(crate) fn thread(&self, tid: Tid) -> Option<&Thread> {
        self.threads.get(&tid)
    }

    pub(crate) fn thread_mut(&mut self, tid: Tid) -> Option<&mut Thread> {
        self.threads.get_mut(&tid)
    }

    pub(crate) fn process(&self, pid: Pid) -> Option<&Process> {
        self.processes.get(&pid)
    }

    /// All threads of all processes.
    pub(crate) fn thread_ids(&self) -> impl Iterator<Item = Tid> {
        self.threads.keys().copied()
    }

    /// How many processes there are.
    pub(crate) fn process_count(&self) -> usize {
        self.processes.len()
    }

    /// The process that a thread belongs to.
    pub(crate) fn process_of(&self, tid: Tid) -> Pid {
        self.threads
            .get(&tid)
            .map_or(tid.as_main_of(), |thread| thread.pid)
    }

    /// A thread of a process, by its name here (`main`, `t1`) or the one that it gave itself.
    pub(crate) fn thread_named(&self, pid: Pid, name: &str) -> Option<Tid> {
        let path = if name == "main" { "" } else { name };
        let mut own = self.threads.iter().filter(|(_, thread)| thread.pid == pid);
        let by_path = own.clone().find(|(_, thread)| thread.name == path);
        by_path
            .or_else(|| own.find(|(tid, _)| proc::thread_name(**tid).as_deref() == Some(name)))
            .map(|(tid, _)| *tid)
    }

    /// The process that was born last of those that live, the target itself left out.
    pub(crate) fn youngest(&self) -> Option<Pid> {
        let living = self
            .processes
            .iter()
            .filter(|(_, process)| process.born > 0);
        living
            .max_by_key(|(_, process)| process.born)
            .map(|(pid, _)| *pid)
    }

    /// The process that was born last of those that execute this program.
    pub(crate) fn youngest_of(&self, program: &str) -> Option<Pid> {
        let living = self.processes.iter();
        living
            .filter(|(_, process)| process.program == program)
            .max_by_key(|(_, process)| process.born)
            .map(|(pid, _)| *pid)
    }

    /// Whether a process executes this program.
    pub(crate) fn executes(&self, pid: Pid, program: &str) -> bool {
        let process = self.processes.get(&pid);
        process.is_some_and(|process| process.program == program)
    }

    /// Whether the addresses of a process differ from run to run.
    pub(crate) fn is_random(&self, pid: Pid) -> bool {
        self.processes
            .get(&pid)
            .is_some_and(|process| process.random)
    }

    /// Whether all handlers of a process are those of a runtime: of Go or of Node.js.
    pub(crate) fn has_handlers_of_a_runtime(&self, pid: Pid) -> bool {
        let process = self.processes.get(&pid);
        process.is_some_and(|process| process.has_handlers_of_a_runtime)
    }

    /// `creator` made `new`. Returns the parent when `new` is a process of its
    /// own, `None` when it is a thread.
    pub(crate) fn born(&mut self, creator: Tid, new: Tid, may_be_thread: bool) -> Option<Pid> {
        let parent = self.process_of(creator);
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
            let thread = Thread::new(parent, name.unwrap_or_default());
            self.threads.insert(new, thread);
            return None;
        }
        self.births += 1;
        let born = self.births;
        let process = self.processes.entry(parent).or_default();
        process.children += 1;
        let child = Process {
            path: format!("{}/{}", process.name(), process.children),
            ancestors: format!("{}>", process.role()),
            program: process.program.clone(),
            children: 0,
            threads: 1,
            born,
            random: process.random,
            has_handlers_of_a_runtime: process.has_handlers_of_a_runtime,
        };
        let pid = new.as_main_of();
        self.processes.insert(pid, child);
        self.threads.insert(new, Thread::new(pid, String::new()));
        Some(parent)
    }

    /// The roles of all living processes but this one, sorted, each once.
    pub(crate) fn roles_beside(&self, pid: Pid) -> String {
        let others = self.processes.iter().filter(|(other, _)| **other != pid);
        let roles: BTreeSet<String> = others.map(|(_, process)| process.role()).collect();
        roles.into_iter().collect::<Vec<_>>().join(",")
    }

    /// A thread of process `pid`, formerly `former`, executed a program: the
    /// other threads are gone and it has the main thread's number now.
    pub(crate) fn executed(&mut self, pid: Pid, former: Tid) {
        let survivor = self.threads.remove(&former);
        self.threads.retain(|_, thread| thread.pid != pid);
        let mut survivor = survivor.unwrap_or_else(|| Thread::new(pid, String::new()));
        survivor.pid = pid;
        survivor.name.clear();
        survivor.threads_created = 0;
        self.threads.insert(pid.main_thread(), survivor);
        let process = self.processes.entry(pid).or_default();
        process.threads = 1;
        process.program = proc::program_name(pid);
        process.random = !proc::has_fixed_addresses(pid);
        // Looked at now, and not when a signal is delivered: other threads would go on meanwhile.
        process.has_handlers_of_a_runtime =
            is_node(&process.program) || symbols::is_go(&proc::executable(pid));
    }

    /// A thread ended. Returns the process that ends with it, when it was the main thread.
    pub(crate) fn ended(&mut self, tid: Tid) -> Option<Pid> {
        let Some(thread) = self.threads.remove(&tid) else {
            return Some(tid.as_main_of());
        };
        if let Some(process) = self.processes.get_mut(&thread.pid) {
            process.threads = process.threads.saturating_sub(1);
        }
        let is_main = thread.pid.main_thread() == tid;
        is_main.then(|| {
            self.processes.remove(&thread.pid);
            thread.pid
        })
    }
}

/// Node.js goes by its name: nothing else tells it by a look at the first pages of its file.
fn is_node(program: &str) -> bool {
    matches!(program, "node" | "nodejs")
}
