//! Who made a call: the functions on the stack of the thread that made it.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// One function on a call stack, as exactly as the program's files tell.
//
// No field is left out when it is empty: `postcard`, which carries it, cannot do that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// Base name of the file that the code is from: the program, a shared library; `anonymous memory` for code that was
    /// made at run time.
    pub module: String,
    /// The address within that file, as the file itself counts.
    pub offset: u64,
    /// The function, demangled, where a symbol or debug information tells.
    pub function: Option<String>,
    /// The source file, as the compiler was given it.
    pub file: Option<String>,
    /// The line in it, from 1.
    pub line: Option<u32>,
    /// The compiler put it into its caller, the next frame.
    pub inlined: bool,
    /// It belongs to the language's own library, not to the program.
    pub runtime: bool,
    /// It is a function of a script, as its interpreter says.
    #[serde(default)]
    pub interpreted: bool,
}

impl Frame {
    /// The function, or the module where no function is known: what coverage counts by. All that is made from one
    /// template, or from one generic function, is one.
    pub fn unit(&self) -> String {
        match &self.function {
            // `f.<locals>.g` and `Object.<anonymous>` are names of scripts.
            Some(function) if self.interpreted => function.clone(),
            Some(function) => without_arguments(function),
            None => format!("({})", self.module),
        }
    }

    /// A function's name as people say it: without what it takes, of a Go package its last name, and if it is long,
    /// without the types that it was made for. `github.com/a/b/store.(*Disk).Save` is `store.(*Disk).Save`, and
    /// `Agent::Start(std::string const&)` is `Agent::Start`.
    fn spoken<'a>(&self, function: &'a str) -> Cow<'a, str> {
        match self.interpreted {
            true => Cow::Borrowed(function),
            false => Cow::Owned(spoken(function)),
        }
    }
}

/// A function's name without the types that it was made for: `std::vector<int, A<int> >::at` is `std::vector<…>::at`.
fn without_arguments(name: &str) -> String {
    if name.contains("operator") {
        return name.to_owned();
    }
    let mut short = String::with_capacity(name.len());
    let mut depth = 0_usize;
    let mut last = ' ';
    for c in name.chars() {
        match c {
            // A name that begins with it, `<T as Trait>::f`, says by it what the function is part of.
            '<' if depth > 0 || !short.is_empty() => {
                if depth == 0 {
                    short.push_str("<…>");
                }
                depth += 1;
            }
            // An arrow is no bracket.
            '>' if depth > 0 && last != '-' => depth -= 1,
            _ if depth == 0 => short.push(c),
            _ => {}
        }
        last = c;
    }
    // Brackets that do not match: a name of another kind.
    if depth == 0 { short } else { name.to_owned() }
}

/// Of a longer name the types that it was made for are left out.
const LONG_NAME: usize = 60;

/// See [`Frame::spoken`].
fn spoken(name: &str) -> String {
    if name.contains("operator") {
        return name.to_owned();
    }
    let name = without_parameters(name);
    let path = name.find(['(', '<', ' ']).unwrap_or(name.len());
    let package = name[..path].rfind('/').map_or(0, |slash| slash + 1);
    let name = &name[package..];
    match name.chars().count() > LONG_NAME {
        true => without_arguments(name),
        false => name.to_owned(),
    }
}

/// A C++ name without the list of parameters at its end.
fn without_parameters(name: &str) -> &str {
    let named = name.strip_suffix(" const").unwrap_or(name);
    if !named.ends_with(')') {
        return name;
    }
    let mut depth = 0_usize;
    for (at, c) in named.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            // All of it in brackets is no list of parameters.
            return if at > 0 { &named[..at] } else { name };
        }
    }
    name
}

/// `write_result (save.c:41)`, `write_result (libsave.so)` or `libsave.so+0x11d4`.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.file.as_deref().map(base_name);
        match (&self.function, source, self.line) {
            (Some(function), Some(file), Some(line)) => {
                write!(f, "{} ({file}:{line})", self.spoken(function))
            }
            (Some(function), ..) => write!(f, "{} ({})", self.spoken(function), self.module),
            (None, Some(file), Some(line)) => {
                write!(f, "{}+{:#x} ({file}:{line})", self.module, self.offset)
            }
            (None, ..) => write!(f, "{}+{:#x}", self.module, self.offset),
        }
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The frame that says most about a call: the innermost one of the program's own.
///
/// `stack` has the innermost frame first. A static program holds its C library in the same file; there, what has no
/// line is the library's when something else has one.
pub fn own(stack: &[Frame]) -> Option<&Frame> {
    let named_better = |frame: &Frame| {
        frame.line.is_none()
            && stack
                .iter()
                .any(|other| !other.runtime && other.line.is_some() && other.module == frame.module)
    };
    stack
        .iter()
        .find(|frame| !frame.runtime && !named_better(frame))
        .or_else(|| stack.first())
}

/// The call stacks of a recorded run, each distinct one once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stacks {
    /// Every frame that is on any of them.
    pub frames: Vec<Frame>,
    /// Stacks: places among the frames, the innermost first.
    pub lists: Vec<Vec<u32>>,
    /// For each recorded point its place among the lists; `None` where the stack could not be read.
    pub of_points: Vec<Option<u32>>,
}

impl Stacks {
    /// The stack at a recorded point, the innermost frame first; empty when there is none.
    pub fn at(&self, point: usize) -> Vec<Frame> {
        let list = self
            .of_points
            .get(point)
            .copied()
            .flatten()
            .and_then(|place| self.lists.get(place as usize));
        list.into_iter()
            .flatten()
            .filter_map(|frame| self.frames.get(*frame as usize).cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(module: &str, function: &str, line: Option<u32>, runtime: bool) -> Frame {
        Frame {
            module: module.into(),
            offset: 0x11d4,
            function: (!function.is_empty()).then(|| function.into()),
            file: line.map(|_| "src/save.c".into()),
            line,
            runtime,
            ..Frame::default()
        }
    }

    #[test]
    fn all_that_is_made_from_one_template_is_one() {
        for (name, short) in [
            ("save", "save"),
            ("std::vector<int, A<int> >::at", "std::vector<…>::at"),
            ("f::<u8>", "f::<…>"),
            (
                "<app::Saver as app::Save>::save",
                "<app::Saver as app::Save>::save",
            ),
            ("call<fn(u8) -> u8>", "call<…>"),
            ("operator<", "operator<"),
            ("odd<", "odd<"),
        ] {
            assert_eq!(without_arguments(name), short);
        }
    }

    #[test]
    fn a_frame_says_as_much_as_is_known() {
        for (one, text) in [
            (frame("prog", "save", Some(41), false), "save (save.c:41)"),
            (frame("libx.so", "save", None, false), "save (libx.so)"),
            (frame("libx.so", "", None, false), "libx.so+0x11d4"),
            (frame("prog", "", Some(3), false), "prog+0x11d4 (save.c:3)"),
        ] {
            assert_eq!(one.to_string(), text);
        }
    }

    #[test]
    fn the_program_s_own_frame_is_the_innermost_that_is_no_library_s() {
        let libc = frame("libc.so.6", "write", None, true);
        let plugin = frame("libx.so", "emit", None, false);
        let save = frame("prog", "save", Some(41), false);
        let main = frame("prog", "main", Some(50), false);
        let inner = frame("prog", "new_do_write", None, false);
        for (stack, wanted) in [
            (vec![libc.clone(), save.clone(), main.clone()], "save"),
            (vec![libc.clone(), plugin, main.clone()], "emit"),
            // A static program: the C library lies in the same file, without lines.
            (vec![inner.clone(), save, main], "save"),
            (vec![inner.clone(), inner], "new_do_write"),
            (vec![libc], "write"),
        ] {
            let found = own(&stack).and_then(|frame| frame.function.clone());
            assert_eq!(found.as_deref(), Some(wanted), "{stack:#?}");
        }
        assert_eq!(own(&[]), None);
    }

    #[test]
    fn a_function_is_told_by_the_name_that_people_say() {
        for (name, said) in [
            ("main", "main"),
            ("github.com/a/b/store.(*Disk).Save", "store.(*Disk).Save"),
            (
                "gopkg.in/yaml.v3.Unmarshal.func1",
                "yaml.v3.Unmarshal.func1",
            ),
            ("runtime.usleep", "runtime.usleep"),
            (
                "Agent::Start(std::basic_string<char> const&, bool)",
                "Agent::Start",
            ),
            (
                "(anonymous namespace)::size(int (*)(char)) const",
                "(anonymous namespace)::size",
            ),
            ("a::operator/(b const&)", "a::operator/(b const&)"),
            ("<&str as Trait<u8>>::f", "<&str as Trait<u8>>::f"),
            (
                "std::vector<std::pair<std::string, std::string>, Allocator>::push_back(int)",
                "std::vector<…>::push_back",
            ),
            ("(static)", "(static)"),
            ("a) b)", "a) b)"),
        ] {
            assert_eq!(spoken(name), said);
        }
    }
}
