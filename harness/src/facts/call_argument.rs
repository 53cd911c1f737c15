//! The argument that distinguishes a system call from others of its name.
//!
//! Facts and names keep it as text (`old.txt -> new.txt`); this type has its parts.

use std::fmt;

/// An argument, as the name of a point shows it in parentheses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum CallArgument<T = String> {
    /// None that matters.
    #[default]
    None,
    /// A path, a stream, a signal, a failpoint.
    One(T),
    /// The paths of a call that makes a second name out of a first one.
    Two { from: T, to: T },
}

const ARROW: &str = " -> ";

/// The calls that have two paths.
const WITH_TWO: [&str; 6] = [
    "link",
    "linkat",
    "rename",
    "renameat",
    "renameat2",
    "symlink",
];

impl<'a> CallArgument<&'a str> {
    /// Reads what is displayed. The call's name decides whether there are two paths: a file may have an arrow in its
    /// name.
    pub(crate) fn parse(call: &str, text: &'a str) -> CallArgument<&'a str> {
        if text.is_empty() {
            return CallArgument::None;
        }
        match text.split_once(ARROW) {
            Some((from, to)) if WITH_TWO.contains(&call) => CallArgument::Two { from, to },
            _ => CallArgument::One(text),
        }
    }
}

impl<T> CallArgument<T> {
    /// Its parts, in order: none, one or two.
    pub(crate) fn parts(self) -> impl Iterator<Item = T> {
        let (first, second) = match self {
            CallArgument::None => (None, None),
            CallArgument::One(one) => (Some(one), None),
            CallArgument::Two { from, to } => (Some(from), Some(to)),
        };
        first.into_iter().chain(second)
    }

    /// The part that is there after the call: the new name, where there are two.
    pub(crate) fn result(self) -> Option<T> {
        self.parts().last()
    }
}

impl<T: fmt::Display> fmt::Display for CallArgument<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallArgument::None => Ok(()),
            CallArgument::One(one) => one.fmt(f),
            CallArgument::Two { from, to } => write!(f, "{from}{ARROW}{to}"),
        }
    }
}

/// A system call with its argument, displayed as a point's name begins: `openat(out.txt)`, `fork`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallLabel {
    pub(crate) name: String,
    pub(crate) argument: CallArgument,
}

impl fmt::Display for CallLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.argument {
            CallArgument::None => f.write_str(&self.name),
            argument => write!(f, "{}({argument})", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_displayed_is_read_again() {
        for (call, text, parts) in [
            ("fork", "", &[][..]),
            ("openat", "out.txt", &["out.txt"]),
            ("renameat2", "a -> b", &["a", "b"]),
            // Such names are rare, but no reason to take one file for two.
            ("openat", "a -> b", &["a -> b"]),
            ("rename", "a -> b -> c", &["a", "b -> c"]),
        ] {
            let argument = CallArgument::parse(call, text);
            assert_eq!(argument.to_string(), text);
            assert_eq!(
                argument.parts().collect::<Vec<_>>(),
                parts,
                "{call}({text})"
            );
            assert_eq!(argument.result(), parts.last().copied(), "{call}({text})");
        }
    }

    #[test]
    fn a_label_shows_an_argument_that_is_there() {
        for (argument, shown) in [
            (CallArgument::None, "fork"),
            (CallArgument::One("out".to_owned()), "fork(out)"),
        ] {
            let name = "fork".to_owned();
            assert_eq!(CallLabel { name, argument }.to_string(), shown);
        }
    }
}
