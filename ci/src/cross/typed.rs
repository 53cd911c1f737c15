//! Ctrl+C typed at Windows programs: Wine's console on a real terminal, and byte 3 on the terminal's other side.
//! Nothing else brings a console event: without a terminal Wine has no console, and a Unix signal would end Wine
//! itself.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use super::wine::{self, Wine};
use crate::process::{Failure, shell_line, succeeded};

/// How Unix sees a program that ended with `STATUS_CONTROL_C_EXIT`, 0xC000013A: the lowest byte is left.
const ENDED_BY_CTRL_C: i32 = 0x3a;
/// Only a hung program gets there.
const DEADLINE: Duration = Duration::from_secs(120);

/// A program, and a person in front of it.
struct Session {
    program: &'static str,
    arguments: &'static [&'static str],
    /// Each is waited for; then Ctrl+C is pressed.
    press_after: &'static [&'static str],
    /// What has to be seen as well.
    seen: &'static [&'static str],
    /// What must not be seen.
    unseen: &'static [&'static str],
    status: i32,
}

const SESSIONS: &[Session] = &[
    Session {
        program: "threads",
        arguments: &["6", "300"],
        press_after: &[],
        seen: &["6/6 tasks completed (100.0%)"],
        unseen: &["Interrupt received"],
        status: 0,
    },
    Session {
        program: "threads",
        arguments: &["400", "2000"],
        press_after: &["Third Ctrl+C"],
        seen: &[
            "Interrupt received: Cancelling queued tasks",
            "Press Ctrl+C again to terminate active tasks",
            "Returning partial results: ",
            "/400 tasks completed",
        ],
        unseen: &["Second interrupt", "Cancelled(Active)"],
        status: ENDED_BY_CTRL_C,
    },
    Session {
        program: "threads",
        arguments: &["400", "600000"],
        press_after: &["Third Ctrl+C", "again to terminate active tasks"],
        seen: &[
            "Second interrupt: Terminating active tasks",
            "task 0: Cancelled(Active)",
            "Returning partial results: 0/400 tasks completed",
        ],
        unseen: &["Third interrupt"],
        status: ENDED_BY_CTRL_C,
    },
    Session {
        program: "processes",
        arguments: &["400", "2000"],
        // A worker is ready at some time after that; the rest of the tasks is queued either way.
        press_after: &["task 0: Completed(0)"],
        seen: &[
            "Interrupt received: Cancelling queued tasks",
            "task 399: Cancelled(Queued)",
            "Returning partial results: ",
        ],
        unseen: &["Cancelled(Active)"],
        status: ENDED_BY_CTRL_C,
    },
    // Whoever is stuck, and whatever was started: the third press ends both.
    Session {
        program: "command",
        arguments: &["threads.exe", "4", "600000"],
        press_after: &["Third Ctrl+C", "again to stop", "again to force the exit"],
        seen: &["Stop confirmed"],
        // Neither does the inner program hear of the key, nor does the outer one come to its report.
        unseen: &["Interrupt received", "workload: "],
        status: ENDED_BY_CTRL_C,
    },
];

/// Runs every session with the programs in `directory`.
pub fn all(wine: &Wine, directory: &Path) -> Result<(), Failure> {
    for session in SESSIONS {
        let line = session.line(directory);
        println!(
            "$ {line}   # Ctrl+C typed {} times",
            session.press_after.len()
        );
        session
            .hold(wine, directory, &line)
            .map_err(|reason| Failure {
                reason: format!("{line}: {reason}"),
                repeat: "cargo ci cross-windows".to_owned(),
            })?;
    }
    Ok(())
}

impl Session {
    fn line(&self, directory: &Path) -> String {
        let program = directory.join(self.program).with_extension("exe");
        let program = program.to_string_lossy();
        let words = [&[&*program], self.arguments].concat();
        shell_line(&[], wine::LOADER, &words)
    }

    fn hold(&self, wine: &Wine, directory: &Path, line: &str) -> Result<(), String> {
        let mut terminal = Terminal::open(wine, directory, line)?;
        for text in self.press_after {
            terminal.wait_for(text)?;
            terminal.press_ctrl_c()?;
        }
        terminal.wait_for_end()?;
        for text in self.seen {
            terminal.wait_for(text)?;
        }
        for text in self.unseen {
            if terminal.has_shown(text) {
                return Err(terminal.complaint(&format!("{text:?} was not to be seen")));
            }
        }
        let status = terminal
            .child
            .wait()
            .map_err(|error| format!("cannot wait: {error}"))?;
        if status.code() != Some(self.status) {
            let reason = succeeded("script", Ok(status)).err().unwrap_or_default();
            return Err(terminal.complaint(&format!("{reason}, not with status {}", self.status)));
        }
        // Killed processes are gone a moment later.
        let deadline = Instant::now() + DEADLINE;
        while let Some(survivor) = survivor(wine) {
            if Instant::now() > deadline {
                return Err(terminal.complaint(&format!("{survivor} is left behind")));
            }
            thread::yield_now();
        }
        Ok(())
    }
}

/// A program of a session that still runs in this Windows.
fn survivor(wine: &Wine) -> Option<String> {
    let environment = wine.environment();
    let (_, prefix) = environment.iter().find(|(name, _)| *name == "WINEPREFIX")?;
    let ours = format!("WINEPREFIX={prefix}");
    let read = |path: PathBuf| fs::read(path).unwrap_or_default();
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let command = read(process.path().join("cmdline"));
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let names = SESSIONS
            .iter()
            .map(|session| format!("{}.exe", session.program));
        let is_program = names.into_iter().any(|name| command.contains(&name));
        let environment = read(process.path().join("environ"));
        let is_here = environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == ours.as_bytes());
        (is_program && is_here).then(|| format!("{}: {command}", process.path().display()))
    })
}

/// A terminal with a program on it.
struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    pieces: Receiver<Vec<u8>>,
    shown: Vec<u8>,
    ended: bool,
}

impl Terminal {
    /// `script` opens a terminal for a command, passes on what is typed, and ends as the command does.
    fn open(wine: &Wine, directory: &Path, line: &str) -> Result<Terminal, String> {
        let mut child = Command::new("script")
            .args(["--quiet", "--flush", "--return", "--command", line])
            .arg("/dev/null")
            .current_dir(directory)
            .envs(wine.environment())
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run script: {error}"))?;
        let (Some(keyboard), Some(mut screen)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("script has no pipes".to_owned());
        };
        let (sender, pieces) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Terminal {
            child,
            keyboard,
            pieces,
            shown: Vec::new(),
            ended: false,
        })
    }

    fn press_ctrl_c(&mut self) -> Result<(), String> {
        self.keyboard
            .write_all(&[3])
            .and_then(|()| self.keyboard.flush())
            .map_err(|error| self.complaint(&format!("cannot type: {error}")))
    }

    fn has_shown(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.shown).contains(text)
    }

    fn wait_for(&mut self, text: &str) -> Result<(), String> {
        self.wait(&format!("{text:?}"), |terminal| terminal.has_shown(text))
    }

    fn wait_for_end(&mut self) -> Result<(), String> {
        self.wait("the end", |terminal| terminal.ended)
    }

    fn wait(&mut self, what: &str, is_there: impl Fn(&Terminal) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + DEADLINE;
        while !is_there(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.pieces.recv_timeout(left) {
                Ok(piece) => self.shown.extend(piece),
                Err(RecvTimeoutError::Disconnected) if !self.ended => self.ended = true,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.complaint(&format!("{what} never came")));
                }
                Err(RecvTimeoutError::Timeout) => {
                    return Err(self.complaint(&format!("{what} did not come in time")));
                }
            }
        }
        Ok(())
    }

    fn complaint(&self, reason: &str) -> String {
        let shown = String::from_utf8_lossy(&self.shown);
        format!("{reason}; on the screen:\n{shown}")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // After a failure: neither script nor its program stays behind. Wine's server sees to the latter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
