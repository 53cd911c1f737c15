//! A program that is started by a version manager: pyenv, rbenv, nodenv and asdf put a script in its place.

use crate::facts::{EventKind, Run};
use std::path::Path;

/// What to run instead, where the target is such a script. Its calls are points like all others, often most of them.
pub(super) fn note(command: &[String], run: &Run) -> Option<String> {
    let name = Path::new(command.first()?).file_name()?.to_str()?;
    let mut own = None;
    let mut programs = Vec::new();
    for event in &run.events {
        match &event.what {
            EventKind::Started { pid } => own = Some(*pid),
            EventKind::Exec { pid, command } if Some(*pid) == own => programs.push(command),
            _ => {}
        }
    }
    let of_name = |word: &&str| Path::new(word).file_name().is_some_and(|file| file == name);
    let script = programs
        .first()?
        .split(' ')
        .filter(of_name)
        .find(|word| word.contains("/shims/"))?;
    // What the script has found in the end.
    let program = programs.last()?.split(' ').next().filter(of_name)?;
    Some(format!(
        "{script} is a script of a version manager, whose calls are points as well; name the program itself: {program}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Event;

    fn run(programs: &[&str]) -> Run {
        let exec = |command: &&str| EventKind::Exec {
            pid: 101,
            command: (*command).to_owned(),
        };
        let events = std::iter::once(EventKind::Started { pid: 101 })
            .chain(programs.iter().map(exec))
            .map(|what| Event { at_ns: 0, what });
        Run {
            events: events.collect(),
            ..Run::default()
        }
    }

    #[test]
    fn the_program_behind_the_script_is_named() {
        let command = ["python3".to_owned(), "main.py".to_owned()];
        let through = run(&[
            "bash /root/.pyenv/shims/python3 main.py",
            "bash /root/.pyenv/libexec/pyenv exec python3 main.py",
            "/root/.pyenv/versions/3.11.7/bin/python3 main.py",
        ]);
        let told = note(&command, &through).expect("a note");
        assert!(
            told.starts_with("/root/.pyenv/shims/python3 is a script"),
            "{told}"
        );
        assert!(
            told.ends_with(": /root/.pyenv/versions/3.11.7/bin/python3"),
            "{told}"
        );
        assert_eq!(note(&command, &run(&["/usr/bin/python3 main.py"])), None);
        assert_eq!(note(&command, &run(&[])), None);
        // A file that lies in a directory of this name is an argument.
        assert_eq!(note(&command, &run(&["/usr/bin/python3 /a/shims/x"])), None);
    }
}
