//! The members of a process group.

use std::fs;

/// Whether the group has a member that is not a zombie. Where the first
/// process does not reap orphans, as in many containers, killed descendants
/// stay zombies for ever. Without `/proc` the answer is yes.
pub(crate) fn has_living(group: i32) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else {
        return true;
    };
    processes
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit())
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .any(|stat| is_living_member(&stat, group))
}

/// Reads `PID (NAME) STATE PARENT GROUP …`; a name may hold anything.
fn is_living_member(stat: &str, group: i32) -> bool {
    let Some((_, rest)) = stat.rsplit_once(") ") else {
        return false;
    };
    let mut fields = rest.split(' ');
    let state = fields.next();
    let its_group = fields.nth(1).and_then(|field| field.parse().ok());
    its_group == Some(group) && !matches!(state, Some("Z" | "X"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zombies_and_strangers_do_not_count() {
        assert!(is_living_member("7 (a) b) S 1 42 42 0", 42));
        assert!(!is_living_member("7 (a) b) Z 1 42 42 0", 42));
        assert!(!is_living_member("7 (a) b) S 42 1 42 0", 42));
        assert!(!is_living_member("", 42));
    }

    #[test]
    fn this_process_lives_in_its_group() {
        // SAFETY: no precondition.
        let group = unsafe { libc::getpgrp() };
        assert!(has_living(group));
    }
}
