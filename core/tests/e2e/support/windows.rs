//! Children for tests on Windows: the test binary runs itself again, with one
//! test selected and a role in the environment. Each has a console of its own,
//! without a window, so that a key pressed there reaches nobody else.

use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
use windows_sys::Win32::System::Console::{CTRL_C_EVENT, GenerateConsoleCtrlEvent};
use windows_sys::Win32::System::Threading::{
    CREATE_NO_WINDOW, OpenProcess, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, TerminateProcess,
    WaitForSingleObject,
};

use super::{DEADLINE, ROLE, assert_is_path};

/// The exit status of a process that Ctrl+C ended.
pub const CONTROL_C_EXIT: i32 = 0xC000_013A_u32.cast_signed();

/// This test binary again, with one test and a role.
pub fn again(name: &str, role: &str) -> Command {
    assert_is_path(name);
    let mut command = Command::new(env::current_exe().expect("the test binary"));
    command
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, role);
    command
}

/// A program that does nothing for a long time.
pub fn long_program() -> Command {
    let mut command = Command::new("ping.exe");
    command
        .args(["-n", "600", "127.0.0.1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Presses Ctrl+C on the console of this process.
pub fn press_ctrl_c() {
    // SAFETY: any numbers may be given; 0 is everybody on this console.
    let pressed = unsafe { GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) };
    assert!(pressed != 0, "{}", io::Error::last_os_error());
}

/// Whether this process has ended.
pub fn is_gone(pid: u64) -> bool {
    let pid = u32::try_from(pid).expect("a process id");
    // SAFETY: any number may be asked for.
    let raw = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, pid) };
    if raw.is_null() {
        return true;
    }
    // SAFETY: a fresh handle that nobody else owns.
    let process = unsafe { OwnedHandle::from_raw_handle(raw) };
    // SAFETY: the handle is open.
    unsafe { WaitForSingleObject(process.as_raw_handle(), 0) == WAIT_OBJECT_0 }
}

/// Kills this process, which is there, as the task manager would.
pub fn kill(pid: u64) {
    let pid = u32::try_from(pid).expect("a process id");
    // SAFETY: any number may be asked for.
    let raw = unsafe { OpenProcess(PROCESS_TERMINATE, 0, pid) };
    assert!(!raw.is_null(), "{}", io::Error::last_os_error());
    // SAFETY: a fresh handle that nobody else owns.
    let process = unsafe { OwnedHandle::from_raw_handle(raw) };
    // SAFETY: the handle is open.
    let killed = unsafe { TerminateProcess(process.as_raw_handle(), 1) };
    assert!(killed != 0, "{}", io::Error::last_os_error());
}

/// A child with its lines on standard error.
pub struct Program {
    child: Child,
    lines: Option<Receiver<String>>,
    heard: Vec<String>,
}

impl Program {
    /// Runs the test `name` of this binary again, in `role`.
    pub fn start(name: &str, role: &str) -> Program {
        let mut program = Program::start_unread(name, role);
        program.lines = program.child.stderr.take().map(read_lines);
        program
    }

    /// As [`Program::start`], but nobody reads its standard error.
    pub fn start_unread(name: &str, role: &str) -> Program {
        let child = again(name, role)
            .creation_flags(CREATE_NO_WINDOW)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the test binary starts");
        Program {
            child,
            lines: None,
            heard: Vec::new(),
        }
    }

    /// Waits for a line that contains `text`.
    pub fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.next_line(deadline) {
                Some(line) if line.contains(text) => return line,
                Some(_) => {}
                None => panic!("no line with {text:?}; heard:\n{}", self.heard.join("\n")),
            }
        }
    }

    /// Kills it, as the task manager would.
    pub fn kill(&mut self) {
        self.child.kill().expect("the child is there");
    }

    /// Waits for the end and checks the exit status; gives every line.
    pub fn exits_with(mut self, code: i32) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE;
        while self.next_line(deadline).is_some() {}
        let mut status = None;
        while status.is_none() && Instant::now() < deadline {
            status = self.child.try_wait().expect("the child is waited for once");
            thread::yield_now();
        }
        let heard = std::mem::take(&mut self.heard);
        assert_eq!(
            status.and_then(|status| status.code()),
            Some(code),
            "{status:?}; heard:\n{}",
            heard.join("\n")
        );
        heard
    }

    fn next_line(&mut self, deadline: Instant) -> Option<String> {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = left.max(Duration::from_millis(1));
        let line = self.lines.as_ref()?.recv_timeout(left).ok()?;
        self.heard.push(line.clone());
        Some(line)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A failed test leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_lines(stderr: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    receiver
}
