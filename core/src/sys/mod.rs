//! Everything that calls the operating system: safe functions out, every
//! return value checked, one file per platform and concern. The only other
//! `unsafe` code of the crate is in `signal/handler.rs`.

#[cfg(unix)]
mod unix {
    pub(crate) mod clock;
    pub(crate) mod disposition;
    pub(crate) mod ending;
    pub(crate) mod errno;
    pub(crate) mod family;
    pub(crate) mod group;
    pub(crate) mod groups;
    pub(crate) mod mask;
    pub(crate) mod newborn;
    pub(crate) mod process;
    pub(crate) mod pump;
    pub(crate) mod terminal;
    pub(crate) mod wake;
    #[cfg(feature = "process")]
    pub(crate) mod worker;
}
#[cfg(unix)]
pub(crate) use unix::{
    clock, disposition, ending, errno, family, groups, mask, newborn, process, pump, terminal, wake,
};
#[cfg(all(unix, feature = "process"))]
pub(crate) use unix::{group, worker};

#[cfg(all(target_os = "linux", feature = "process", not(sigproof_loom)))]
#[path = "linux/fd_passing.rs"]
pub(crate) mod fd_passing;

#[cfg(target_os = "linux")]
#[path = "linux/guarded.rs"]
pub(crate) mod guarded;

#[cfg(target_os = "linux")]
#[path = "linux/guardian/mod.rs"]
mod guardian;

#[cfg(target_os = "linux")]
#[path = "linux/members.rs"]
pub(crate) mod members;

#[cfg(target_os = "linux")]
#[path = "linux/pidfd.rs"]
pub(crate) mod pidfd;

#[cfg(windows)]
mod windows {
    pub(crate) mod clock;
    pub(crate) mod console;
    pub(crate) mod disposition;
    pub(crate) mod mask;
    pub(crate) mod process;
    pub(crate) mod terminal;
    pub(crate) mod wake;
}
#[cfg(windows)]
pub(crate) use windows::console as ending;
#[cfg(windows)]
pub(crate) use windows::{clock, console, disposition, mask, process, terminal, wake};

pub(crate) mod home;

#[cfg(all(target_os = "linux", not(sigproof_loom)))]
#[path = "linux/page.rs"]
pub(crate) mod page;

#[cfg(all(target_os = "linux", not(sigproof_loom)))]
#[path = "linux/park.rs"]
pub(crate) mod park;

#[cfg(any(not(target_os = "linux"), sigproof_loom))]
#[path = "portable/park.rs"]
pub(crate) mod park;

#[cfg(all(target_os = "linux", not(sigproof_loom)))]
#[path = "linux/owner.rs"]
pub(crate) mod owner;

#[cfg(any(not(target_os = "linux"), sigproof_loom))]
#[path = "portable/owner.rs"]
pub(crate) mod owner;
