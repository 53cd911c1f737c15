//! Namespaces and mounts: a private view of files and processes.
//!
//! All of it belongs to a namespace of the supervisor, so that the kernel takes
//! it down when the supervisor dies, however it dies: no mount, no file on the
//! private file system and no process is left.

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Takes this process (which must have one thread) into mount and process
/// namespaces of its own. Without the privilege for that it first takes a user
/// namespace, in which the user keeps its own number. Returns whether it did.
///
/// The process namespace holds for children forked from now on.
pub(crate) fn enter_namespaces() -> io::Result<bool> {
    let wanted = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
    match unshare(wanted) {
        Ok(()) => return Ok(false),
        Err(nix::errno::Errno::EPERM) => {}
        Err(error) => return Err(error.into()),
    }
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    unshare(wanted | CloneFlags::CLONE_NEWUSER)?;
    // Without this an unprivileged process may not write its group map.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))?;
    Ok(true)
}

/// Dies when the parent does. The parent may have died before this call: the
/// caller checks that it is still `parent`.
pub(crate) fn die_with_parent() -> io::Result<()> {
    Ok(prctl::set_pdeathsig(Signal::SIGKILL)?)
}

/// Adopts orphaned descendants, so that none escapes.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    Ok(prctl::set_child_subreaper(true)?)
}

/// Keeps mounts of this namespace from showing outside, and shows the
/// processes of this process namespace under `/proc`.
pub(crate) fn own_mounts() -> io::Result<()> {
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        None::<&str>,
    )?;
    mount(
        Some("proc"),
        "/proc",
        Some("proc"),
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
        None::<&str>,
    )?;
    Ok(())
}

/// Mounts a file system in memory, of at most this many bytes.
pub(crate) fn memory(at: &Path, limit_bytes: u64) -> io::Result<()> {
    let options = format!("mode=0700,size={limit_bytes}");
    Ok(mount(
        Some("sigproof"),
        at,
        Some("tmpfs"),
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
        Some(options.as_str()),
    )?)
}

/// Shows a directory at a second place, with what is mounted below it: an
/// unprivileged process may not look under those mounts.
pub(crate) fn bind(from: &Path, at: &Path) -> io::Result<()> {
    Ok(mount(
        Some(from),
        at,
        None::<&str>,
        MsFlags::MS_BIND | MsFlags::MS_REC,
        None::<&str>,
    )?)
}

/// Whether two paths are the same directory now.
pub(crate) fn same_directory(one: &Path, two: &Path) -> bool {
    match (nix::sys::stat::stat(one), nix::sys::stat::stat(two)) {
        (Ok(one), Ok(two)) => (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino),
        _ => false,
    }
}

/// Mounts a writable view of `lower`: changes go to `upper`. Without privilege
/// (`user`) directories of the lower layer cannot be renamed (EXDEV).
pub(crate) fn overlay(
    lower: &[PathBuf],
    upper: &Path,
    work: &Path,
    at: &Path,
    user: bool,
) -> io::Result<()> {
    let mut options = format!(
        "lowerdir={},upperdir={},workdir={}",
        layers(lower),
        escaped(upper),
        escaped(work)
    );
    options.push_str(if user {
        ",userxattr"
    } else {
        ",redirect_dir=on,metacopy=off"
    });
    Ok(mount(
        Some("sigproof"),
        at,
        Some("overlay"),
        MsFlags::empty(),
        Some(options.as_str()),
    )?)
}

/// Mounts a view of layers, the topmost first, that nobody can write to.
pub(crate) fn layered(lower: &[PathBuf], at: &Path, user: bool) -> io::Result<()> {
    let mut options = format!("lowerdir={}", layers(lower));
    options.push_str(if user {
        ",userxattr"
    } else {
        ",redirect_dir=follow,metacopy=off"
    });
    Ok(mount(
        Some("sigproof"),
        at,
        Some("overlay"),
        MsFlags::MS_RDONLY,
        Some(options.as_str()),
    )?)
}

/// Layers in the option string.
fn layers(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| escaped(path)).collect();
    paths.join(":")
}

/// The option string has its own meaning for `:`, `,` and the backslash.
fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for c in path.to_string_lossy().chars() {
        if matches!(c, ':' | ',' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// Takes a mount away, also when something still uses it.
pub(crate) fn unmount(at: &Path) -> io::Result<()> {
    Ok(umount2(at, MntFlags::MNT_DETACH)?)
}

/// Makes the next process of this process namespace get the number after `last`,
/// so that a target sees the same numbers in every run.
pub(crate) fn set_last_pid(last: i32) -> io::Result<()> {
    fs::write("/proc/sys/kernel/ns_last_pid", last.to_string())
}

/// Free bytes of the file system at a path.
pub(crate) fn free_bytes(at: &Path) -> io::Result<u64> {
    let stat = nix::sys::statvfs::statvfs(at)?;
    Ok(stat.blocks_available() as u64 * stat.fragment_size() as u64)
}

/// Whether this place is on a file system in memory.
pub(crate) fn is_in_memory(at: &Path) -> bool {
    nix::sys::statfs::statfs(at)
        .is_ok_and(|stat| stat.filesystem_type() == nix::sys::statfs::TMPFS_MAGIC)
}

/// Makes addresses the same in every run of the programs that this process
/// executes. Containers often forbid that; answers whether it worked.
pub(crate) fn steady_addresses() -> bool {
    use nix::sys::personality::{self, Persona};
    personality::get()
        .and_then(|now| personality::set(now | Persona::ADDR_NO_RANDOMIZE))
        .is_ok()
}

/// Memory that was given back is kept for the next run: else the end of the heap goes away and comes back, page by
/// page.
pub(crate) fn keep_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets a parameter of the allocator, while there is one thread.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, 16 << 20);
    }
}

/// The programs that this process executes leave no core files.
pub(crate) fn no_core_files() -> io::Result<()> {
    use nix::sys::resource::{Resource, setrlimit};
    Ok(setrlimit(Resource::RLIMIT_CORE, 0, 0)?)
}

/// How many bytes the names of a file's extended attributes take.
pub(crate) fn attribute_names(path: &Path) -> Option<usize> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: the string ends with NUL; a size of 0 asks for the length only.
    let bytes = unsafe { libc::llistxattr(path.as_ptr(), std::ptr::null_mut(), 0) };
    usize::try_from(bytes).ok()
}

/// Whether a file carries an extended attribute of this name with content.
pub(crate) fn has_attribute(path: &Path, name: &std::ffi::CStr) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(path) = std::ffi::CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: both strings end with NUL; a size of 0 asks for the length only.
    unsafe { libc::lgetxattr(path.as_ptr(), name.as_ptr(), std::ptr::null_mut(), 0) > 0 }
}

/// Makes a device node that overlayfs takes for "nothing is here".
pub(crate) fn whiteout(at: &Path) -> io::Result<()> {
    use nix::sys::stat::{Mode, SFlag, mknod};
    Ok(mknod(at, SFlag::S_IFCHR, Mode::empty(), 0)?)
}
