//! `sigproof init`: a first scenario from a program's undisturbed run.

use super::args::test::InitArgs;
use super::interrupt::interruptible;
use super::pool::open_pool;
use super::stdio::print;
use crate::cli::exit;
use crate::error::Error;
use crate::execute::Recordings;
use crate::explore::map_points;
use crate::oracle::Contract;
use crate::report::{Bar, Style, TerminalWriter};
use crate::scenario::{Scenario, draft, named};
use crate::script::Script;
use crate::target::Target;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub fn init(args: &InitArgs) -> u8 {
    let bar = Bar::new(true);
    interruptible(false, &bar, |token| {
        let target = args.target.target(false, None)?;
        let path = args
            .out
            .clone()
            .unwrap_or_else(|| usual_path(&target.command));
        if path.exists() && !args.force {
            return Err(Error::usage("this file already exists")
                .at_path(&path)
                .with_hint("use --force to overwrite it, or --out FILE to write another one"));
        }
        bar.say("learning what it does undisturbed");
        let pool = open_pool(&target, 1, args.target.isolation)?;
        let contract = Contract {
            baseline_status: i32::from(args.baseline_status),
            ..Contract::default()
        }
        .of_script(target.script.as_ref());
        let baseline = map_points(
            &pool,
            &contract,
            Recordings::of_signal(usual_signal(&target)),
            token,
        )?;
        bar.clear();
        let failed = |error: io::Error| Error::harness(error.to_string()).at_path(&path);
        let directory = path.parent().filter(|parent| *parent != Path::new(""));
        let directory = directory.unwrap_or(Path::new("."));
        let absolute = std::path::absolute(directory).map_err(failed)?;
        let text = draft(&target, &baseline, &absolute);
        // What we write ourselves must be right.
        if let Err(diagnostic) = Scenario::parse(&path, "draft", &text) {
            return Err(Error::harness(diagnostic.render(false, 100)));
        }
        fs::create_dir_all(&absolute).map_err(failed)?;
        File::create(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(failed)?;
        let mut out = TerminalWriter::new();
        out.item(
            0,
            (Style::Good, "✓ "),
            Style::Plain,
            &format!("wrote {}; now run it:", path.display()),
        );
        out.command(2, &format!("sigproof test {}", path.display()));
        print(&out.finish());
        Ok(exit::HOLDS)
    })
}

/// A service is stopped by SIGTERM; a program for a person by Ctrl+C.
fn usual_signal(target: &Target) -> i32 {
    let is_service = target.script.as_ref().is_some_and(Script::is_service);
    if is_service {
        libc::SIGTERM
    } else {
        libc::SIGINT
    }
}

/// Named after the program, where scenarios usually are.
pub(super) fn usual_path(command: &[String]) -> PathBuf {
    let stem = named(command)
        .split('.')
        .next()
        .filter(|stem| !stem.is_empty())
        .unwrap_or("first");
    Path::new("ci/scenarios").join(format!("{stem}.toml"))
}
