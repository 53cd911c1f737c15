//! What handlers did at the points, which says how many calls without an effect are worth a run.

use crate::facts::{EventKind, Run};

/// Calls that are tried at most.
pub(crate) const TRIED_MAX: usize = 16;
/// The same when no handler made a call: it may still take memory that is there, which hangs in the first of them.
const OF_SILENT_HANDLERS: usize = 6;

/// What the handlers of the signal did in the runs so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HandlersSeen {
    made_calls: bool,
}

impl HandlersSeen {
    pub(crate) fn take(&mut self, run: &Run) {
        for event in &run.events {
            if let EventKind::HandlerReturned(handler) = &event.what {
                self.made_calls |= !handler.calls.is_empty() || !handler.returned;
            }
        }
    }

    /// How many calls without an effect are worth a run.
    pub(crate) fn worth(self) -> usize {
        if self.made_calls {
            TRIED_MAX
        } else {
            OF_SILENT_HANDLERS
        }
    }
}
