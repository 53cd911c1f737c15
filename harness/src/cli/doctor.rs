//! `sigproof doctor`: what this machine can do.

use super::sessions::print;
use crate::cli::exit;
use crate::execute::{Recordings, SupervisorPool};
use crate::explore::map_points;
use crate::oracle::Contract;
use crate::report::{Style, TerminalWriter};
use crate::target::Isolation;
use crate::target::{Source, Target};
use sigproof_core::StopSource;

/// Tries each thing for real and says what follows when it does not work.
pub fn doctor() -> u8 {
    let mut out = TerminalWriter::new();
    let mut code = exit::HOLDS;
    let say = |out: &mut TerminalWriter,
               what: &str,
               result: Result<String, String>,
               consequence: &str| {
        match result {
            Ok(how) => out.item(
                0,
                (Style::Good, &format!("✓ {what:<12} ")),
                Style::Plain,
                &how,
            ),
            Err(why) => {
                out.item(
                    0,
                    (Style::Warn, &format!("! {what:<12} ")),
                    Style::Plain,
                    &format!("{why}; {consequence}"),
                );
            }
        }
    };
    let target = |source| Target {
        source,
        ..Target::new(["true"])
    };
    let namespaces = SupervisorPool::open(&target(Source::Empty), 1, Isolation::Namespaces);
    say(
        &mut out,
        "namespaces",
        namespaces
            .map(|_| "targets get private views of files and processes".to_owned())
            .map_err(|e| e.to_string()),
        "work trees are copied to disk instead, and only what lies in them is protected",
    );
    let here = std::env::current_dir().map_err(|error| error.to_string());
    let view = here.and_then(|here| {
        let pool = SupervisorPool::open(&target(Source::View(here)), 1, Isolation::Namespaces)
            .map_err(|e| e.to_string())?;
        if pool.method() == "overlay" || pool.notes.is_empty() {
            Ok(format!("this directory is seen through {}", pool.method()))
        } else {
            Err(pool.notes.join("; "))
        }
    });
    say(&mut out, "overlay", view, "each run copies the work tree");
    let traced = |pty: Option<(u16, u16)>| {
        let target = Target {
            pty,
            ..target(Source::Empty)
        };
        let pool = SupervisorPool::open(&target, 1, Isolation::Auto).map_err(|e| e.to_string())?;
        let source = StopSource::new();
        let baseline = map_points(
            &pool,
            &Contract::default(),
            Recordings {
                all: true,
                ..Recordings::of_signal(libc::SIGINT)
            },
            &source.token(),
        )
        .map_err(|error| error.to_string())?;
        Ok(baseline.points.points.len())
    };
    let ptrace: Result<usize, String> = traced(None);
    if ptrace.is_err() {
        code = exit::HARNESS;
    }
    say(
        &mut out,
        "ptrace",
        ptrace.map(|calls| {
            format!("with seccomp filters; `true` has {calls} points in all its calls")
        }),
        "nothing can be injected: in a container allow it with --cap-add SYS_PTRACE, and see /proc/sys/kernel/yama/ptrace_scope",
    );
    let pty =
        traced(Some((24, 80))).map(|_| "typed Ctrl+C, screen and terminal settings".to_owned());
    say(&mut out, "pty", pty, "--pty does not work");
    let before = if cfg!(target_arch = "x86_64") {
        Ok("before, entry, exit".to_owned())
    } else {
        Err("entry and exit only".to_owned())
    };
    say(
        &mut out,
        "phases",
        before,
        "check-then-block races are not found",
    );
    print(&out.finish());
    code
}
