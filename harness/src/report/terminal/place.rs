//! What a session is going to do, and where: the first lines of its heading.

use super::findings::command_line;
use super::writer::{Ink, Paper};
use crate::execute::Lab;
use crate::target::Target;

/// Where runs take place.
pub struct Place {
    /// The work tree.
    pub tree: String,
    /// How it is renewed.
    pub method: String,
    /// How many runs at a time.
    pub jobs: usize,
}

impl Place {
    /// The place that this lab is, to be told when the lab has been given away.
    pub fn of(lab: &Lab) -> Place {
        Place {
            tree: lab.tree().to_owned(),
            method: lab.method().to_owned(),
            jobs: lab.jobs(),
        }
    }

    /// The verb with its command, and the target with what is done to it.
    pub(crate) fn tell(&self, paper: &mut Paper, verb: &str, target: &Target, fault: &str) {
        paper.line(&[
            (Ink::Strong, &format!("sigproof {verb}  ")),
            (Ink::Name, &command_line(&target.command)),
        ]);
        let streams = target.pty.map_or("on pipes", |_| "on a pty");
        let Place { tree, method, jobs } = self;
        let what = format!("{streams} in {tree} ({method}), {fault}, {jobs} at a time");
        paper.item(0, (Ink::Dim, "target    "), Ink::Plain, &what);
    }
}
