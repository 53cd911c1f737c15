//! What a session is going to do, and where: the first lines of its heading.

use super::findings::command_line;
use super::writer::{Style, TerminalWriter};
use crate::execute::SupervisorPool;
use crate::target::Target;

/// Where runs take place.
pub struct RunSetup {
    /// The work tree.
    pub tree: String,
    /// How it is renewed.
    pub method: String,
    /// How many runs at a time.
    pub jobs: usize,
}

impl RunSetup {
    /// The place that this lab is, to be told when the lab has been given away.
    pub fn of(pool: &SupervisorPool) -> RunSetup {
        RunSetup {
            tree: pool.tree().to_owned(),
            method: pool.method().to_owned(),
            jobs: pool.jobs(),
        }
    }

    /// The verb with its command, and the target with what is done to it.
    pub(crate) fn tell(&self, out: &mut TerminalWriter, verb: &str, target: &Target, fault: &str) {
        out.line(&[
            (Style::Strong, &format!("sigproof {verb}  ")),
            (Style::Name, &command_line(&target.command)),
        ]);
        let streams = target.pty.map_or("on pipes", |_| "on a pty");
        let RunSetup { tree, method, jobs } = self;
        let what = format!("{streams} in {tree} ({method}), {fault}, {jobs} at a time");
        out.item(0, (Style::Dim, "target    "), Style::Plain, &what);
    }
}
