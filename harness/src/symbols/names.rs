//! From an address in a file to functions and lines.

use super::go;
use super::go::GoTable;
use super::image::Image;
use crate::facts::Frame;
use addr2line::{Loader, demangle_auto};
use object::{Object, ReadCache};
use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Functions that the compiler put into one another at one address are not more than this.
const INLINED_MAX: usize = 32;

/// The names in one file: those of its separate debug information first.
pub(crate) struct Names {
    loaders: Vec<Loader>,
    /// What a Go program has for itself, which says more than the others, and is never stripped.
    go: Option<GoTable>,
}

impl Names {
    pub(crate) fn open(image: &Image) -> Names {
        let loaders = image
            .debug
            .iter()
            .chain([&image.path])
            .filter_map(|path| Loader::new_with_sup(path, supplement(path)).ok())
            .collect();
        Names {
            loaders,
            go: go::open(&image.path),
        }
    }

    /// The frames at this address, the innermost first; one at least.
    pub(crate) fn frames(&self, module: &str, offset: u64) -> Vec<Frame> {
        let go = self.go.as_ref();
        let mut found = go.map_or_else(Vec::new, |go| go.frames(module, offset));
        if !found.is_empty() {
            return found;
        }
        for loader in &self.loaders {
            found = described(loader, module, offset);
            if !found.is_empty() {
                break;
            }
        }
        if found.is_empty() {
            found.push(Frame {
                module: module.to_owned(),
                offset,
                ..Frame::default()
            });
        }
        if let Some(outermost) = found.last_mut() {
            outermost.inlined = false;
            // A symbol covers the whole function, whatever was put into it.
            let symbol = self
                .loaders
                .iter()
                .find_map(|loader| loader.find_symbol(offset))
                .map(|name| demangled(Cow::from(name)));
            // Debug information for lines alone has names without their paths.
            let better = |known: &Option<String>, symbol: &str| match known {
                Some(known) => symbol.ends_with(&format!("::{known}")),
                None => true,
            };
            if let Some(symbol) = symbol
                && better(&outermost.function, &symbol)
            {
                outermost.function = Some(symbol);
            }
        }
        for frame in &mut found {
            frame.runtime = is_runtime(frame);
        }
        found
    }
}

/// Returns the frames that debug information describes.
fn described(loader: &Loader, module: &str, offset: u64) -> Vec<Frame> {
    let mut found = Vec::new();
    let Ok(mut frames) = loader.find_frames(offset) else {
        return found;
    };
    while let Ok(Some(frame)) = frames.next() {
        let function = frame
            .function
            .as_ref()
            .and_then(|name| name.demangle().ok())
            .map(|name| short(&name));
        let location = frame.location;
        let line = location
            .as_ref()
            .and_then(|at| at.line)
            .filter(|line| *line > 0);
        let file = location.and_then(|at| at.file).map(str::to_owned);
        if function.is_none() && line.is_none() {
            break;
        }
        found.push(Frame {
            module: module.to_owned(),
            offset,
            function,
            file: file.filter(|_| line.is_some()),
            line,
            inlined: true,
            runtime: false,
            interpreted: false,
        });
        if found.len() == INLINED_MAX {
            break;
        }
    }
    found
}

/// The file with what several debug files share (`dwz`), if this one names one.
fn supplement(path: &Path) -> Option<PathBuf> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let file = object::File::parse(&cache).ok()?;
    let (name, _) = file.gnu_debugaltlink().ok().flatten()?;
    let name = Path::new(std::str::from_utf8(name).ok()?);
    Some(path.canonicalize().ok()?.parent()?.join(name)).filter(|path| path.exists())
}

fn demangled(name: Cow<'_, str>) -> String {
    short(&demangle_auto(name, None))
}

/// Without the version that a dynamic symbol can carry, nor the mark of a part that the compiler moved out.
fn short(name: &str) -> String {
    let name = name.split_once("@@").map_or(name, |(name, _)| name);
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let parts = [".cold", ".part.", ".isra.", ".constprop."];
    let end = parts.iter().filter_map(|part| name.find(part)).min();
    name[..end.unwrap_or(name.len())].to_owned()
}

/// Modules that are no program's own.
const LIBRARIES: [&str; 11] = [
    "[vdso]",
    "ld-linux",
    "ld-musl",
    "libc.",
    "libc-",
    "libpthread",
    "librt.",
    "libdl.",
    "libgcc_s",
    "libstdc++",
    "libm.",
];

/// Whether a frame is of the language's own library.
fn is_runtime(frame: &Frame) -> bool {
    if LIBRARIES
        .iter()
        .any(|start| frame.module.starts_with(start))
    {
        return true;
    }
    if let Some(file) = &frame.file
        && ["/rustc/", "/rustlib/", "/.cargo/registry/", "/c++/"]
            .iter()
            .any(|part| file.contains(part))
    {
        return true;
    }
    let Some(function) = &frame.function else {
        return false;
    };
    let of_rust = [
        "std::", "core::", "alloc::", "<std::", "<core::", "<alloc::", "__rust",
    ];
    of_rust.iter().any(|start| function.starts_with(start))
        || frame.line.is_none() && is_of_the_c_library(function)
}

/// Whether a function without a line, in a static program, is one of those through which C programs make calls.
fn is_of_the_c_library(function: &str) -> bool {
    const STARTS: [&str; 6] = ["__", "_IO_", "_dl_", "_nl_", "new_do_", "_start"];
    const OTHERS: [&str; 27] = [
        "_Exit",
        "_Fork",
        "_exit",
        "abort",
        "exit",
        "fclose",
        "fflush",
        "fopen",
        "fopen64",
        "fork",
        "fprintf",
        "fputc",
        "fputs",
        "fread",
        "fwrite",
        "mkstemp",
        "mkstemp64",
        "perror",
        "printf",
        "putchar",
        "puts",
        "raise",
        "remove",
        "sigaction",
        "sleep",
        "system",
        "usleep",
    ];
    STARTS.iter().any(|start| function.starts_with(start)) || OTHERS.contains(&function) || {
        let call = function.strip_suffix("64").unwrap_or(function);
        syscalls::Sysno::iter().any(|known| known.name() == call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(module: &str, function: &str, file: Option<&str>) -> Frame {
        Frame {
            module: module.into(),
            function: Some(function.into()),
            file: file.map(str::to_owned),
            line: file.map(|_| 1),
            ..Frame::default()
        }
    }

    #[test]
    fn names_of_each_language_are_as_the_source_writes_them() {
        for (mangled, name) in [
            (
                "_ZN4save6writer12write_resultEi",
                "save::writer::write_result(int)",
            ),
            (
                "_ZN4save12write_result17h05af221e174051e9E",
                "save::write_result",
            ),
            ("_RNvCs1234_4save12write_result", "save::write_result"),
            ("write_result", "write_result"),
            ("write@@GLIBC_2.2.5", "write"),
            ("write_result.part.0", "write_result"),
            ("write_result.isra.0.cold", "write_result"),
        ] {
            assert_eq!(demangled(Cow::from(mangled)), name);
        }
    }

    #[test]
    fn the_language_s_own_library_is_told_from_the_program() {
        for (frame, runtime) in [
            (named("libc.so.6", "whatever", None), true),
            (named("libcrypto.so.3", "whatever", None), false),
            (named("prog", "std::fs::write", Some("src/x.rs")), true),
            (
                named(
                    "prog",
                    "write_all",
                    Some("/rustc/abc/library/std/src/io/mod.rs"),
                ),
                true,
            ),
            (named("prog", "rename", None), true),
            (named("prog", "open64", None), true),
            // A program's own function may have such a name; its line shows that.
            (named("prog", "rename", Some("save.c")), false),
            (named("prog", "write_result", None), false),
        ] {
            assert_eq!(is_runtime(&frame), runtime, "{frame:?}");
        }
    }
}
