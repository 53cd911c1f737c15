//! Calls as people write them: `bash>sort:openat(out.txt)#2@exit`.

use super::parse_error::ParseError;
use super::schedule::CallSelector;
use crate::facts::Phase;
use std::fmt;

impl CallSelector {
    /// Reads `[PROCESS:]CALL[(ARGUMENT)][#N][@PHASE]`, as `sigproof points` prints it.
    ///
    /// # Errors
    /// A text that is none, or a call that does not exist, with what would do.
    pub fn parse(text: &str) -> Result<CallSelector, ParseError> {
        Ok(CallSelector::parse_phased(text)?.0)
    }

    /// The same, with the phase if the text gives one; without it is `exit`.
    pub(crate) fn parse_phased(text: &str) -> Result<(CallSelector, Option<Phase>), ParseError> {
        let wrong = |why: &str| {
            ParseError::new(format!("{text}: {why}")).hint(
                "a point is written [PROCESS:]CALL[(ARGUMENT)][#N][@PHASE], such as write(out.txt)#2@exit",
            )
        };
        let phased = text
            .rsplit_once('@')
            .and_then(|(rest, phase)| Some((rest, Phase::parse(phase)?)));
        let (rest, phase) = phased.map_or((text, None), |(rest, phase)| (rest, Some(phase)));
        let (rest, nth) = match rest.rsplit_once('#') {
            Some((rest, number)) if !number.contains(')') => match number.parse() {
                Ok(nth) if nth > 0 => (rest, nth),
                _ => return Err(wrong("N must be a number from 1")),
            },
            _ => (rest, 1),
        };
        let (head, arg) = match rest.split_once('(') {
            Some((head, arg)) => {
                let arg = arg
                    .strip_suffix(')')
                    .ok_or_else(|| wrong("a ) is missing"))?;
                (head, Some(arg.to_owned()))
            }
            None => (rest, None),
        };
        let (process, call) = match head.rsplit_once(':') {
            Some((process, call)) => (Some(process.to_owned()), call),
            None => (None, head),
        };
        if call.is_empty() || !call.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(wrong("no system call is named"));
        }
        let selector = CallSelector {
            process,
            call: call.to_owned(),
            arg,
            nth,
            phase: phase.unwrap_or(Phase::Exit),
            every: false,
        };
        if selector.names().is_empty() {
            return Err(wrong(&format!(
                "there is no system call {call} on this machine"
            )));
        }
        Ok((selector, phase))
    }

    /// Whether it means calls of this name: the very name, or its younger forms
    /// (`open` is `openat` and `openat2`, too: a C library makes those for it).
    pub fn means(&self, name: &str) -> bool {
        name.strip_prefix(&self.call)
            .is_some_and(|rest| matches!(rest, "" | "at" | "at2"))
    }

    /// Whether a call is of this name. Where the machine has no call of that name, its younger forms are.
    pub(crate) fn is_of(name: &str, call: &str) -> bool {
        let is_known = || name.parse::<syscalls::Sysno>().is_ok();
        name == call
            || !is_known() && CallSelector::parse(name).is_ok_and(|selector| selector.means(call))
    }

    /// The names of all calls that it means.
    pub fn names(&self) -> Vec<String> {
        syscalls::Sysno::iter()
            .map(|known| known.name())
            .filter(|name| self.means(name))
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, with_phase: bool) -> fmt::Result {
        f.write_str(if self.every { "every:" } else { "call:" })?;
        if let Some(process) = &self.process {
            write!(f, "{process}:")?;
        }
        f.write_str(&self.call)?;
        if let Some(arg) = &self.arg {
            write!(f, "({arg})")?;
        }
        write!(f, "#{}", self.nth)?;
        if with_phase {
            write!(f, "@{}", self.phase)?;
        }
        Ok(())
    }
}
