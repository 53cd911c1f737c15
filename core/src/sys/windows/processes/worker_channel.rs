//! The line between a pool and one of its workers: two pipes. Jobs come by the
//! worker's standard input. Over it the worker first gets the number of a
//! handle, for its replies: a handle that it would inherit, every other program
//! started at the same moment would inherit as well.

use std::fs::File;
use std::io::{self, PipeWriter, Read, Write};
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::process::{Child, Stdio};
use std::ptr;

use windows_sys::Win32::Foundation::{
    DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE_FLAG_INHERIT, SetHandleInformation,
};
use windows_sys::Win32::System::Console::{GetStdHandle, STD_INPUT_HANDLE};
use windows_sys::Win32::System::Pipes::PeekNamedPipe;
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use crate::sys::{Descriptor, OwnedDescriptor};

/// What [`WorkerChannel::give`] sends: the numbers of two handles, as the
/// worker has them, each as eight bytes, least first.
const GIFT_BYTES: usize = 16;

/// One end of the line.
#[derive(Debug)]
pub(crate) struct WorkerChannel {
    source: File,
    sink: File,
    /// The worker's end of the second pipe, until it is given away.
    theirs: Option<PipeWriter>,
    /// In a worker, the handle that it was given.
    gift: Option<OwnedHandle>,
}

/// A new line: the pool's end, and what becomes the worker's standard input.
///
/// # Errors
/// Those of `CreatePipe`.
pub(crate) fn pair() -> io::Result<(WorkerChannel, Stdio)> {
    let (jobs, to_worker) = io::pipe()?;
    let (replies, from_worker) = io::pipe()?;
    let link = WorkerChannel {
        source: file(replies),
        sink: file(to_worker),
        theirs: Some(from_worker),
        gift: None,
    };
    Ok((link, jobs.into()))
}

fn file(pipe: impl Into<OwnedHandle>) -> File {
    File::from(pipe.into())
}

impl WorkerChannel {
    /// The pool's part: gives the worker its end of the second pipe and a
    /// handle, before anything else.
    ///
    /// # Errors
    /// Those of `DuplicateHandle` and `WriteFile`; [`io::ErrorKind::NotFound`]
    /// if it was done before.
    pub(crate) fn give(&mut self, worker: &Child, descriptor: Descriptor<'_>) -> io::Result<()> {
        // Our copy is closed here: it would keep the pipe open when the worker
        // is gone.
        let theirs = self.theirs.take().ok_or(io::ErrorKind::NotFound)?;
        let mut gift = [0; GIFT_BYTES];
        gift[..8].copy_from_slice(&duplicate_into(worker, theirs.as_handle())?.to_le_bytes());
        gift[8..].copy_from_slice(&duplicate_into(worker, descriptor)?.to_le_bytes());
        self.sink.write_all(&gift)
    }

    /// Does not wait: there is no limit to a read from a pipe.
    pub(crate) fn wait_for_end(&self, _limit: std::time::Duration) {}

    /// Whether the process at the other end has ended. A worker says nothing
    /// without being asked.
    pub(crate) fn has_ended(&self) -> bool {
        let mut waiting = 0;
        // SAFETY: the handle is open, and there is room for the one number
        // that is asked for.
        let peeked = unsafe {
            PeekNamedPipe(
                self.source.as_raw_handle(),
                ptr::null_mut(),
                0,
                ptr::null_mut(),
                &mut waiting,
                ptr::null_mut(),
            )
        };
        peeked == 0 || waiting > 0
    }

    /// The worker's part: takes the line from standard input.
    ///
    /// # Errors
    /// Those of `ReadFile`; [`io::ErrorKind::InvalidData`] if there is no
    /// standard input.
    pub(crate) fn take() -> io::Result<WorkerChannel> {
        // SAFETY: no precondition.
        let raw = unsafe { GetStdHandle(STD_INPUT_HANDLE) };
        if raw.is_null() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        // SAFETY: the handle was inherited for this use; `close_stdin` puts
        // another one in its place, and nobody reads until then.
        let mut source = File::from(unsafe { OwnedHandle::from_raw_handle(raw) });
        // No program that a task starts may keep the line open.
        // SAFETY: the handle is open.
        if unsafe { SetHandleInformation(source.as_raw_handle(), HANDLE_FLAG_INHERIT, 0) } == 0 {
            return Err(io::Error::last_os_error());
        }
        let mut gift = [0; GIFT_BYTES];
        source.read_exact(&mut gift)?;
        let (sink, descriptor) = gift.split_at(8);
        Ok(WorkerChannel {
            source,
            sink: File::from(handle_of(sink)?),
            theirs: None,
            gift: Some(handle_of(descriptor)?),
        })
    }

    /// The worker's part: what [`WorkerChannel::give`] gave.
    ///
    /// # Errors
    /// Those of `DuplicateHandle`; [`io::ErrorKind::NotFound`] if nothing was
    /// given.
    pub(crate) fn receive(&self) -> io::Result<OwnedDescriptor> {
        let gift = self.gift.as_ref().ok_or(io::ErrorKind::NotFound)?;
        gift.try_clone()
    }

    /// The same end once more, for another thread.
    ///
    /// # Errors
    /// Those of `DuplicateHandle`.
    pub(crate) fn try_clone(&self) -> io::Result<WorkerChannel> {
        Ok(WorkerChannel {
            source: self.source.try_clone()?,
            sink: self.sink.try_clone()?,
            theirs: None,
            gift: None,
        })
    }
}

impl Read for WorkerChannel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Read for &WorkerChannel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match (&self.source).read(buffer) {
            // How a pipe ends whose other side is gone.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
            result => result,
        }
    }
}

impl Write for &WorkerChannel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.sink).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens `handle` in the worker as well and returns its number there.
fn duplicate_into(worker: &Child, handle: BorrowedHandle<'_>) -> io::Result<u64> {
    let mut theirs = ptr::null_mut();
    // SAFETY: all handles are open, and there is room for the result. Nothing
    // that the worker starts inherits it.
    let done = unsafe {
        DuplicateHandle(
            GetCurrentProcess(),
            handle.as_raw_handle(),
            worker.as_raw_handle(),
            &mut theirs,
            0,
            0,
            DUPLICATE_SAME_ACCESS,
        )
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(theirs.addr() as u64)
}

/// A handle whose number came over the line.
fn handle_of(number: &[u8]) -> io::Result<OwnedHandle> {
    let number = number.try_into().map(u64::from_le_bytes);
    let number = number.map_err(io::Error::other)?;
    let address = usize::try_from(number).map_err(io::Error::other)?;
    // SAFETY: the pool has opened it for this process, and passes its number
    // once.
    Ok(unsafe { OwnedHandle::from_raw_handle(ptr::without_provenance_mut(address)) })
}
