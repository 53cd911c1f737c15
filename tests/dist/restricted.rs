//! Machines that have little, and machines that allow little.

use crate::{clean, has, helper, open_directory, said, unpack};
use std::fs;

/// A root directory with busybox and sigproof in it, and nothing else: no C library, no `/etc`.
#[test]
fn it_runs_where_there_is_nothing_but_busybox() {
    let root = open_directory();
    unpack(root.path());
    for directory in ["proc", "dev", "tmp", "old", "work"] {
        fs::create_dir_all(root.path().join(directory)).expect("a directory");
    }
    let busybox = root.path().join("bin/busybox");
    fs::copy("/bin/busybox", &busybox).expect("busybox");
    for name in ["sh", "sed", "cat", "echo", "sleep", "true", "umount"] {
        std::os::unix::fs::symlink("busybox", root.path().join("bin").join(name)).expect("a link");
    }
    fs::write(root.path().join("work/names"), "one\ntwo\n").expect("a file");
    // A mount point of its own, so that it can become the root; then the old root goes.
    let enter = r#"set -e
        mount --bind "$1" "$1"
        mount --rbind /dev "$1/dev"
        mount -t proc proc "$1/proc"
        cd "$1"
        pivot_root . old
        exec /bin/sh -c "$2""#;
    let inside = |script: &str| {
        let script = format!("umount -l /old; cd /work; export PATH=/bin; {script}");
        let mut unshare = clean("unshare", root.path());
        unshare
            .args(["--user", "--map-root-user", "--mount", "--pid", "--fork"])
            .args(["sh", "-c", enter, "sh"])
            .arg(root.path())
            .arg(script);
        said(&mut unshare)
    };
    let (code, text) = inside("echo /*; sigproof doctor");
    assert_eq!(code, Some(0), "{text}");
    has(
        &text,
        &["/bin /dev /old /proc /share /tmp /work", "✓ ptrace"],
    );
    let (code, text) = inside("sigproof sweep --in names -- sed -i s/one/1/ names");
    assert_eq!(code, Some(1), "{text}");
    has(&text, &["leftovers"]);
    let (code, text) = inside("sigproof sweep --in names -- cat names");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = inside("umount -l /proc; sigproof sweep --in names -- cat names");
    assert_eq!(code, Some(3), "{text}");
    has(&text, &["there is no /proc here", "mount -t proc"]);
}

/// What every verb that runs something says, in words that name the way out.
fn refuses(wrapper: &[&str], words: &[&str]) {
    let home = open_directory();
    unpack(home.path());
    let sigproof = |arguments: &[&str]| {
        let mut command = clean(wrapper[0], home.path());
        command
            .args(&wrapper[1..])
            .arg(home.path().join("bin/sigproof"))
            .args(arguments);
        said(&mut command)
    };
    for arguments in [
        &["sweep", "--empty", "--", "true"][..],
        &["run", "--empty", "--", "true"],
        &["doctor"],
    ] {
        let (code, text) = sigproof(arguments);
        assert_eq!(code, Some(3), "{arguments:?}: {text}");
        has(&text, words);
    }
}

#[test]
fn without_ptrace_it_says_so() {
    let filter = helper("no_ptrace.py");
    refuses(
        &["python3", &filter.to_string_lossy()],
        &["ptrace", "Operation not permitted", "--cap-add"],
    );
}

/// Two tracers cannot share a process: below strace or a debugger nothing can be injected.
#[test]
fn a_traced_process_is_told_from_a_machine_without_ptrace() {
    refuses(
        &["strace", "--follow-forks", "--output=/dev/null"],
        &["ptrace", "this process is itself traced", "strace"],
    );
}
