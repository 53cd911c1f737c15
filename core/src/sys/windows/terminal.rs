//! The console, as far as a dying process cares.

use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::windows::io::FromRawHandle;
use std::ptr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Console::{
    CONSOLE_MODE, ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode, GetStdHandle,
    STD_ERROR_HANDLE, STD_HANDLE, STD_INPUT_HANDLE, SetConsoleMode, WriteConsoleW,
};

/// How long a dying process waits for its last words.
const LIMIT: Duration = Duration::from_millis(200);

/// Writes `bytes` to standard error, and waits only a moment for that: a reader
/// that does not read, or a console in which somebody selects text, must not
/// keep the process alive. Takes no lock of this process, which a stuck thread
/// may have.
///
/// Nothing is reported: the caller is about to end the process, and has nobody
/// to tell.
pub(crate) fn write_without_blocking(bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let bytes = bytes.to_vec();
    let (sender, written) = mpsc::sync_channel(1);
    // A pipe cannot be asked whether a write would block, so a thread of its
    // own does it, and dies with the process where it is.
    let writer = thread::Builder::new().spawn(move || {
        write(&bytes);
        // The other side may have given up.
        let _ = sender.send(());
    });
    if writer.is_ok() {
        let _ = written.recv_timeout(LIMIT);
    }
}

/// As [`write_without_blocking`], for escape sequences: only on a console that
/// understands them, or where it cannot be known.
pub(crate) fn repair_without_blocking(bytes: &[u8]) {
    let console = standard(STD_ERROR_HANDLE).and_then(mode_of);
    if console.is_none_or(|mode| mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0) {
        write_without_blocking(bytes);
    }
}

/// How many columns the console has: not asked for, it breaks lines itself.
pub(crate) fn columns() -> Option<usize> {
    None
}

fn write(bytes: &[u8]) {
    let Some(handle) = standard(STD_ERROR_HANDLE) else {
        return;
    };
    if mode_of(handle).is_some() {
        // A console takes text; bytes it would read in the code page of an
        // older day.
        let text: Vec<u16> = String::from_utf8_lossy(bytes).encode_utf16().collect();
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let mut count = 0;
        // SAFETY: pointer and length are those of one vector; a console may be
        // written to by anybody.
        let _ = unsafe { WriteConsoleW(handle, text.as_ptr(), length, &mut count, ptr::null()) };
        return;
    }
    // SAFETY: the handle is open as long as nobody closes standard error, and
    // is not closed here.
    let mut file = ManuallyDrop::new(unsafe { std::fs::File::from_raw_handle(handle) });
    let _ = file.write_all(bytes);
}

fn standard(which: STD_HANDLE) -> Option<HANDLE> {
    // SAFETY: no precondition.
    let handle = unsafe { GetStdHandle(which) };
    (!handle.is_null() && handle != INVALID_HANDLE_VALUE).then_some(handle)
}

/// `None` if it is no console.
fn mode_of(handle: HANDLE) -> Option<CONSOLE_MODE> {
    let mut mode = 0;
    // SAFETY: room for the result; the call fails for what is no console.
    (unsafe { GetConsoleMode(handle, &mut mode) } != 0).then_some(mode)
}

/// The modes of the console (echo, line editing and so on) as they were when
/// this was made: those of its keyboard and those of its screen.
#[derive(Clone, Copy)]
pub(crate) struct Modes([Option<CONSOLE_MODE>; 2]);

const PARTS: [STD_HANDLE; 2] = [STD_INPUT_HANDLE, STD_ERROR_HANDLE];

impl Modes {
    /// The modes now; `None` if neither standard input nor standard error is a
    /// console.
    pub(crate) fn current() -> Option<Modes> {
        let modes = PARTS.map(|part| standard(part).and_then(mode_of));
        modes.iter().any(Option::is_some).then_some(Modes(modes))
    }

    /// Sets these modes.
    pub(crate) fn apply(&self) {
        for (part, mode) in PARTS.into_iter().zip(self.0) {
            if let (Some(handle), Some(mode)) = (standard(part), mode) {
                // It fails if the console went away, and then there is nothing
                // to repair.
                // SAFETY: takes any handle.
                let _ = unsafe { SetConsoleMode(handle, mode) };
            }
        }
    }
}
