//! Names of the errors that system calls return.

use super::signals::neighbours;
use nix::errno::Errno;

/// The largest number that Linux gives an error.
const LAST: i32 = 133;

/// The name of an error, such as `ENOSPC`; its number when it has none.
pub fn name(number: i32) -> String {
    match Errno::from_raw(number) {
        Errno::UnknownErrno => number.to_string(),
        known => format!("{known:?}"),
    }
}

/// The number of an error given by its name, in capital letters.
pub fn parse(text: &str) -> Option<i32> {
    let number = match text {
        // Linux has one number for both, and a table by number knows one name only.
        "EWOULDBLOCK" => libc::EWOULDBLOCK,
        "EOPNOTSUPP" => libc::EOPNOTSUPP,
        "EDEADLOCK" => libc::EDEADLK,
        _ => (1..=LAST).find(|number| {
            let known = Errno::from_raw(*number);
            known != Errno::UnknownErrno && format!("{known:?}") == text
        })?,
    };
    Some(number)
}

/// Names near to a mistyped one, for an error message.
pub fn similar(text: &str) -> Vec<String> {
    neighbours(
        &text.to_ascii_uppercase(),
        (1..=LAST)
            .filter(|number| Errno::from_raw(*number) != Errno::UnknownErrno)
            .map(name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        for (text, number) in [
            ("ENOSPC", libc::ENOSPC),
            ("EINTR", libc::EINTR),
            ("EMFILE", libc::EMFILE),
            ("EPIPE", libc::EPIPE),
        ] {
            assert_eq!(parse(text), Some(number), "{text}");
            assert_eq!(name(number), text);
        }
        assert_eq!(parse("EWOULDBLOCK"), Some(libc::EAGAIN));
        assert_eq!(parse("ENOSPACE"), None);
        assert_eq!(name(4000), "4000");
    }

    #[test]
    fn a_mistyped_name_gets_neighbours() {
        assert_eq!(similar("ENOSCP")[0], "ENOSPC");
        assert!(similar("something else").is_empty());
    }
}
