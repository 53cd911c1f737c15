//! The run that the page of a run or a replay shows whole. It is not stored: a results file holds bounded records.

use crate::facts::Run;
use crate::target::Screen;

/// One run with all of its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRun {
    /// Its facts.
    pub run: Run,
    /// The lines of its screen at the end; `None` on pipes.
    pub screen: Option<Vec<String>>,
}

impl ShownRun {
    /// This run, with its screen drawn.
    pub(crate) fn of(run: &Run) -> ShownRun {
        let screen = run.terminal.as_ref().map(|terminal| {
            let mut output = run.stdout.head.clone();
            output.extend(&run.stdout.tail);
            Screen::render(&output, terminal.size).lines
        });
        ShownRun {
            run: run.clone(),
            screen,
        }
    }
}
