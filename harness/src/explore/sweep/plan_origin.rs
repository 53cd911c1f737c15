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
