//! A scenario in which what a sweep found is declared right, each declaration with its reason.

use super::template::{list, target_table, toml};
use crate::explore::{SweepOptions, Window};
use crate::oracle::{Acceptance, Contract};
use crate::schedule::Step;
use crate::target::{IoUring, StartState, Target};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// A sweep, and what of its findings is right.
pub struct Accepted<'a> {
    /// What was run.
    pub target: &'a Target,
    /// What was done to it.
    pub sweep: &'a SweepOptions,
    /// The sides of the calls that were asked for, by name.
    pub phases: Vec<String>,
    /// What was asked.
    pub contract: &'a Contract,
    /// An output that is an SQLite data base and whose content is declared right.
    pub data_base: Option<String>,
    /// What is right, and what a finding said of it.
    pub reasons: Vec<(Acceptance, String)>,
}

impl Accepted<'_> {
    /// The text of the scenario, to be put into `directory` (absolute).
    pub fn scenario(&self, directory: &Path) -> String {
        let mut text = String::from(
            "# Written by `sigproof sweep --accept`: what that sweep found is declared right below, each with what the\n\
             # finding said. Read it; what is wrong after all, take out. Run it with `sigproof test`.\n\n",
        );
        target_table(&mut text, self.target, directory);
        self.limits(&mut text);
        self.sweep_table(&mut text);
        self.contract_table(&mut text);
        text
    }

    fn limits(&self, text: &mut String) {
        let (limits, usual) = (self.target.limits, Target::new([""]).limits);
        let mut put = |key: &str, ms: u64| {
            let _ = writeln!(text, "limits.{key} = \"{ms}ms\"");
        };
        if limits.baseline_ms != usual.baseline_ms {
            put("timeout", limits.baseline_ms);
        }
        if let Some(ms) = limits.after_signal_ms {
            put("deadline", ms);
        }
        if limits.grace_ms != usual.grace_ms {
            put("grace", limits.grace_ms);
        }
        for (is, key) in [
            (self.target.keep_aslr, "keep-aslr"),
            (self.target.serialise, "serialize"),
            (self.target.failpoints, "failpoints"),
        ] {
            if is {
                let _ = writeln!(text, "{key} = true");
            }
        }
        if self.target.start == StartState::Finished {
            text.push_str("from = \"finished\"\n");
        }
        if self.target.io_uring == IoUring::Allow {
            text.push_str("io-uring = \"allow\"\n");
        }
        text.push('\n');
    }

    fn sweep_table(&self, text: &mut String) {
        let options = self.sweep;
        let spec = &options.fault_spec;
        let always = if spec.lasting { ":always" } else { "" };
        let _ = writeln!(
            text,
            "[sweep]\nfault = {}",
            toml(&format!("{}{always}", spec.fault))
        );
        let mut lists = vec![
            ("then", spec.then.iter().map(Step::to_string).collect()),
            ("only", options.filter.only.clone()),
            ("paths", options.filter.paths.clone()),
            ("phases", self.phases.clone()),
        ];
        if let Some(second) = &options.second {
            let names = second.places.iter().filter_map(Window::to_possible_value);
            let names = names.map(|value| value.get_name().to_owned());
            lists.push(("second", names.collect()));
            let _ = writeln!(
                text,
                "second-fault = {}\npairs = {}",
                toml(&second.fault.to_string()),
                second.most
            );
        }
        for (key, words) in lists.iter().filter(|(_, words)| !words.is_empty()) {
            let _ = writeln!(text, "{key} = {}", list(words));
        }
        if let Some(after) = &options.filter.after {
            let _ = writeln!(text, "after = {}", toml(&after.to_string()));
        }
        for (is, key) in [
            (options.all, "all"),
            (options.filter.no_classes, "no-classes"),
            (options.filter.strict_start, "strict-start"),
        ] {
            if is {
                let _ = writeln!(text, "{key} = true");
            }
        }
        if let Some(exhaustive) = options.exhaustive {
            let _ = writeln!(text, "exhaustive = {exhaustive}");
        }
        if let Some(time) = options.time {
            let _ = writeln!(text, "for = {}", toml(&milliseconds(time)));
        }
        if options.seed != 1 {
            let _ = writeln!(text, "seed = {}", options.seed);
        }
        text.push('\n');
    }

    fn contract_table(&self, text: &mut String) {
        let contract = self.contract;
        text.push_str("[contract]\n");
        let names = |oracles: &std::collections::BTreeSet<crate::oracle::OracleId>| {
            oracles.iter().map(|oracle| toml(oracle.name())).collect()
        };
        let words =
            |words: &[String]| -> Vec<String> { words.iter().map(|word| toml(word)).collect() };
        let asked: Vec<(&str, Vec<String>)> = vec![
            ("oracles", names(&contract.only)),
            ("skip", names(&contract.skip)),
            ("any", words(&contract.any)),
            ("keep", words(&contract.keep)),
            ("prefix", words(&contract.prefix)),
            ("daemons", words(&contract.daemons)),
            (
                "ok-status",
                contract.ok_status.iter().map(i32::to_string).collect(),
            ),
        ];
        let mut declared: BTreeMap<&str, Vec<(String, &str)>> = BTreeMap::new();
        for (accept, reason) in &self.reasons {
            let (key, value) = declaration(accept);
            declared.entry(key).or_default().push((value, reason));
        }
        for (key, values) in asked {
            put_values(
                text,
                key,
                &values,
                declared.get(key).map_or(&[], Vec::as_slice),
            );
        }
        if contract.baseline_status != 0 {
            let _ = writeln!(text, "baseline-status = {}", contract.baseline_status);
        }
        match (&contract.check, &self.data_base) {
            (Some(check), _) => {
                let _ = writeln!(text, "check = {}", toml(check));
            }
            (None, Some(path)) => {
                let path = path.replace('\'', r"'\''");
                let check = format!(
                    "test ! -e '{path}' || test \"$(sqlite3 '{path}' 'pragma integrity_check')\" = ok"
                );
                let _ = writeln!(
                    text,
                    "# Whatever is in a data base, it must be one.\ncheck = {}",
                    toml(&check)
                );
            }
            (None, None) => {}
        }
        if let Some(ms) = contract.handler_budget_ms {
            let _ = writeln!(text, "handler-budget = \"{ms}ms\"");
        }
    }
}

/// The key of a declaration, and its value as it is written.
fn declaration(accept: &Acceptance) -> (&'static str, String) {
    match accept {
        Acceptance::Any(glob) => ("any", toml(glob)),
        Acceptance::Keep(glob) => ("keep", toml(glob)),
        Acceptance::Prefix(glob) => ("prefix", toml(glob)),
        Acceptance::Daemon(glob) => ("daemons", toml(glob)),
        Acceptance::OkStatus(status) => ("ok-status", status.to_string()),
    }
}

/// A list of what was asked for, and of what is declared right, each of those below its reason.
fn put_values(text: &mut String, key: &str, asked: &[String], declared: &[(String, &str)]) {
    if declared.is_empty() {
        if !asked.is_empty() {
            let _ = writeln!(text, "{key} = [{}]", asked.join(", "));
        }
        return;
    }
    let _ = writeln!(text, "{key} = [");
    for value in asked {
        let _ = writeln!(text, "    {value},");
    }
    let mut known: Vec<&String> = asked.iter().collect();
    for (value, reason) in declared {
        if !known.contains(&value) {
            let reason = reason.lines().next().unwrap_or_default();
            let _ = writeln!(text, "    # {reason}\n    {value},");
            known.push(value);
        }
    }
    text.push_str("]\n");
}

fn milliseconds(time: Duration) -> String {
    format!("{}ms", time.as_millis())
}
