//! `sigproof test`: scenario files, as a gate.

use super::args::test::TestArgs;
use super::interrupt::interruptible;
use super::pool::parallel_runs;
use super::results::{print_results, write_file};
use super::selection::select;
use super::stdio::{print, warn};
use crate::cli::exit;
use crate::report;
use crate::report::{Bar, TerminalWriter};
use crate::scenario::{Binaries, Runner, Scenario, json_schema, run_all};
use crate::session::{CaseVerdict, Results};
use sigproof_core::StopToken;

pub fn test(args: &TestArgs) -> u8 {
    if args.schema {
        print(&json_schema());
        return exit::HOLDS;
    }
    let bar = Bar::new(!args.json && !args.selection.list);
    interruptible(args.json, &bar, |token| {
        let Some(scenarios) = select(args)? else {
            return Ok(exit::USAGE);
        };
        if args.selection.list {
            list(&scenarios);
            return Ok(exit::HOLDS);
        }
        let results = run_scenarios(args, scenarios, &bar, token);
        let code = results.exit_code();
        let path = args.results.clone();
        let path = path.unwrap_or_else(|| args.store.join("results.json"));
        print_results(&results, args.json)?;
        write_file(&results, &path)?;
        args.reports.write(&results, args.json)?;
        Ok(code)
    })
}

fn list(scenarios: &[Scenario]) {
    let mut text = String::new();
    for scenario in scenarios {
        text.push_str(&scenario.name);
        if let Some(description) = &scenario.description {
            text.push_str(": ");
            text.push_str(description.lines().next().unwrap_or_default());
        }
        text.push('\n');
    }
    print(&text);
}

fn run_scenarios(
    args: &TestArgs,
    scenarios: Vec<Scenario>,
    bar: &Bar,
    token: &StopToken,
) -> Results {
    let jobs = parallel_runs(args.jobs);
    let runner = Runner {
        binaries: Binaries {
            directories: args.bin_dir.clone(),
        },
        store: std::path::absolute(&args.store).unwrap_or_else(|_| args.store.clone()),
        jobs,
        bless: args.bless,
        retries: args.retries,
    };
    bar.begin(scenarios.len());
    let (mut done, mut failed) = (0, 0);
    let (cases, cut_short) = run_all(&runner, scenarios, jobs, token, |case| {
        done += 1;
        failed += usize::from(case.verdict != CaseVerdict::Holds);
        if !args.json {
            let mut out = TerminalWriter::new();
            report::finished_line(&mut out, case);
            bar.above(&out.finish());
        }
        bar.at(done, failed);
    });
    bar.clear();
    if cut_short {
        warn("interrupted: some scenarios were not run");
    }
    Results::new(cases)
}
