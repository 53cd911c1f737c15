//! `cargo ci bench`: all rows as one table.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sigproof_benches::judge::{Judged, judge};
use sigproof_benches::row::Row;
use sigproof_benches::{readme, suite, table};

const USAGE: &str = "\
Measures sigproof-core beside its peers and prints a table in Markdown.

Usage: beside-peers [OPTION…] [ROW…]    the rows named; without any, all
       --effort FACTOR                  so many times the usual rounds (1)
       --out FILE                       writes the table there as well
       --readme                         puts it into docs/benchmarks.md as well
       --list                           the rows
       --help                           this text
";

fn main() -> ExitCode {
    let outcome = suite::rows().map_err(|error| error.to_string());
    match outcome.and_then(|rows| run(rows, &Arguments::read(env::args().skip(1))?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("beside-peers: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Arguments {
    effort: Option<f64>,
    out: Option<PathBuf>,
    readme: bool,
    list: bool,
    help: bool,
    rows: Vec<String>,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut read = Arguments::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value"));
            match word.as_str() {
                "--effort" => {
                    let text = value()?;
                    let factor = text.parse().ok().filter(|&factor| factor > 0.0);
                    read.effort = Some(factor.ok_or(format!("--effort {text}: no factor"))?);
                }
                "--out" => read.out = Some(value()?.into()),
                "--readme" => read.readme = true,
                "--list" => read.list = true,
                "--help" | "-h" => read.help = true,
                option if option.starts_with('-') => {
                    return Err(format!("no such option: {option}\n\n{USAGE}"));
                }
                row => read.rows.push(row.to_owned()),
            }
        }
        Ok(read)
    }
}

fn run(mut rows: Vec<Row>, arguments: &Arguments) -> Result<(), String> {
    if arguments.help {
        print!("{USAGE}");
        return Ok(());
    }
    if arguments.list {
        for row in &rows {
            println!("{:14} {}", row.name, row.what);
        }
        return Ok(());
    }
    if let Some(unknown) = unknown(&rows, &arguments.rows) {
        return Err(format!("no such row: {unknown}; --list shows them"));
    }
    if arguments.readme && !arguments.rows.is_empty() {
        return Err("--readme wants all rows".to_owned());
    }
    rows.retain(|row| {
        arguments.rows.is_empty() || arguments.rows.iter().any(|name| name == row.name)
    });
    let lines =
        measure(rows, arguments.effort.unwrap_or(1.0)).map_err(|error| error.to_string())?;
    let text = format!(
        "{}\nMeasured on: {}.\n",
        table::markdown(&lines),
        table::machine()
    );
    print!("{text}");
    if let Some(path) = &arguments.out {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|error| about(directory, &error))?;
        }
        write(path, &text)?;
    }
    if arguments.readme {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
        let before = fs::read_to_string(&path).map_err(|error| about(&path, &error))?;
        let after = readme::with_table(&before, &text)
            .map_err(|error| format!("docs/benchmarks.md: {error}"))?;
        write(&path, &after)?;
    }
    Ok(())
}

fn unknown<'names>(rows: &[Row], names: &'names [String]) -> Option<&'names String> {
    names
        .iter()
        .find(|name| rows.iter().all(|row| row.name != name.as_str()))
}

/// Measures the rows one after the other. A row that cannot be measured fails
/// the whole: a table with a gap would be taken for complete.
fn measure(rows: Vec<Row>, effort: f64) -> io::Result<Vec<Judged>> {
    let mut lines = Vec::new();
    for mut row in rows {
        eprintln!("measuring {}", row.what);
        let measured = row.measure(effort)?;
        lines.extend(judge(&row, &measured));
        // Dropped before the next one: it may have processes and threads.
    }
    Ok(lines)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| about(path, &error))
}

fn about(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
