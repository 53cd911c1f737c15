//! How points came into a plan that no recording has: pairs of points, and moments between calls.

/// How a plan of pairs came about.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pairs {
    /// First points.
    pub firsts: usize,
    /// First points that others of their class stand for.
    #[serde(default)]
    pub of_class: usize,
    /// First points after which the target does what it does after others of their class.
    pub alike: usize,
    /// First points after which it makes no call at all: it is dead.
    pub ended: usize,
    /// First points after which it could not be recorded.
    pub unrecorded: usize,
}

impl Pairs {
    /// How they came about, for the end of a sentence.
    pub fn words(&self) -> String {
        let mut words = format!("; from {} first points", self.firsts);
        for (number, what) in [
            (self.of_class, "are represented by others of their class"),
            (
                self.alike,
                "are followed by the same calls as others of their class",
            ),
            (self.ended, "are followed by no such call"),
            (self.unrecorded, "could not be recorded"),
        ] {
            if number > 0 {
                words.push_str(&format!(", of which {number} {what}"));
            }
        }
        words
    }
}

/// Calls without an effect at which a handler could interrupt the C library.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QuietTries {
    /// Those that were tried.
    pub tried: usize,
    /// Those that were to be tried.
    pub planned: usize,
    /// Other kinds of them, which were not.
    pub left_out: usize,
}

impl QuietTries {
    /// What was done, in words; `None` when there was nothing to do.
    pub fn words(&self) -> Option<String> {
        let calls = match self.planned {
            0 => return None,
            1 => "1 call".to_owned(),
            planned => format!("{planned} calls"),
        };
        let mut words = format!(
            "where a handler is installed: {} of {calls} without an effect tried",
            self.tried
        );
        if self.left_out > 0 {
            words.push_str(&format!(" (--all tries {} more kinds)", self.left_out));
        }
        Some(words)
    }
}

/// How moments between calls came into a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct InstructionPoints {
    /// Windows from a call to the next one that were stepped through.
    pub windows: usize,
    /// Instructions in all of them.
    pub instructions: u64,
    /// Instructions at which the fault is tried.
    pub chosen: usize,
    /// Windows whose length could not be found out.
    pub unmeasured: usize,
    /// Points after which no thread was stepped, because others of their class were.
    #[serde(default)]
    pub of_class: usize,
}

impl InstructionPoints {
    /// How they came about, for the end of a sentence.
    pub fn words(&self) -> String {
        let mut words = format!(
            "; {} of them between calls, of {} instructions in {} windows",
            self.chosen, self.instructions, self.windows
        );
        if self.unmeasured > 0 {
            words.push_str(&format!(
                "; {} windows could not be measured",
                self.unmeasured
            ));
        }
        if self.of_class > 0 {
            words.push_str(&format!(
                "; after {} points others of their class are stepped from",
                self.of_class
            ));
        }
        words
    }
}
