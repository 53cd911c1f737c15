//! Job objects: a process with all that it starts. Nobody leaves a job, and the
//! end of the last handle kills who is left, however the process ended that had
//! it.

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectBasicAccountingInformation, JobObjectExtendedLimitInformation,
    QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};

/// The exit status of processes that are killed.
const KILLED: u32 = 1;

/// A job. Its handle is not inherited, so this process alone keeps it.
#[derive(Debug)]
pub(crate) struct Job(OwnedHandle);

impl Job {
    /// A job without members.
    ///
    /// # Errors
    /// Those of `CreateJobObject` and `SetInformationJobObject`.
    pub(crate) fn new() -> io::Result<Job> {
        // SAFETY: no attributes, no name.
        let raw = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if raw.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a fresh handle that nobody else owns.
        let job = Job(unsafe { OwnedHandle::from_raw_handle(raw) });
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: pointer and size are those of the structure that this class
        // of information asks for.
        let set = unsafe {
            SetInformationJobObject(
                job.0.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size_of_val(&limits) as u32,
            )
        };
        succeeded(set)?;
        Ok(job)
    }

    /// Makes a process a member; what it starts from now on is one by itself.
    ///
    /// # Errors
    /// Those of `AssignProcessToJobObject`.
    pub(crate) fn adopt(&self, process: BorrowedHandle<'_>) -> io::Result<()> {
        // SAFETY: both handles are open.
        succeeded(unsafe {
            AssignProcessToJobObject(self.0.as_raw_handle(), process.as_raw_handle())
        })
    }

    /// Kills all members.
    pub(crate) fn kill(&self) {
        // It cannot fail for a job of our own.
        // SAFETY: the handle is open.
        let _ = unsafe { TerminateJobObject(self.0.as_raw_handle(), KILLED) };
    }

    /// Whether the job has living members.
    pub(crate) fn has_members(&self) -> bool {
        let mut counts = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        // SAFETY: pointer and size are those of the structure that this class
        // of information asks for.
        let known = unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicAccountingInformation,
                (&raw mut counts).cast(),
                size_of_val(&counts) as u32,
                ptr::null_mut(),
            )
        };
        known != 0 && counts.ActiveProcesses > 0
    }
}

fn succeeded(result: i32) -> io::Result<()> {
    if result == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
