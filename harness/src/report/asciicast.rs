//! asciicast v3: a run as a recording that asciinema plays, with a marker at each signal.

use super::junit::shown;
use crate::facts::EventKind;
use crate::report::terminal::text::command_line;
use crate::session::{Case, Record, Results};
use serde_json::json;

/// A terminal that a run on pipes would have had.
const USUAL_SIZE: (u16, u16) = (24, 80);

/// The recording of the run that shows the worst case best; `None` when no run was kept.
pub fn asciicast(results: &Results) -> Option<String> {
    let case = results
        .cases
        .iter()
        .rev() // of equals the first is taken
        .filter(|case| !case.runs.is_empty())
        .max_by_key(|case| case.verdict)?;
    Some(recording(case, shown(case)?, results.tool.at_unix_s))
}

fn recording(case: &Case, record: &Record, at_unix_s: u64) -> String {
    let (rows, columns) = record
        .terminal
        .as_ref()
        .map_or(USUAL_SIZE, |terminal| terminal.size);
    let on_pipes = record.terminal.is_none();
    let header = json!({
        "version": 3,
        "term": { "cols": columns, "rows": rows, "type": "xterm-256color" },
        "timestamp": at_unix_s,
        "command": command_line(&case.command),
        "title": format!("{}: {}", case.name, record.title),
    });
    let mut lines = vec![header.to_string()];
    let mut before_us = 0;
    let mut line = |at_ns: u64, code: &str, data: String| {
        // Rounded as a point in time, not as an interval: errors do not add up.
        let at_us = (at_ns / 1000).max(before_us);
        let interval = (at_us - before_us) as f64 / 1e6;
        before_us = at_us;
        lines.push(json!([interval, code, data]).to_string());
    };
    for event in &record.events {
        match &event.what {
            EventKind::Output { bytes, .. } => {
                let text = String::from_utf8_lossy(bytes);
                // A terminal makes CR LF of the LF that a program writes; a pipe does not.
                let text = if on_pipes {
                    text.replace('\n', "\r\n")
                } else {
                    text.into_owned()
                };
                line(event.at_ns, "o", text);
            }
            EventKind::Fault { step, fault, .. } => {
                line(event.at_ns, "m", format!("#{} {fault}", step + 1));
            }
            _ => {}
        }
    }
    if let Some(status) = record.status {
        line(record.end_ns, "x", status.shell_code().to_string());
    }
    lines.join("\n") + "\n"
}
