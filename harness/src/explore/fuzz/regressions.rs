//! Failing schedules that are kept, and tried first by later sessions: one file for each target, to be read and
//! edited by people and to be kept under version control.

use super::report::FuzzFinding;
use crate::error::Error;
use crate::oracle::PointMap;
use crate::schedule::{Delivery, Schedule, Step, Trigger};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

const HEADER: &str = "\
# Schedules under which the command below failed, as `sigproof fuzz` found and shrank them. Later sessions try them first.
# Keep this file under version control; take an entry out when it is not wanted any more.
";

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct Regressions {
    path: PathBuf,
    document: Document,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    command: Vec<String>,
    #[serde(default, rename = "failure", skip_serializing_if = "Vec::is_empty")]
    failures: Vec<Entry>,
}

/// One failing schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) oracle: String,
    pub(crate) subject: String,
    /// What was wrong, in a sentence.
    pub(crate) text: String,
    /// As `sigproof run --signal` takes them.
    pub(crate) steps: Vec<String>,
    /// The seed of the session that found it.
    pub(crate) seed: u64,
}

/// The version of the format. Another version is refused, never guessed at.
const VERSION: u32 = 1;

/// Where the schedules of a command are kept unless told otherwise: `sigproof-regressions/PROGRAM-HASH.toml`. The hash
/// is that of the program's name and its arguments.
pub(crate) fn usual_path(command: &[String]) -> PathBuf {
    let program = command.first().map_or("", String::as_str);
    let program = program.rsplit('/').next().unwrap_or(program);
    let mut words = vec![program];
    words.extend(command.iter().skip(1).map(String::as_str));
    let hash = xxh3_64(words.join("\0").as_bytes()) as u32;
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = program.chars().map(plain).collect();
    PathBuf::from("sigproof-regressions").join(format!("{name}-{hash:08x}.toml"))
}

impl Regressions {
    /// Reads a file; one that is not there is empty.
    ///
    /// # Errors
    /// A file that cannot be read, or is none of these.
    pub(crate) fn read(path: &Path, command: &[String]) -> Result<Regressions, Error> {
        let shown = path.display();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Regressions {
                    path: path.to_owned(),
                    document: Document {
                        version: VERSION,
                        command: command.to_vec(),
                        failures: Vec::new(),
                    },
                });
            }
            Err(error) => return Err(Error::usage(format!("{shown}: {error}"))),
        };
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let wrong = |error: toml::de::Error| Error::usage(format!("{shown}: {error}"));
        let found: Version = toml::from_str(&text).map_err(wrong)?;
        if found.version != VERSION {
            return Err(Error::usage(format!(
                "{shown} is of format version {}, this sigproof reads version {VERSION}",
                found.version
            )));
        }
        Ok(Regressions {
            path: path.to_owned(),
            document: toml::from_str(&text).map_err(wrong)?,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The command that the file was made for, when it is not this one.
    pub(crate) fn made_for_another(&self, command: &[String]) -> Option<String> {
        let name = |words: &[String]| {
            let mut words = words.to_vec();
            if let Some(program) = words.first_mut() {
                *program = program.rsplit('/').next().unwrap_or(program).to_owned();
            }
            words
        };
        (name(&self.document.command) != name(command)).then(|| self.document.command.join(" "))
    }

    /// What is kept, as it can be run: a schedule that begins at a point of this recording finds it as exactly as one.
    ///
    /// # Errors
    /// A step that cannot be read.
    pub(crate) fn schedules(&self, points: &PointMap) -> Result<Vec<(Entry, Schedule)>, Error> {
        let one = |(place, entry): (usize, &Entry)| {
            let steps = entry.steps.iter().map(|text| {
                Step::parse(text, |signal| Delivery::usual(signal, false)).map_err(|error| {
                    Error::usage(format!(
                        "{}: failure {}: {error}",
                        self.path.display(),
                        place + 1
                    ))
                })
            });
            let mut steps = steps.collect::<Result<Vec<Step>, Error>>()?;
            // Behind a fault the target makes other calls, of the same names.
            if let Some(first) = steps.first_mut() {
                *first = exact(first, points);
            }
            Ok((entry.clone(), Schedule { steps }))
        };
        self.document.failures.iter().enumerate().map(one).collect()
    }

    /// Keeps a finding. False when it is there already, or cannot be written in words.
    pub(crate) fn add(&mut self, found: &FuzzFinding, seed: u64) -> bool {
        let finding = &found.finding;
        let steps: Vec<String> = finding
            .schedule
            .steps
            .iter()
            .map(ToString::to_string)
            .collect();
        let readable = |text: &String| {
            Step::parse(text, |_| Delivery::Group).is_ok_and(|step| step.to_string() == *text)
        };
        let failures = &mut self.document.failures;
        let known = |entry: &Entry| {
            (entry.oracle.as_str(), &entry.subject) == (finding.oracle, &finding.subject)
                && entry.steps == steps
        };
        // Behind a fault a point and the call of its name can be two.
        let later = finding.schedule.steps.iter().skip(1);
        let mut points = later.filter(|step| matches!(step.trigger, Trigger::Point { .. }));
        if points.next().is_some() || !steps.iter().all(readable) || failures.iter().any(known) {
            return false;
        }
        failures.push(Entry {
            oracle: finding.oracle.to_owned(),
            subject: finding.subject.clone(),
            text: finding.text.clone(),
            steps,
            seed,
        });
        true
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// Those of writing a file.
    pub(crate) fn write(&self) -> io::Result<()> {
        let text = toml::to_string_pretty(&self.document).map_err(io::Error::other)?;
        if let Some(directory) = self.path.parent() {
            fs::create_dir_all(directory)?;
        }
        let part = self.path.with_extension("toml.part");
        let written = fs::write(&part, format!("{HEADER}{text}"))
            .and_then(|()| fs::rename(&part, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }
}

/// The same step at the point of the recording that its call names.
fn exact(step: &Step, points: &PointMap) -> Step {
    if !matches!(step.trigger, Trigger::Call(_)) || step.fault.is_of_call() {
        return step.clone();
    }
    let text = step.trigger.to_string();
    let named = points.points.iter().map(|point| Trigger::Point {
        name: point.name.clone(),
        key: point.key.clone(),
    });
    let trigger = named
        .into_iter()
        .find(|trigger| trigger.to_string() == text);
    Step {
        trigger: trigger.unwrap_or_else(|| step.trigger.clone()),
        ..step.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::finding::Finding;

    fn found(steps: &[&str]) -> FuzzFinding {
        let step = |text: &&str| Step::parse(text, |_| Delivery::Group).unwrap();
        let schedule = Schedule {
            steps: steps.iter().map(step).collect(),
        };
        FuzzFinding {
            finding: Finding {
                oracle: "leftovers",
                subject: "a \"b\".tmp".into(),
                text: "it is left behind".into(),
                points: Vec::new(),
                last: None,
                count: 1,
                quiet: 0,
                schedule: schedule.clone(),
                seen: (5, 5),
                accept: None,
                unconfirmed: false,
                before_ready: false,
                at_start: false,
                file: None,
                places: Vec::new(),
                moment: None,
                trial: None,
            },
            run: 3,
            original: schedule,
            shrinking: 9,
            kept: None,
        }
    }

    fn command() -> Vec<String> {
        vec!["/bin/x y".into(), "-v".into()]
    }

    #[test]
    fn what_is_kept_comes_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/x.toml");
        let mut kept = Regressions::read(&path, &command()).unwrap();
        let steps = ["INT:group@call:x:write(a b)#2@exit", "INT:group@+50us"];
        assert!(kept.add(&found(&steps), 42));
        assert!(!kept.add(&found(&steps), 43), "it is kept once");
        assert!(kept.add(&found(&steps[..1]), 44));
        kept.write().unwrap();
        let again = Regressions::read(&path, &command()).unwrap();
        assert_eq!(again.document, kept.document);
        let schedules = again.schedules(&PointMap::default()).unwrap();
        assert_eq!(schedules[0].1, found(&steps).original);
        assert_eq!(schedules[0].0.seed, 42);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# Schedules"), "{text}");
        assert!(
            again
                .made_for_another(&["x y".into(), "-v".into()])
                .is_none()
        );
        assert!(again.made_for_another(&["x y".into()]).is_some());
    }

    #[test]
    fn what_is_none_is_refused_with_a_reason() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.toml");
        for (text, reason) in [
            ("hello", "x.toml"),
            ("version = 9", "format version 9"),
            ("version = 1\ncommand = []\ncolour = 1", "colour"),
            (
                "version = 1\ncommand = []\n[[failure]]\noracle = \"o\"\nsubject = \"s\"\ntext = \"t\"\nseed = 1\nsteps = [\"INT@nowhere:\"]",
                "failure 1",
            ),
        ] {
            fs::write(&path, text).unwrap();
            let read = Regressions::read(&path, &command());
            let error = read.and_then(|read| read.schedules(&PointMap::default()));
            let error = error.unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_command_has_a_file_of_its_own() {
        let path = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            usual_path(&words).display().to_string()
        };
        assert!(path(&["/bin/a b", "-v"]).starts_with("sigproof-regressions/a_b-"));
        assert_eq!(path(&["/bin/a", "-v"]), path(&["./a", "-v"]));
        assert_ne!(path(&["a", "-v"]), path(&["a", "-w"]));
    }
}
