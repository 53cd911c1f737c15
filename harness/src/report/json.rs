//! JSON Lines: one object a line, each with the format's version and a type.

use super::terminal::timeline::timeline_lines;
use crate::session::{
    Case, Finding, Heading, Kind, ListedPoint, Method, OracleResult, OracleVerdict, Results,
};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// The version of the format; it rises when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// Writes lines as they come.
pub struct Json<W> {
    to: W,
}

impl<W: Write> Json<W> {
    /// Writes to this.
    pub fn new(to: W) -> Json<W> {
        Json { to }
    }

    fn line(&mut self, kind: &str, mut fields: Value) -> io::Result<()> {
        let mut object = json!({ "version": VERSION, "type": kind });
        if let (Some(object), Some(fields)) = (object.as_object_mut(), fields.as_object_mut()) {
            object.append(fields);
        }
        writeln!(self.to, "{object}")?;
        self.to.flush()
    }

    /// What a session is going to do.
    pub fn plan(&mut self, heading: &Heading) -> io::Result<()> {
        let mut fields = json!({
            "command": heading.command,
            "baseline_ns": heading.baseline_ns,
            "baseline_status": heading.baseline_status,
            "points": heading.points,
            "runs": heading.runs,
            "classes": heading.classes.map(|(classes, _)| classes),
            "exhaustive": heading.classes.map(|(_, method)| method == Method::Exhaustive),
            "estimate_ns": heading.estimate.map(|time| time.as_nanos() as u64),
        });
        if let Some(seed) = heading.seed {
            fields["time_ns"] = json!(heading.time.map(|time| time.as_nanos() as u64));
            fields["seed"] = json!(seed);
        }
        self.line("plan", fields)
    }

    /// Everything that a finished session has to say, its end as the last line.
    pub fn session(&mut self, case: &Case) -> io::Result<()> {
        match case.kind {
            Kind::Sweep => {
                self.findings(case)?;
                self.line("summary", sweep_fields(case))
            }
            Kind::Fuzz => {
                self.findings(case)?;
                self.line("summary", fuzz_fields(case))
            }
            Kind::Run => self.run(case),
            Kind::Replay => self.line("replay", replay_fields(case)),
            Kind::Minimize => self.line("minimised", minimize_fields(case)),
        }
    }

    fn findings(&mut self, case: &Case) -> io::Result<()> {
        for finding in &case.findings {
            self.line("finding", finding_fields(case, finding))?;
        }
        Ok(())
    }

    /// One run: its events, what each oracle says, and its end.
    fn run(&mut self, case: &Case) -> io::Result<()> {
        let shown = case.shown.as_ref().map(|shown| &shown.run);
        for event in shown.iter().flat_map(|run| &run.events) {
            let fields = json!({ "at_ns": event.at_ns, "event": event.what });
            self.line("event", fields)?;
        }
        for oracle in oracle_fields(case) {
            self.line("verdict", oracle)?;
        }
        let file = case
            .findings
            .iter()
            .find_map(|finding| finding.file.as_ref());
        let mut fields = end_fields(case);
        fields["file"] = json!(file);
        if let Some(run) = shown {
            fields["status"] = json!(run.status);
            fields["end_ns"] = json!(run.end_ns);
            fields["fired_ns"] = json!(run.fired_ns);
            fields["inapplicable"] = json!(run.inapplicable);
            fields["usage"] = json!(run.usage);
            fields["tree"] = json!(run.tree);
            fields["orphans"] = json!(run.orphans);
            fields["limits"] = json!(run.limits);
            fields["timeline"] = json!(timeline_lines(&run.events));
        }
        fields["notes"] = json!(case.notes);
        fields["not_followed"] = json!(case.not_followed);
        self.line("run", fields)
    }

    /// One point of the list, with the stack of the thread that comes by when that is known.
    pub fn point(&mut self, point: &ListedPoint) -> io::Result<()> {
        self.line(
            "point",
            json!({
                "name": point.name.to_string(),
                "role": point.name.process,
                "process": point.process,
                "thread": point.thread,
                "call": point.name.call,
                "argument": point.name.arg,
                "ordinal": point.name.ordinal,
                "phase": point.name.phase,
                "at_ns": point.at_ns,
                "steady": point.steady,
                "idle": point.idle,
                "blocks": point.blocks,
                "changes": point.changes,
                "in": point.function,
                "stack": point.stack,
            }),
        )
    }

    /// Something that was done and that no point tells.
    pub fn not_followed(&mut self, what: &str) -> io::Result<()> {
        self.line("not_followed", json!({ "text": what }))
    }

    /// One scenario, without its runs and points: those are in the results file.
    pub fn case(&mut self, case: &Case) -> io::Result<()> {
        let mut fields = json!(case);
        if let Some(object) = fields.as_object_mut() {
            object.retain(|key, _| !matches!(key.as_str(), "runs" | "points" | "baseline"));
        }
        for (index, finding) in case.findings.iter().enumerate() {
            fields["findings"][index]["timeline"] = json!(timeline_of(case, finding));
        }
        self.line("case", fields)
    }

    /// The end of several scenarios.
    pub fn verdict(&mut self, results: &Results) -> io::Result<()> {
        self.line(
            "verdict",
            json!({
                "exit_code": results.exit_code(),
                "verdict": results.verdict(),
                "cases": results.cases.len(),
            }),
        )
    }

    /// An error.
    pub fn error(&mut self, text: &str, exit_code: u8) -> io::Result<()> {
        self.line("error", json!({ "exit_code": exit_code, "text": text }))
    }
}

/// What the last line of every session has.
fn end_fields(case: &Case) -> Value {
    json!({ "exit_code": case.exit_code(), "verdict": case.verdict })
}

/// What the last line of a session of many runs has.
fn search_fields(case: &Case) -> Value {
    let mut fields = end_fields(case);
    let limits = case.limits.iter();
    let limits: Map<String, Value> = limits
        .map(|limit| (limit.text.clone(), json!(limit.runs)))
        .collect();
    fields["findings"] = json!(case.counted().count());
    fields["elapsed_ns"] = json!(case.times.elapsed_ns);
    fields["unjudged"] = json!(case.unjudged());
    fields["limits"] = Value::Object(limits);
    fields["notes"] = json!(case.notes);
    fields["not_followed"] = json!(case.not_followed);
    fields["failed_runs"] = json!(case.failed_runs);
    if let Some(coverage) = &case.coverage {
        fields["points_found"] = json!(coverage.found);
        fields["points_tried"] = json!(coverage.tried);
        fields["runs"] = json!(coverage.runs);
    }
    fields
}

fn sweep_fields(case: &Case) -> Value {
    let mut fields = search_fields(case);
    fields["sweeping_ns"] = json!(case.times.sweeping_ns);
    fields["target_ns"] = json!(case.times.target_ns);
    if let Some(coverage) = &case.coverage {
        // Of pairs there are no shares.
        let shares = coverage.pairs.is_none();
        fields["coverage"] = json!(coverage.ratio());
        fields["by_call"] = json!(shares.then_some(&coverage.by_call));
        fields["by_function"] = json!(shares.then_some(&coverage.by_function));
        fields["not_reached"] = json!(coverage.unreached);
        fields["left_out"] = json!(coverage.left_out);
        fields["by_class"] = json!(coverage.by_class);
        fields["unsteady"] = json!(coverage.unsteady);
        fields["represented"] = json!(coverage.represented);
        fields["untried"] = json!(coverage.untried);
        fields["not_met_again"] = json!(coverage.not_met_again);
        fields["classes"] = json!(coverage.classes);
        fields["classes_tried"] = json!(coverage.classes_tried);
        fields["quiet"] = json!(coverage.quiet);
        fields["exhaustive"] = json!(coverage.exhaustive);
        fields["cut_short"] = json!(coverage.cut_short);
        fields["shard"] = json!(case.shard);
        fields["elsewhere"] = json!(coverage.elsewhere);
        fields["classes_elsewhere"] = json!(coverage.classes_elsewhere);
        fields["between"] = json!(coverage.between);
        fields["pairs"] = json!(coverage.pairs);
    }
    fields
}

fn fuzz_fields(case: &Case) -> Value {
    let mut fields = search_fields(case);
    fields["searching_ns"] = json!(case.times.sweeping_ns);
    if let Some(fuzz) = &case.fuzz {
        fields["seed"] = json!(fuzz.seed);
        fields["ended"] = json!(fuzz.ended);
        fields["repeats"] = json!(fuzz.repeats);
        fields["unstruck"] = json!(fuzz.unstruck);
        fields["points_later"] = json!(fuzz.points_later);
        fields["pairs"] = json!(fuzz.pairs);
        fields["regressions"] = json!(fuzz.regressions);
    }
    fields
}

fn replay_fields(case: &Case) -> Value {
    let mut fields = end_fields(case);
    fields["notes"] = json!(case.notes);
    if let Some(replay) = &case.replay {
        fields["shown"] = json!(replay.shown);
        fields["reached"] = json!(replay.reached);
        fields["times"] = json!(replay.times);
    }
    fields
}

fn minimize_fields(case: &Case) -> Value {
    let mut fields = end_fields(case);
    fields["command"] = json!(case.command);
    fields["notes"] = json!(case.notes);
    if let Some(minimize) = &case.minimize {
        fields["file"] = json!(minimize.file);
        fields["dropped"] = json!(minimize.dropped);
        fields["schedule"] = json!(minimize.schedule);
        fields["seen"] = json!(minimize.seen);
        fields["times"] = json!(minimize.times);
        fields["confirmed"] = json!(minimize.confirmed);
        fields["of"] = json!(minimize.of);
        fields["runs"] = json!(minimize.runs);
    }
    fields
}

/// What happened in the run that shows it, as lines to be printed; `None` when no such run was kept.
fn timeline_of(case: &Case, finding: &Finding) -> Option<Vec<String>> {
    let run = case.runs.get(finding.run?)?;
    Some(timeline_lines(&run.events))
}

fn finding_fields(case: &Case, finding: &Finding) -> Value {
    let mut fields = json!({
        "oracle": finding.oracle,
        "subject": finding.subject,
        "text": finding.text,
        "count": finding.count,
        "points": finding.names,
        "first": finding.first.as_deref().unwrap_or_default(),
        "last": finding.last,
        "moment": finding.moment,
        "between": finding.between.as_ref().map(|between| &between.text),
        "seen": finding.seen,
        "times": finding.times,
        "flaky": finding.flaky,
        "unconfirmed": finding.unconfirmed,
        "accept": finding.accept,
        "before_ready": finding.before_ready,
        "at_start": finding.at_start,
        "file": finding.file,
        "replay": finding.replay,
        "timeline": timeline_of(case, finding),
    });
    if let Some(fuzz) = &finding.fuzz {
        fields["schedule"] = json!(fuzz.schedule);
        fields["original"] = json!(fuzz.original);
        fields["run"] = json!(fuzz.run);
        fields["shrinking"] = json!(fuzz.shrinking);
        fields["kept"] = json!(fuzz.kept);
    }
    fields
}

/// What each oracle says of a run, with what it found and how often that showed.
fn oracle_fields(case: &Case) -> Vec<Value> {
    let oracle = |oracle: &OracleResult| {
        let mut fields = json!({ "oracle": oracle.name, "verdict": oracle.verdict });
        match oracle.verdict {
            OracleVerdict::Holds => {}
            OracleVerdict::NotApplicable => fields["reason"] = json!(oracle.reason),
            OracleVerdict::Violated | OracleVerdict::Flaky => {
                let found = case.findings.iter();
                let found = found.filter(|finding| finding.oracle == oracle.name);
                fields["evidence"] = found.map(evidence_fields).collect();
            }
        }
        fields
    };
    case.oracles.iter().map(oracle).collect()
}

fn evidence_fields(finding: &Finding) -> Value {
    json!({
        "subject": finding.subject,
        "text": finding.text,
        "seen": finding.seen,
        "times": finding.times,
        "flaky": finding.flaky,
        "file": finding.file,
    })
}
