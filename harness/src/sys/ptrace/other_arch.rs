//! Registers are known for x86-64 only: what needs them is refused elsewhere.

use crate::sys::ids::Tid;
use std::io;

/// Phase `before` needs registers that are known here for x86-64 only.
pub(crate) fn skip_call(_tid: Tid) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Phase `before` needs registers that are known here for x86-64 only.
pub(crate) fn rewind_call(_tid: Tid, _number: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Instructions are known here for x86-64 only.
pub(crate) fn is_at_call(_tid: Tid) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Handlers are looked into on x86-64 only.
pub(crate) fn interrupted_call(_tid: Tid) -> io::Result<Option<u64>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Handlers are looked into on x86-64 only.
pub(crate) fn stack_pointer(_tid: Tid) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Calls that are made again are known on x86-64 only.
pub(crate) fn call_with_result(_tid: Tid, _result: i64) -> io::Result<Option<(u64, u64)>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Call stacks are walked on x86-64 only.
pub(crate) fn stack_registers(_tid: Tid) -> io::Result<[u64; 3]> {
    Err(io::ErrorKind::Unsupported.into())
}

/// As above.
pub(crate) fn thread_pointer(_tid: Tid) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Changing a call needs registers that are known here for x86-64 only.
pub(crate) fn skip_call_with(_tid: Tid, _result: i64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Changing a call needs registers that are known here for x86-64 only.
pub(crate) fn set_argument(_tid: Tid, _position: usize, _value: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
