//! What arguments of the same call share, when they differ from run to run or from time to time.

use crate::facts::text_shape;

/// More arguments than this of one piece of code are told apart by directory and ending alone.
const SHAPES_MAX: usize = 16;

/// The argument without what only counts: digits and hashes. Calls of one piece of code whose arguments agree in this
/// are one site.
pub(crate) fn site_argument(arg: &str) -> String {
    text_shape(arg)
}

/// Coarser arguments for one piece of code that has very many: the directory and the ending stay, then the ending
/// alone.
pub(crate) fn coarsened(
    args: &std::collections::BTreeSet<String>,
) -> impl Fn(&str) -> String + use<> {
    let distinct = |shape: fn(&str) -> String| {
        let shapes: std::collections::BTreeSet<String> =
            args.iter().map(|arg| shape(arg)).collect();
        shapes.len()
    };
    let shape: fn(&str) -> String = if args.len() <= SHAPES_MAX {
        str::to_owned
    } else if distinct(directory_and_ending) <= SHAPES_MAX {
        directory_and_ending
    } else {
        ending
    };
    move |arg| shape(arg)
}

fn directory_and_ending(arg: &str) -> String {
    each_path(arg, |path| {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let slash = if directory.is_empty() { "" } else { "/" };
        format!("{directory}{slash}*{}", extension(name))
    })
}

fn ending(arg: &str) -> String {
    each_path(arg, |path| {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        format!("*{}", extension(name))
    })
}

fn each_path(arg: &str, shape: impl Fn(&str) -> String) -> String {
    let paths: Vec<String> = arg.split(" -> ").map(shape).collect();
    paths.join(" -> ")
}

/// The directory of each path of an argument.
pub(crate) fn directories(arg: &str) -> String {
    each_path(arg, |path| {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        directory.to_owned()
    })
}

fn extension(name: &str) -> &str {
    name.rfind('.').map_or("", |at| &name[at..])
}

/// Whether random names have so many characters: `mkstemp` fills six, Python's `tempfile` eight, `mktemp` ten, and
/// hashes and UUIDs are longer. With any number allowed, the first letters of two names that are alike by chance would
/// stay, and a third name would not fit.
fn is_random_length(letters: usize) -> bool {
    [6, 8, 10, 12, 16, 20, 32, 36, 40, 64].contains(&letters)
}

/// What two arguments share, with an asterisk where they differ.
pub(crate) fn common(one: &str, two: &str) -> String {
    if one == two {
        return one.to_owned();
    }
    let (ones, twos): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), two.split('/').collect());
    if ones.len() != twos.len() {
        return "*".to_owned();
    }
    let parts: Vec<String> = ones
        .iter()
        .zip(&twos)
        .map(|(one, two)| common_part(one, two))
        .collect();
    parts.join("/")
}

fn common_part(one: &str, two: &str) -> String {
    if one == two {
        return one.to_owned();
    }
    let (ones, twos): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    let shorter = ones.len().min(twos.len());
    let suffix = shared_ending(one, two).min(shorter);
    let mut prefix = ones
        .iter()
        .zip(&twos)
        .take(shorter - suffix)
        .take_while(|(a, b)| a == b)
        .count();
    // By chance two random names can begin alike.
    while prefix > 0
        && !is_random_length(ones.len() - suffix - prefix)
        && ones[prefix - 1].is_ascii_alphanumeric()
    {
        prefix -= 1;
    }
    let head: String = ones[..prefix].iter().collect();
    let tail: String = ones[ones.len() - suffix..].iter().collect();
    format!("{head}*{tail}")
}

/// How many characters at the end count as shared: whole file name extensions, and what is no letter or digit. Of two
/// random names, one in sixty ends in the same letter.
fn shared_ending(one: &str, two: &str) -> usize {
    let (mut ones, mut twos) = (one, two);
    let mut shared = 0;
    while let (Some((left, a)), Some((right, b))) = (ones.rsplit_once('.'), twos.rsplit_once('.')) {
        if a != b {
            break;
        }
        shared += 1 + a.chars().count();
        (ones, twos) = (left, right);
    }
    let signs = ones.chars().rev().zip(twos.chars().rev());
    let signs = signs.take_while(|(a, b)| a == b && !a.is_ascii_alphanumeric());
    shared + signs.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_becomes_an_asterisk() {
        for (one, two, shared) in [
            ("out.txt", "out.txt", "out.txt"),
            ("sedAbCdEf", "sedXyZwQr", "sed*"),
            ("sedAbCdEf", "sedAyZwQr", "sed*"),
            ("tracker-q1234567", "tracker-qabcdefg", "tracker-*"),
            (
                "$TMPDIR/tmp1234abcd/x",
                "$TMPDIR/tmp98zyxw76/x",
                "$TMPDIR/tmp*/x",
            ),
            ("a/b", "a/b/c", "*"),
            ("log.101.tmp", "log.102.tmp", "log.*.tmp"),
            ("log.101.tar.gz", "log.102.tar.gz", "log.*.tar.gz"),
            // Two names of mktemp that end, or begin, in the same letter.
            ("pre.aXyZwb", "pre.cDeFgb", "pre.*"),
            ("pre.aXyZwb", "pre.aDeFgh", "pre.*"),
            ("gzexeqAbCdEfGhI", "gzexeqZyXwVuTsR", "gzexe*"),
            ("tmp.qAbCdEfGhI", "tmp.qZyXwVuTsR", "tmp.*"),
            (".a.sh123456~", ".a.sh654321~", ".a.sh*~"),
        ] {
            assert_eq!(common(one, two), shared, "{one} {two}");
        }
    }

    #[test]
    fn very_many_arguments_are_told_apart_by_directory_and_ending() {
        let args = |count: usize| -> std::collections::BTreeSet<String> {
            (0..count)
                .map(|index| {
                    format!(
                        "lib/{}.py",
                        "abcdefghijklmnopqrstuvwxyz"
                            .repeat(2)
                            .get(index..index + 3)
                            .expect("letters")
                    )
                })
                .collect()
        };
        let few = args(5);
        assert_eq!(coarsened(&few)("lib/abc.py"), "lib/abc.py");
        let many = args(20);
        assert_eq!(coarsened(&many)("lib/abc.py"), "lib/*.py");
        let spread: std::collections::BTreeSet<String> = many
            .iter()
            .enumerate()
            .map(|(index, arg)| {
                format!(
                    "{}/{arg}",
                    ["x", "y", "z", "u", "v", "w"][index % 6].repeat(1 + index)
                )
            })
            .collect();
        assert_eq!(coarsened(&spread)("a/lib/abc.py -> b/c.so"), "*.py -> *.so");
    }
}
