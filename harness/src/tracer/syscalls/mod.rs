//! System calls: which of them matter, one call that begins, and changing it.

mod arguments;
mod call;
pub(crate) mod mappings;
pub(crate) mod observed_syscall;
pub(crate) mod rewrite_syscall;
mod syscall_class;
pub(crate) mod syscall_matcher;
mod table;

pub(crate) use arguments::socket_address;
pub(crate) use call::*;
pub(crate) use syscall_class::SyscallClass;
pub(crate) use table::{
    Row, class_of, is_of_library, numbers_of_library, numbers_unfollowed, numbers_with_effect,
    reason_not_followed, row,
};
