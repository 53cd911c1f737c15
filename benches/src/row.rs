//! Rows: what is measured, and the rounds in which contenders take turns.

use std::fmt;
use std::io;

use crate::stats::{median, percentile};

/// Measures `count` repetitions of something; gives nanoseconds, one sample
/// for each repetition, or one mean for all where a clock between two of them
/// would cost more than they do.
pub type Work = Box<dyn FnMut(u32) -> io::Result<Vec<f64>>>;

/// One of those that take turns.
pub struct Contender {
    /// As the table names it.
    pub name: &'static str,
    /// What it does in a round.
    pub work: Work,
}

impl Contender {
    /// A contender that does `work`.
    pub fn new(
        name: &'static str,
        work: impl FnMut(u32) -> io::Result<Vec<f64>> + 'static,
    ) -> Contender {
        Contender {
            name,
            work: Box::new(work),
        }
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contender").field(&self.name).finish()
    }
}

/// A number that stands for all samples of a contender.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The percentile (0 to 1) of each round, and the median of those.
    Rounds(f64),
    /// The percentile (0 to 1) of all samples together: for ones so rare that
    /// a single round does not show them.
    All(f64),
}

/// What a line of the table has to keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// At most so many times the fastest peer.
    Fastest(f64),
    /// At most so many times the peer of this name.
    Peer(f64, &'static str),
    /// At most so many nanoseconds.
    Limit(f64),
    /// Nothing: the line is there for comparison.
    None,
}

/// One line of the table; a row may have several.
#[derive(Clone, Debug)]
pub struct Line {
    /// Added to the name of the row, for instance `p99`; may be empty.
    pub label: &'static str,
    /// Which number is shown.
    pub statistic: Statistic,
    /// What it is held against.
    pub bar: Bar,
    /// The measured reason why the bar cannot be met, shown where it is not;
    /// empty while it is.
    pub reason: &'static str,
}

impl Line {
    /// The median of the rounds' medians, held against `bar`.
    #[must_use]
    pub fn median(bar: Bar) -> Line {
        Line {
            label: "",
            statistic: Statistic::Rounds(0.5),
            bar,
            reason: "",
        }
    }

    /// A line with this label for another number.
    #[must_use]
    pub fn of(label: &'static str, statistic: Statistic, bar: Bar) -> Line {
        Line {
            label,
            statistic,
            bar,
            reason: "",
        }
    }

    /// Says why the bar cannot be met.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Line {
        self.reason = reason;
        self
    }
}

/// Something to measure.
#[derive(Debug)]
pub struct Row {
    /// A word to ask for it.
    pub name: &'static str,
    /// What it is, for people.
    pub what: &'static str,
    /// How many rounds.
    pub rounds: u32,
    /// How many repetitions make a round.
    pub count: u32,
    /// Those that take turns, ours first.
    pub contenders: Vec<Contender>,
    /// The lines that it gives.
    pub lines: Vec<Line>,
}

/// The samples of one contender, round by round, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Who.
    pub name: &'static str,
    /// Its rounds.
    pub rounds: Vec<Vec<f64>>,
}

impl Measured {
    /// The number that stands for all of them; `None` without samples.
    #[must_use]
    pub fn value(&self, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Rounds(share) => {
                let of_rounds = |round: &Vec<f64>| percentile(round, share);
                median(&self.rounds.iter().filter_map(of_rounds).collect::<Vec<_>>())
            }
            Statistic::All(share) => percentile(&self.rounds.concat(), share),
        }
    }

    /// How many times the number of `other` ours is. For a number of rounds it
    /// is the median of the ratios in each round: a processor that changes its
    /// clock half-way then moves neither.
    #[must_use]
    pub fn ratio(&self, other: &Measured, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Rounds(share) => {
                let rounds = self.rounds.iter().zip(&other.rounds);
                let ratios = rounds.filter_map(|(ours, theirs)| {
                    Some(percentile(ours, share)? / percentile(theirs, share)?)
                });
                median(&ratios.collect::<Vec<_>>())
            }
            Statistic::All(_) => Some(self.value(statistic)? / other.value(statistic)?),
        }
    }
}

impl Row {
    /// Lets the contenders take turns, in another order in each round, and
    /// gives what was measured, in the order of the contenders. A round before
    /// the first, to warm up, does not count.
    ///
    /// # Errors
    /// The first one of a contender, with its name.
    pub fn measure(&mut self, effort: f64) -> io::Result<Vec<Measured>> {
        let rounds = (f64::from(self.rounds) * effort).ceil().max(1.0) as u32;
        let mut measured: Vec<Measured> = self
            .contenders
            .iter()
            .map(|contender| Measured {
                name: contender.name,
                rounds: Vec::new(),
            })
            .collect();
        let count = self.contenders.len();
        for round in 0..=rounds {
            for turn in 0..count {
                let index = (turn + round as usize) % count;
                let contender = &mut self.contenders[index];
                let samples = (contender.work)(self.count).map_err(|error| {
                    let (row, name) = (self.name, contender.name);
                    io::Error::new(error.kind(), format!("row {row}, {name}: {error}"))
                })?;
                if round > 0 {
                    measured[index].rounds.push(samples);
                }
            }
        }
        Ok(measured)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    #[test]
    fn a_bad_round_does_not_count_but_shows_among_all() {
        let measured = Measured {
            name: "ours",
            rounds: vec![vec![1.0, 2.0, 9.0], vec![2.0, 3.0, 9.0], vec![500.0; 3]],
        };
        assert_eq!(measured.value(Statistic::Rounds(0.5)), Some(3.0));
        assert_eq!(measured.value(Statistic::Rounds(1.0)), Some(9.0));
        assert_eq!(measured.value(Statistic::All(1.0)), Some(500.0));
    }

    #[test]
    fn a_ratio_is_that_of_neighbours() {
        let measured = |rounds: [f64; 5]| Measured {
            name: "",
            rounds: rounds.map(|sample| vec![sample; 3]).to_vec(),
        };
        // The clock slows down after two and a half rounds.
        let ours = measured([2.0, 2.0, 4.0, 4.0, 4.0]);
        let theirs = measured([1.0, 1.0, 1.0, 2.0, 2.0]);
        let median = Statistic::Rounds(0.5);
        assert_eq!(ours.ratio(&theirs, median), Some(2.0));
        assert_eq!(ours.value(median), Some(4.0));
        assert_eq!(theirs.value(median), Some(1.0));
        assert_eq!(ours.ratio(&theirs, Statistic::All(1.0)), Some(2.0));
    }

    #[test]
    fn contenders_take_turns_and_the_first_round_is_thrown_away() {
        let order = Rc::new(RefCell::new(String::new()));
        let contender = |name: &'static str| {
            let order = Rc::clone(&order);
            Contender::new(name, move |count| {
                order.borrow_mut().push_str(name);
                let turn = order.borrow().len();
                Ok(vec![turn as f64; count as usize])
            })
        };
        let mut row = Row {
            name: "row",
            what: "",
            rounds: 4,
            count: 2,
            contenders: vec![contender("a"), contender("b")],
            lines: Vec::new(),
        };
        let measured = row.measure(0.5).expect("no error");
        assert_eq!(*order.borrow(), "abbaab");
        assert_eq!(measured[0].rounds, [[4.0; 2], [5.0; 2]]);
        assert_eq!(measured[1].rounds, [[3.0; 2], [6.0; 2]]);
    }

    #[test]
    fn an_error_names_row_and_contender() {
        let mut row = Row {
            name: "row",
            what: "",
            rounds: 1,
            count: 1,
            contenders: vec![Contender::new("peer", |_| {
                Err(io::Error::other("no python3"))
            })],
            lines: Vec::new(),
        };
        let error = row.measure(1.0).expect_err("an error");
        assert_eq!(error.to_string(), "row row, peer: no python3");
    }
}
