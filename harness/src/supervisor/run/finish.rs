//! The end of a run: everything gone, the facts together.

use super::run_loop::ActiveRun;
use crate::facts::Run;
use crate::supervisor::protocol::{StackDetail, SupervisorError};
use crate::sys::wait;
use crate::sys::wait::Next;
use crate::tracer::{Recording, Tracer};

impl ActiveRun<'_> {
    /// Kills whatever there is, and waits until it is gone; nobody wants the facts.
    pub(crate) fn abandon(&mut self) {
        self.kill_everybody();
        // Each answer is one end, or a stop on the way to it; a killed process
        // ends, so that this does, too.
        while let Ok(Next::Some(..)) = wait::any_blocking() {
            self.kill_everybody();
        }
        for reader in &self.streams.readers {
            let _ = self.poller.remove(reader);
        }
        self.end_failpoints();
    }

    fn end_failpoints(&mut self) {
        if let Some(failpoints) = &mut self.failpoints {
            // Closing the socket takes it out of the poller as well.
            let _ = failpoints.close(self.poller);
        }
    }

    /// Everybody is gone: the facts.
    pub(crate) fn finish(mut self) -> Result<Run, SupervisorError> {
        self.end_failpoints();
        for number in 0..self.streams.readers.len() {
            // What an orphan wrote last.
            while self.streams.readers[number].open {
                let before = self.streams.readers[number].capture.total();
                if self.read(number).is_err()
                    || self.streams.readers[number].capture.total() == before
                {
                    break;
                }
            }
            if self.streams.readers[number].open {
                let _ = self.poller.remove(&self.streams.readers[number]);
            }
        }
        if self.tree.is_full() {
            self.limits.push(
                "the private file system of the work tree ran full (see --tree-limit)".to_owned(),
            );
        }
        let tree = self
            .tree
            .changes()
            .map_err(|error| SupervisorError::Harness(format!("reading the work tree: {error}")))?;
        let terminal = self.streams.terminal_fact();
        let met = self
            .tracer
            .as_ref()
            .map(|tracer| tracer.met.clone())
            .unwrap_or_default();
        let recording = self
            .tracer
            .map_or_else(Recording::default, Tracer::into_recording);
        let parallel = recording.is_parallel();
        let (points, stacks) = recording.finish(self.order.trace.stacks() == StackDetail::Names);
        let mut captures = self
            .streams
            .readers
            .into_iter()
            .map(|reader| reader.capture.finish());
        let stdout = captures.next().unwrap_or_default();
        let stderr = captures.next().unwrap_or_default();
        for (name, capture) in [("standard output", &stdout), ("standard error", &stderr)] {
            if capture.truncated() {
                self.limits.push(format!(
                    "{name}: {} bytes, of which {} were not kept",
                    capture.total,
                    capture.dropped()
                ));
            }
        }
        Ok(Run {
            events: self.events,
            status: self.status,
            met: self.cursor.met_by_step(&met),
            fired_ns: self.cursor.fired_ns,
            inapplicable: self.inapplicable,
            parallel,
            stepped: self.stepped,
            end_ns: self.ended_ns.unwrap_or_default(),
            orphans: self.orphans,
            stuck: self.stuck,
            tree,
            stdout,
            stderr,
            terminal,
            usage: self.usage,
            points,
            stacks,
            limits: self.limits,
            rerun: None,
            check: None,
            results: None,
            zombies: self.zombies,
        })
    }
}
