//! Files that a process has mapped so that it can write to them without a call.

use super::Call;
use crate::sys::ids::Tid;
use crate::sys::proc;

/// A file that lies in a process's memory, shared and writable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SharedMapping {
    from: u64,
    to: u64,
    /// Absolute.
    pub(crate) path: String,
}

/// All of a process's.
pub(crate) fn shared_and_writable(tid: Tid) -> Vec<SharedMapping> {
    let maps = proc::maps(tid).unwrap_or_default();
    maps.lines().filter_map(shared_mapping).collect()
}

/// The file that is mapped where an argument of a call points; the argument after it is the length.
pub(super) fn written_at(call: &Call, position: usize) -> Option<String> {
    let from = call.args[position];
    let to = from.saturating_add(call.args[position + 1]);
    shared_and_writable(call.tid)
        .into_iter()
        .find(|mapping| mapping.from < to && from < mapping.to)
        .map(|mapping| mapping.path)
}

/// The file that a call of `mmap` makes memory; `None` for memory without a file.
pub(crate) fn mapped_file(call: &Call) -> Option<String> {
    const DESCRIPTOR_AT: usize = 4;
    let path = proc::descriptor(call.tid, i64::from(call.args[DESCRIPTOR_AT] as i32))?;
    file(&path).map(str::to_owned)
}

/// A path of a file; what has no place in a file system is memory: its name begins with one of these, or has no slash.
fn file(path: &str) -> Option<&str> {
    const MEMORY: [&str; 5] = ["/dev/", "/memfd:", "/SYSV", "/proc/", "/sys/"];
    let is_memory = MEMORY.iter().any(|start| path.starts_with(start));
    let path = path.strip_suffix(" (deleted)").unwrap_or(path);
    (path.starts_with('/') && !is_memory).then_some(path)
}

/// Of a line such as `7f00-7f10 rw-s 00000000 08:01 42   /tree/data.db`.
fn shared_mapping(line: &str) -> Option<SharedMapping> {
    let mut words = line.splitn(6, ' ');
    let (from, to) = words.next()?.split_once('-')?;
    let rights = words.next()?.as_bytes();
    let path = file(words.nth(3)?.trim_start())?;
    let is_written = rights.get(1) == Some(&b'w') && rights.get(3) == Some(&b's');
    if !is_written {
        return None;
    }
    Some(SharedMapping {
        from: u64::from_str_radix(from, 16).ok()?,
        to: u64::from_str_radix(to, 16).ok()?,
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_can_be_written_count() {
        for (line, path) in [
            (
                "7f00-7f10 rw-s 00000000 08:01 42                         /w/my data.db",
                Some("/w/my data.db"),
            ),
            (
                "7f00-7f10 rw-s 00000000 08:01 42   /w/gone (deleted)",
                Some("/w/gone"),
            ),
            ("7f00-7f10 r--s 00000000 08:01 42   /w/data.db", None),
            ("7f00-7f10 rw-p 00000000 08:01 42   /w/data.db", None),
            (
                "7f00-7f10 rw-s 00000000 00:05 42   /memfd:pool (deleted)",
                None,
            ),
            ("7f00-7f10 rw-s 00000000 00:05 42   /dev/shm/pool", None),
            ("7f00-7f10 rw-p 00000000 00:00 0", None),
            ("7f00-7f10 rw-p 00000000 00:00 0    [heap]", None),
        ] {
            let found = shared_mapping(line).map(|mapping| mapping.path);
            assert_eq!(found.as_deref(), path, "{line}");
        }
    }
}
