//! `sigproof doctor`: what this machine supports.

use super::stdio::print;
use crate::cli::exit;
use crate::error::Error;
use crate::execute::{Recordings, SupervisorPool};
use crate::explore::map_points;
use crate::oracle::Contract;
use crate::report::{Style, TerminalWriter};
use crate::target::{Isolation, Source, Target};
use sigproof_core::StopSource;
use std::fmt::Display;

/// Whether a facility works.
enum Facility {
    /// It does, and how.
    Works(String),
    /// It does not: why, and what follows.
    Missing(String),
}

/// Tries each facility, and shows what follows when it does not work.
pub fn doctor() -> u8 {
    let mut out = TerminalWriter::new();
    let ptrace = points_of_true(None);
    let code = match ptrace {
        Ok(_) => exit::HOLDS,
        Err(_) => exit::HARNESS,
    };
    show(&mut out, "namespaces", namespaces());
    show(&mut out, "overlay", overlay());
    show(&mut out, "ptrace", of_ptrace(ptrace));
    show(&mut out, "pty", pty());
    show(&mut out, "phases", phases(code == exit::HOLDS));
    print(&out.finish());
    code
}

fn show(out: &mut TerminalWriter, name: &str, facility: Facility) {
    let (style, label, text) = match facility {
        Facility::Works(how) => (Style::Good, format!("✓ {name:<12} "), how),
        Facility::Missing(why) => (Style::Warn, format!("! {name:<12} "), why),
    };
    out.item(0, (style, &label), Style::Plain, &text);
}

fn missing(why: impl Display, consequence: &str) -> Facility {
    Facility::Missing(format!("{why}; {consequence}"))
}

fn target(source: Source) -> Target {
    Target {
        source,
        ..Target::new(["true"])
    }
}

fn namespaces() -> Facility {
    match SupervisorPool::open(&target(Source::Empty), 1, Isolation::Namespaces) {
        Ok(_) => Facility::Works("targets get private views of files and processes".to_owned()),
        Err(error) => missing(
            error,
            "work trees are copied to disk instead, and only their files are protected",
        ),
    }
}

fn overlay() -> Facility {
    let pool = std::env::current_dir()
        .map_err(|error| Error::harness(error.to_string()).during("the working directory"))
        .and_then(|here| {
            SupervisorPool::open(&target(Source::View(here)), 1, Isolation::Namespaces)
        });
    let consequence = "each run copies the work tree";
    match pool {
        Err(error) => missing(error, consequence),
        Ok(pool) if pool.method() == "overlay" => {
            Facility::Works("this directory would be seen through an overlay".to_owned())
        }
        Ok(pool) if pool.notes.is_empty() => {
            Facility::Works("this directory would be copied".to_owned())
        }
        Ok(pool) => missing(pool.notes.join("; "), consequence),
    }
}

/// The number of points of `true`.
fn points_of_true(pty: Option<(u16, u16)>) -> Result<usize, Error> {
    let target = Target {
        pty,
        ..target(Source::Empty)
    };
    let pool = SupervisorPool::open(&target, 1, Isolation::Auto)?;
    let baseline = map_points(
        &pool,
        &Contract::default(),
        Recordings {
            all: true,
            ..Recordings::of_signal(libc::SIGINT)
        },
        &StopSource::new().token(),
    )?;
    Ok(baseline.points.points.len())
}

fn of_ptrace(points: Result<usize, Error>) -> Facility {
    match points {
        Ok(points) => Facility::Works(format!(
            "with seccomp filters; the calls of `true` have {points} points"
        )),
        Err(error) => missing(
            error,
            "nothing can be injected: in a container allow it with --cap-add SYS_PTRACE, and see /proc/sys/kernel/yama/ptrace_scope",
        ),
    }
}

fn pty() -> Facility {
    match points_of_true(Some((24, 80))) {
        Ok(_) => Facility::Works("typed Ctrl+C, screen and terminal settings".to_owned()),
        Err(error) => missing(error, "--pty does not work"),
    }
}

fn phases(can_trace: bool) -> Facility {
    match can_trace {
        true => Facility::Works("before, entry, exit".to_owned()),
        false => missing("none without ptrace", "no signal is placed anywhere"),
    }
}
