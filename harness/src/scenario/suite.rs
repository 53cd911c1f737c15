//! Playing many scenarios, several at a time.

use super::runner::Runner;
use crate::error::Error;
use crate::scenario::document::read::{Action, Scenario};
use crate::session::{Case, Kind, Shortfall};
use sigproof_core::{Outcome, StopToken, ThreadPool};
use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

/// What happens meanwhile.
pub enum Played<'a> {
    /// A scenario was begun.
    Began(&'a str),
    /// Runs of a sweep were done.
    Ran {
        /// The scenario.
        name: &'a str,
        /// Runs done.
        done: usize,
        /// Runs planned.
        total: usize,
    },
    /// A scenario is done.
    Finished(&'a Case),
}

/// The exit code of a case that we could not carry out.
const HARNESS: u8 = 3;

enum News {
    Began(usize),
    Ran(usize, usize, usize),
    Finished(usize, Box<Case>),
}

/// Plays scenarios, `jobs` at a time. `token` stops it: scenarios that were not
/// begun are not played; of a sweep that goes on, what was found so far is told.
/// Answers the cases in the order of the scenarios, and whether it was cut short.
pub fn play_all(
    player: &Runner,
    scenarios: Vec<Scenario>,
    jobs: usize,
    token: &StopToken,
    mut each: impl FnMut(Played<'_>),
) -> (Vec<Case>, bool) {
    let jobs = jobs.max(1);
    let player = Runner {
        // Few scenarios leave processors to the sweeps among them.
        jobs: jobs.div_ceil(scenarios.len().max(1)),
        ..player.clone()
    };
    let names: Vec<String> = scenarios
        .iter()
        .map(|scenario| scenario.name.clone())
        .collect();
    let blanks: Vec<Case> = scenarios.iter().map(blank).collect();
    let (sender, news) = channel::<News>();
    let count = scenarios.len();
    let scenarios = Arc::new(scenarios);
    let mut finished: BTreeMap<usize, Case> = BTreeMap::new();
    std::thread::scope(|threads| {
        let blanks = &blanks;
        threads.spawn(move || {
            let pool = ThreadPool::new(token).workers(jobs.min(count.max(1)));
            let stop = token.clone();
            let tell = sender.clone();
            let sender = Mutex::new(sender);
            let work = move |index: usize, _: &StopToken| {
                let told = sender.lock().map_err(|_| Error::interrupted())?.clone();
                Ok(one(&player, &scenarios[index], index, &stop, &told)?)
            };
            for (index, outcome) in pool
                .map(0..count, work)
                .into_outcomes()
                .into_iter()
                .enumerate()
            {
                if let Outcome::Failed(failure) = outcome {
                    let blank = &blanks[index];
                    let words = failure.to_string();
                    let case =
                        Case::failed(&blank.name, blank.kind, &blank.command, &words, HARNESS);
                    let _ = tell.send(News::Finished(index, Box::new(case)));
                }
            }
        });
        for news in news {
            match news {
                News::Began(index) => each(Played::Began(&names[index])),
                News::Ran(index, done, total) => each(Played::Ran {
                    name: &names[index],
                    done,
                    total,
                }),
                News::Finished(index, case) => {
                    each(Played::Finished(&case));
                    finished.insert(index, *case);
                }
            }
        }
    });
    let cut_short = finished.len() < names.len();
    let cases = blanks
        .into_iter()
        .enumerate()
        .map(|(index, blank)| finished.remove(&index).unwrap_or(blank))
        .collect();
    (cases, cut_short)
}

fn one(
    player: &Runner,
    scenario: &Scenario,
    index: usize,
    token: &StopToken,
    told: &Sender<News>,
) -> Result<(), Error> {
    // Who listens stays until everybody is done.
    let _ = told.send(News::Began(index));
    let case = player.play(scenario, token, |done, total| {
        let _ = told.send(News::Ran(index, done, total));
    })?;
    let _ = told.send(News::Finished(index, Box::new(case)));
    Ok(())
}

/// The case of a scenario that was not played to its end.
fn blank(scenario: &Scenario) -> Case {
    let kind = match scenario.act {
        Action::Run { .. } => Kind::Run,
        Action::Sweep(_) => Kind::Sweep,
        Action::Fuzz(_) => Kind::Fuzz,
    };
    let mut case = Case::new(&scenario.name, kind, &scenario.command());
    case.shortfalls.push(Shortfall::Interrupted);
    case.file = Some(scenario.path.display().to_string());
    case.notes.push("interrupted before it was done".to_owned());
    case.judged()
}
