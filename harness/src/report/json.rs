//! JSON Lines: one object a line, each with the format's version and a type.

use crate::explore::{
    CallSites, Finding, FuzzFinding, FuzzOptions, FuzzReport, Minimized, Plan, Replay,
    RunOnceReport, SweepReport,
};
use crate::oracle::{Baseline, Point};
use crate::schedule::Schedule;
use crate::session::{Case, Results};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::Path;

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

    /// What a sweep is going to do.
    pub fn plan(&mut self, command: &[String], baseline: &Baseline, plan: &Plan) -> io::Result<()> {
        self.line(
            "plan",
            json!({
                "command": command,
                "baseline_ns": baseline.duration_ns,
                "baseline_status": baseline.status,
                "points": baseline.points.points.len(),
                "runs": plan.planned.len(),
            }),
        )
    }

    /// What a fuzz session is going to do.
    pub fn fuzzing(
        &mut self,
        command: &[String],
        baseline: &Baseline,
        options: &FuzzOptions,
    ) -> io::Result<()> {
        self.line(
            "plan",
            json!({
                "command": command,
                "baseline_ns": baseline.duration_ns,
                "baseline_status": baseline.status,
                "points": baseline.points.points.len(),
                "runs": options.budget.runs,
                "time_ns": options.budget.time.map(|time| time.as_nanos() as u64),
                "seed": options.seed,
            }),
        )
    }

    /// One finding.
    pub fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.line("finding", finding_fields(finding))
    }

    /// One finding of a fuzz session.
    pub fn found(&mut self, found: &FuzzFinding) -> io::Result<()> {
        let texts = |schedule: &Schedule| -> Vec<String> {
            schedule.steps.iter().map(ToString::to_string).collect()
        };
        let mut fields = finding_fields(&found.finding);
        fields["schedule"] = json!(texts(&found.finding.schedule));
        fields["original"] = json!(texts(&found.original));
        fields["run"] = json!(found.run);
        fields["shrinking"] = json!(found.shrinking);
        fields["kept"] = json!(found.kept.is_some());
        self.line("finding", fields)
    }

    /// The end of a fuzz session.
    pub fn fuzzed(&mut self, report: &FuzzReport, exit_code: u8) -> io::Result<()> {
        self.line(
            "summary",
            json!({
                "exit_code": exit_code,
                "findings": report.found.len(),
                "seed": report.seed,
                "ended": report.ended,
                "runs": report.runs,
                "repeats": report.repeats,
                "unstruck": report.unstruck,
                "points_found": report.points_found,
                "points_tried": report.points_tried,
                "points_later": report.points_later,
                "pairs": report.pairs,
                "searching_ns": report.searching.as_nanos() as u64,
                "elapsed_ns": report.elapsed.as_nanos() as u64,
                "unjudged": report.unjudged,
                "limits": report.limits,
                "notes": report.notes,
                "failed_runs": report.failed_runs,
                "regressions": report.kept.as_ref().map(|kept| json!({
                    "file": kept.path,
                    "tried": kept.tried,
                    "shown": kept.shown,
                    "added": kept.added,
                })),
            }),
        )
    }

    /// The end of a sweep.
    pub fn summary(&mut self, report: &SweepReport, exit_code: u8) -> io::Result<()> {
        let not_reached: Vec<String> = report.not_reached.iter().map(ToString::to_string).collect();
        self.line(
            "summary",
            json!({
                "exit_code": exit_code,
                "findings": report.counted().count(),
                "points_found": report.points_found,
                "points_tried": report.points_tried,
                "coverage": report.coverage(),
                "by_call": report.covered.as_ref().map(|covered| &covered.by_call),
                "by_function": report.covered.as_ref().map(|covered| &covered.by_function),
                "not_reached": not_reached,
                "left_out": report.left_out,
                "by_class": report.by_class,
                "unsteady": report.unsteady,
                "cut_short": report.cut_short,
                "runs": report.runs,
                "sweeping_ns": report.sweeping.as_nanos() as u64,
                "target_ns": report.target.as_nanos() as u64,
                "elapsed_ns": report.elapsed.as_nanos() as u64,
                "unjudged": report.unjudged,
                "limits": report.limits,
                "notes": report.notes,
                "failed_runs": report.failed_runs,
                "between": report.between,
                "pairs": report.pairs,
            }),
        )
    }

    /// One run: its events, its verdicts and its end.
    pub fn run(&mut self, report: &RunOnceReport, exit_code: u8) -> io::Result<()> {
        let run = &report.trial.run;
        for event in &run.events {
            self.line(
                "event",
                json!({ "at_ns": event.at_ns, "event": event.what }),
            )?;
        }
        for judgement in &report.trial.judgements {
            self.line("verdict", json!(judgement))?;
        }
        self.line(
            "run",
            json!({
                "exit_code": exit_code,
                "status": run.status,
                "end_ns": run.end_ns,
                "fired_ns": run.fired_ns,
                "inapplicable": run.inapplicable,
                "usage": run.usage,
                "tree": run.tree,
                "orphans": run.orphans,
                "limits": run.limits,
                "file": report.file,
            }),
        )
    }

    /// One point of the map, with the stack of the thread that comes by when that is known.
    pub fn point(&mut self, point: &Point, sites: Option<&CallSites>) -> io::Result<()> {
        self.line(
            "point",
            json!({
                "name": point.name.to_string(),
                "process": point.name.process,
                "thread": point.name.thread,
                "call": point.name.call,
                "argument": point.name.arg,
                "ordinal": point.name.ordinal,
                "phase": point.name.phase,
                "at_ns": point.at_ns,
                "steady": point.steady,
                "idle": point.idle,
                "blocks": point.blocks,
                "changes": point.changes,
                "in": sites.and_then(|sites| sites.own(&point.key)).map(ToString::to_string),
                "stack": sites.map(|sites| sites.stack(&point.key)),
            }),
        )
    }

    /// The end of a replay.
    pub fn replay(&mut self, replay: &Replay, exit_code: u8) -> io::Result<()> {
        self.line(
            "replay",
            json!({
                "exit_code": exit_code,
                "shown": replay.shown,
                "reached": replay.reached,
                "times": replay.times,
                "notes": replay.notes,
            }),
        )
    }

    /// The end of a minimisation.
    pub fn minimised(
        &mut self,
        least: &Minimized,
        file: Option<&Path>,
        exit_code: u8,
    ) -> io::Result<()> {
        let steps = least.failure.schedule.steps.iter();
        self.line(
            "minimised",
            json!({
                "exit_code": exit_code,
                "file": file,
                "dropped": least.dropped,
                "command": least.failure.target.command,
                "schedule": steps.map(ToString::to_string).collect::<Vec<String>>(),
                "seen": least.seen.0,
                "times": least.seen.1,
                "confirmed": least.confirmed.0,
                "of": least.confirmed.1,
                "runs": least.runs,
                "notes": least.notes,
            }),
        )
    }

    /// One scenario, without its runs and points: those are in the results file.
    pub fn case(&mut self, case: &Case) -> io::Result<()> {
        let mut fields = json!(case);
        if let Some(object) = fields.as_object_mut() {
            object.retain(|key, _| !matches!(key.as_str(), "runs" | "points" | "baseline"));
        }
        self.line("case", fields)
    }

    /// The end of several scenarios.
    pub fn verdict(&mut self, results: &Results, exit_code: u8) -> io::Result<()> {
        self.line(
            "verdict",
            json!({
                "exit_code": exit_code,
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

fn finding_fields(finding: &Finding) -> Value {
    let points: Vec<String> = finding.points.iter().map(ToString::to_string).collect();
    json!({
        "oracle": finding.oracle,
        "subject": finding.subject,
        "text": finding.text,
        "count": finding.count,
        "points": points,
        "first": finding.first(),
        "moment": finding.moment,
        "between": finding.moment.as_ref().map(ToString::to_string),
        "seen": finding.seen.0,
        "times": finding.seen.1,
        "flaky": finding.flaky(),
        "before_ready": finding.before_ready,
        "file": finding.file,
    })
}
