//! Schedules in words that can be read back where they can be written.

use super::{CallSelector, Step, Trigger};
use std::fmt;
use std::time::Duration;

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |ns: &u64| format!("{:?}", Duration::from_nanos(*ns));
        match self {
            Trigger::After { ns } => f.write_str(&time(ns)),
            Trigger::AfterPrevious { ns } => write!(f, "+{}", time(ns)),
            Trigger::Output { pattern } => write!(f, "output:{pattern}"),
            Trigger::Handler => f.write_str("handler"),
            Trigger::Child { nth } => write!(f, "child:{nth}"),
            Trigger::File { glob } => write!(f, "file:{glob}"),
            Trigger::Call(selector) => write!(f, "call:{selector}"),
            Trigger::Point { name, .. } => write!(f, "call:{name}"),
        }
    }
}

impl fmt::Display for CallSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(process) = &self.process {
            write!(f, "{process}:")?;
        }
        f.write_str(&self.call)?;
        if let Some(arg) = &self.arg {
            write!(f, "({arg})")?;
        }
        write!(f, "#{}@{}", self.nth, self.phase)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at {}", self.fault, self.trigger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back() {
        for text in [
            "250ms",
            "+1.5s",
            "output:task 3: done",
            "handler",
            "child:4",
            "file:out/**",
            "call:bash/1:sort:openat(a b.txt)#2@before",
        ] {
            assert_eq!(Trigger::parse(text).unwrap().to_string(), text);
        }
    }
}
