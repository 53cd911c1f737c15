//! Which of some items are needed, and which words of a command may be left out.

use crate::error::Error;
use globset::{Glob, GlobMatcher};

/// The globs of arguments that go together.
pub(crate) fn group(text: &str) -> Result<Vec<GlobMatcher>, Error> {
    let globs = text.split_whitespace().map(|word| {
        Glob::new(word)
            .map(|glob| glob.compile_matcher())
            .map_err(|error| Error::usage(format!("--optional {text}: {error}")))
    });
    let globs = globs.collect::<Result<Vec<_>, _>>()?;
    if globs.is_empty() {
        return Err(Error::usage("--optional: which argument?".to_owned()));
    }
    Ok(globs)
}

/// Where in a command the words are that a group means, from and to; the program itself never is.
pub(crate) fn optional(words: &[String], groups: &[Vec<GlobMatcher>]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut place = 1;
    while place < words.len() {
        let length = groups
            .iter()
            .filter(|group| {
                words.len() - place >= group.len()
                    && group
                        .iter()
                        .zip(&words[place..])
                        .all(|(glob, word)| glob.is_match(word))
            })
            .map(Vec::len)
            .max();
        if let Some(length) = length {
            found.push((place, place + length));
        }
        place += length.unwrap_or(1);
    }
    found
}

/// The items that cannot be left out: large parts are tried before single ones.
pub(crate) fn minimal_subset<T: Clone>(
    mut items: Vec<T>,
    mut still: impl FnMut(&[T]) -> Result<bool, Error>,
) -> Result<Vec<T>, Error> {
    let mut part = items.len();
    while part > 0 && !items.is_empty() {
        let mut from = 0;
        while from < items.len() {
            let to = (from + part).min(items.len());
            let mut without = items.clone();
            without.drain(from..to);
            if still(&without)? {
                items = without;
            } else {
                from = to;
            }
        }
        part /= 2;
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_stays() {
        for wanted in [vec![], vec![3], vec![0, 9], (0..10).collect::<Vec<usize>>()] {
            let mut asked = 0;
            let kept = minimal_subset((0..10).collect(), |kept: &[usize]| {
                asked += 1;
                Ok(wanted.iter().all(|one| kept.contains(one)))
            });
            assert_eq!(kept.unwrap(), wanted);
            assert!(asked <= 40, "{asked}");
        }
    }

    #[test]
    fn an_error_ends_it() {
        let result = minimal_subset(vec![1, 2, 3], |_: &[i32]| Err(Error::interrupted()));
        assert_eq!(result, Err(Error::interrupted()));
    }

    #[test]
    fn arguments_are_marked_by_globs() {
        let words: Vec<String> = ["./x", "-v", "--level", "9", "in.txt", "-v"]
            .map(str::to_owned)
            .into();
        let found = |texts: &[&str]| {
            let groups: Vec<_> = texts.iter().map(|text| group(text).unwrap()).collect();
            optional(&words, &groups)
        };
        assert_eq!(found(&["-v"]), [(1, 2), (5, 6)]);
        assert_eq!(found(&["--level *"]), [(2, 4)]);
        assert_eq!(found(&["*", "--level *"]), [(1, 2), (2, 4), (4, 5), (5, 6)]);
        assert_eq!(found(&["./x"]), []);
        assert!(group("a[").is_err() && group(" ").is_err());
    }
}
