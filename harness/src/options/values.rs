//! Single values, as a person writes them.

use crate::facts::signals::nearest;
use crate::oracle::OracleId;
use crate::schedule::{ParseError, bad_expression, check_glob};
use clap::ValueEnum;

/// A glob.
pub(crate) fn glob(text: &str) -> Result<String, ParseError> {
    check_glob(text)?;
    Ok(text.to_owned())
}

/// A regular expression.
pub(crate) fn expression(text: &str) -> Result<String, ParseError> {
    regex::Regex::new(text).map_err(|error| bad_expression(&error))?;
    Ok(text.to_owned())
}

/// `24x80`: rows and columns of a terminal.
pub(crate) fn terminal_size(text: &str) -> Result<(u16, u16), ParseError> {
    let number = |text: &str| text.parse().ok().filter(|n| (1..=1000).contains(n));
    text.split_once('x')
        .and_then(|(rows, columns)| Some((number(rows)?, number(columns)?)))
        .ok_or_else(|| {
            ParseError::new(format!("no such size: {text}"))
                .hint("write rows and columns from 1 to 1000, such as 24x80")
        })
}

/// `NAME=VALUE`
pub(crate) fn variable(text: &str) -> Result<(String, String), ParseError> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(ParseError::new(format!("no such variable: {text}")).hint("write NAME=VALUE")),
    }
}

/// The name of an oracle.
pub(crate) fn oracle(text: &str) -> Result<OracleId, ParseError> {
    text.parse::<OracleId>()
        .map_err(|error| ParseError::new(error.to_string()).hint(error.hint()))
}

/// The names of all values of a type.
pub(crate) fn names<T: ValueEnum>() -> Vec<String> {
    T::value_variants()
        .iter()
        .filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()))
        .collect()
}

/// One of the values of a type; `what` is what they are called.
pub(crate) fn choose<T: ValueEnum>(what: &str, text: &str) -> Result<T, ParseError> {
    T::from_str(text, false).map_err(|_| {
        let names = names::<T>();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        ParseError::new(format!("no such {what}: {text}")).hint(one_of(text, &names))
    })
}

/// A suggestion among these words: the nearest, or all.
pub(crate) fn one_of(text: &str, words: &[&str]) -> String {
    match nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(terminal_size("24x80"), Ok((24, 80)));
        for wrong in ["24", "0x80", "24x", "24x99999", "axb"] {
            assert!(terminal_size(wrong).is_err(), "{wrong}");
        }
    }
}
