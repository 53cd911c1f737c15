//! Reading `/proc`.

use super::ids::{Pid, Tid};
use crate::facts::{DescriptorKind, Signal};
use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;

/// The fields of `/proc/PID/stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) pid: Pid,
    pub(crate) state: char,
    pub(crate) parent: Pid,
    /// Its process group, by the leader.
    pub(crate) group: Pid,
    pub(crate) session: i32,
    /// Processor time in user mode and in the kernel, milliseconds.
    pub(crate) cpu_ms: u64,
}

/// A file of `/proc`, which has no size to go by: most fit into one read.
fn small(path: &str) -> std::io::Result<String> {
    const BYTES_MAX: u64 = 1 << 20;
    let mut text = String::with_capacity(4096);
    fs::File::open(path)?
        .take(BYTES_MAX)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// One process, if it is there.
pub(crate) fn stat(pid: Pid) -> Option<Stat> {
    let text = small(&format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may itself contain any of them.
    let after = text.get(text.rfind(')')? + 2..)?;
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<i64>().ok();
    Some(Stat {
        pid,
        state: fields.first()?.chars().next()?,
        parent: Pid::new(number(1)? as i32),
        group: Pid::new(number(2)? as i32),
        session: number(3)? as i32,
        // The kernel counts in ticks, and ticks are hundredths of a second for user space.
        cpu_ms: (number(11)? + number(12)?) as u64 * 10,
    })
}

/// Whether a thread runs, or waits for a processor.
pub(crate) fn runs(tid: Tid) -> bool {
    stat(tid.as_main_of()).is_some_and(|stat| stat.state == 'R')
}

/// How long a thread has been ready to run without a processor, in nanoseconds; `None` where the kernel does not count
/// that, or the thread is gone.
pub(crate) fn run_delay_ns(tid: Tid) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{tid}/schedstat")).ok()?;
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Whether a process has one of these open, as `/proc` writes it (`socket:[123]`).
pub(crate) fn has_open(pid: Pid, names: &[String]) -> bool {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let what = fs::read_link(entry.path()).unwrap_or_default();
        names.iter().any(|name| what.as_os_str() == name.as_str())
    })
}

/// All living descendants of this process, zombies left out, parents first.
pub(crate) fn descendants() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut all: Vec<Stat> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|number| stat(Pid::new(number)))
        .collect();
    all.sort_by_key(|stat| stat.pid);
    let mut family = vec![Pid::current()];
    let mut found = Vec::new();
    // Each round adds one generation at least, so it ends.
    loop {
        let (new, rest): (Vec<Stat>, Vec<Stat>) = all
            .into_iter()
            .partition(|stat| family.contains(&stat.parent));
        all = rest;
        if new.is_empty() {
            break;
        }
        family.extend(new.iter().map(|stat| stat.pid));
        found.extend(new);
    }
    found.retain(|stat| !matches!(stat.state, 'Z' | 'X'));
    found
}

/// A process's command line, words joined by spaces; its name in brackets when it has none.
pub(crate) fn command(pid: Pid) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<String> = words
        .split(|b| *b == 0)
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    if words.is_empty() {
        let name = small(&format!("/proc/{pid}/comm")).unwrap_or_default();
        return format!("[{}]", name.trim_end());
    }
    words.join(" ")
}

/// The file that a process executes, to be opened.
pub(crate) fn executable(pid: Pid) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/exe"))
}

/// The base name of the program that a process executes.
pub(crate) fn program_name(pid: Pid) -> String {
    fs::read_link(format!("/proc/{pid}/exe"))
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "?".to_owned())
}

/// Whether address-space randomisation is off for a process; true when that is not known.
pub(crate) fn has_fixed_addresses(pid: Pid) -> bool {
    let text = small(&format!("/proc/{pid}/personality")).unwrap_or_default();
    let flags = u32::from_str_radix(text.trim(), 16);
    flags.map_or(true, |flags| {
        flags & libc::ADDR_NO_RANDOMIZE.cast_unsigned() != 0
    })
}

/// The program of a process, when it is set-uid or set-gid and the kernel did not give it the rights of its owner.
pub(crate) fn without_its_rights(pid: Pid) -> Option<String> {
    let program = fs::metadata(format!("/proc/{pid}/exe")).ok()?;
    if program.mode() & (libc::S_ISUID | libc::S_ISGID) == 0 {
        return None;
    }
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    // Real, effective, saved, and for files.
    let effective = |key: &str| -> Option<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_ascii_whitespace().nth(1)?.parse().ok()
    };
    // Without the right to execute for the group, set-gid means something else.
    let set_gid = libc::S_ISGID | libc::S_IXGRP;
    let lost = program.mode() & libc::S_ISUID != 0 && effective("Uid:")? != program.uid()
        || program.mode() & set_gid == set_gid && effective("Gid:")? != program.gid();
    lost.then(|| program_name(pid))
}

/// Who traces this process: its command line.
pub(crate) fn own_tracer() -> Option<(Pid, String)> {
    let status = small("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("TracerPid:"))?;
    let pid = line.trim().parse().ok().filter(|pid| *pid != 0)?;
    let pid = Pid::new(pid);
    Some((pid, command(pid)))
}

/// Whether `/proc` is there at all.
pub(crate) fn is_mounted() -> bool {
    fs::symlink_metadata("/proc/self").is_ok()
}

/// The name that a thread gave itself, or that of its program.
pub(crate) fn thread_name(tid: Tid) -> Option<String> {
    let name = small(&format!("/proc/{tid}/comm")).ok()?;
    Some(name.trim_end_matches('\n').to_owned())
}

/// What a process has mapped where, as the kernel writes it.
pub(crate) fn maps(tid: Tid) -> Option<String> {
    let text = fs::read(format!("/proc/{tid}/maps")).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// True when `tid` is a thread of the process `pid`.
pub(crate) fn is_thread_of(pid: Pid, tid: Tid) -> bool {
    fs::metadata(format!("/proc/{pid}/task/{tid}")).is_ok()
}

/// The signal sets of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SignalSets {
    /// Pending for the process or its main thread.
    pub(crate) pending: u64,
    /// Blocked by the thread that was asked about.
    pub(crate) blocked: u64,
    pub(crate) ignored: u64,
    pub(crate) caught: u64,
}

impl SignalSets {
    /// Returns whether a signal is in one of these sets.
    pub(crate) fn has(set: u64, signal: Signal) -> bool {
        let bit = 1u64.checked_shl(signal.number().cast_unsigned().wrapping_sub(1));
        bit.is_some_and(|bit| set & bit != 0)
    }
}

/// Which signals a process has pending, ignores and handles.
pub(crate) fn signal_sets(pid: Pid) -> Option<SignalSets> {
    let text = small(&format!("/proc/{pid}/status")).ok()?;
    let mut sets = SignalSets::default();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(":\t") else {
            continue;
        };
        let bits = || u64::from_str_radix(value.trim(), 16).unwrap_or(0);
        match key {
            "SigPnd" | "ShdPnd" => sets.pending |= bits(),
            "SigBlk" => sets.blocked = bits(),
            "SigIgn" => sets.ignored = bits(),
            "SigCgt" => sets.caught = bits(),
            _ => {}
        }
    }
    Some(sets)
}

/// What a descriptor of a process is open on: a path, or `pipe:[…]`, `socket:[…]`, ….
pub(crate) fn descriptor(tid: Tid, number: i64) -> Option<String> {
    let link = fs::read_link(format!("/proc/{tid}/fd/{number}")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

/// What kind of thing a descriptor of a process is open on.
pub(crate) fn descriptor_kind(tid: Tid, number: i64) -> DescriptorKind {
    let Some(what) = descriptor(tid, number) else {
        return DescriptorKind::None;
    };
    let start = |starts: &[&str]| starts.iter().any(|start| what.starts_with(start));
    if start(&["/memfd:"]) {
        return DescriptorKind::Memory;
    }
    if start(&["/dev/pts/", "/dev/ptmx", "/dev/tty", "/dev/console"]) {
        return DescriptorKind::Terminal;
    }
    if start(&["/proc/", "/sys/"]) {
        return DescriptorKind::Device;
    }
    if !start(&["/"]) {
        return match what.split(':').next() {
            Some("pipe") => DescriptorKind::Pipe,
            Some("socket") => DescriptorKind::Socket,
            _ => DescriptorKind::Event,
        };
    }
    // The link leads to the very file, also to one that has no name any more.
    match fs::metadata(format!("/proc/{tid}/fd/{number}")).map(|found| found.file_type()) {
        Ok(kind) if kind.is_fifo() => DescriptorKind::Pipe,
        Ok(kind) if kind.is_char_device() => DescriptorKind::Device,
        _ => DescriptorKind::File,
    }
}

/// The working directory of a process.
pub(crate) fn directory(tid: Tid) -> Option<String> {
    let link = fs::read_link(format!("/proc/{tid}/cwd")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

/// The system call that a process waits in, if the kernel shows it.
pub(crate) fn waiting_in(pid: Pid) -> Option<String> {
    waits(pid.main_thread()).map(|(name, _)| name.to_owned())
}

/// The same for a thread, with the call's first argument.
pub(crate) fn waits(tid: Tid) -> Option<(&'static str, i64)> {
    let text = small(&format!("/proc/{tid}/syscall")).ok()?;
    let mut words = text.split_ascii_whitespace();
    let number: usize = words.next()?.parse().ok()?;
    let first = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
    Some((syscalls::Sysno::new(number)?.name(), first as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_read() {
        let me = Pid::current();
        let stat = stat(me).expect("own stat");
        assert_eq!(stat.pid, me);
        assert!(matches!(stat.state, 'R' | 'S'));
        assert!(is_thread_of(me, me.main_thread()));
        assert!(!is_thread_of(me, Tid::new(1)));
        assert!(!command(me).is_empty());
        assert!(signal_sets(me).is_some());
    }

    #[test]
    fn what_a_descriptor_is_open_on_is_told_apart() {
        use std::os::fd::AsRawFd;
        let kind = |open: &dyn AsRawFd| {
            descriptor_kind(Pid::current().main_thread(), i64::from(open.as_raw_fd()))
        };
        let directory = tempfile::tempdir().expect("a directory");
        let file = fs::File::create(directory.path().join("pipe")).expect("a file");
        assert_eq!(kind(&file), DescriptorKind::File, "whatever its name");
        let fifo = directory.path().join("out.txt");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
        let both = fs::File::options().read(true).write(true).open(&fifo);
        assert_eq!(kind(&both.expect("its ends")), DescriptorKind::Pipe);
        let (pipe, _) = nix::unistd::pipe().expect("a pipe");
        assert_eq!(kind(&pipe), DescriptorKind::Pipe);
        let null = fs::File::open("/dev/null").expect("a device");
        assert_eq!(kind(&null), DescriptorKind::Device);
        let socket = std::os::unix::net::UnixDatagram::unbound().expect("a socket");
        assert_eq!(kind(&socket), DescriptorKind::Socket);
        let event = nix::sys::eventfd::EventFd::new().expect("an eventfd");
        assert_eq!(
            kind(&std::os::fd::AsFd::as_fd(&event)),
            DescriptorKind::Event
        );
    }
}
