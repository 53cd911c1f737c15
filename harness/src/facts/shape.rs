//! Shapes: what stays the same when numbers, hashes and random names differ.

/// Shape of a text: each run of digits becomes `0`, each word of seven or more
/// hexadecimal digits `x`. Two files that differ only in a date, a process id
/// or an object name have the same shape.
pub fn text_shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_alphanumeric() {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            push_word(&mut shape, word);
            rest = after;
        } else {
            shape.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    shape
}

fn push_word(shape: &mut String, word: &str) {
    if word.len() >= 7 && is_hex(word) {
        shape.push('x');
        return;
    }
    let mut in_digits = false;
    for c in word.chars() {
        if c.is_ascii_digit() {
            if !in_digits {
                shape.push('0');
            }
            in_digits = true;
        } else {
            shape.push(c);
            in_digits = false;
        }
    }
}

fn is_hex(word: &str) -> bool {
    word.bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Shape of a path, component by component: a component of hexadecimal digits
/// (at least two) becomes `<hex>`, and in others each run of six or more letters
/// and digits that mixes classes, as `mkstemp` makes them, becomes `<random>`.
///
/// It is only asked about paths that were already seen to vary from run to run,
/// so that generality does no harm.
pub fn path_shape(path: &str) -> String {
    path.split('/')
        .map(component_shape)
        .collect::<Vec<_>>()
        .join("/")
}

fn component_shape(component: &str) -> String {
    if component.len() >= 2 && is_hex(component) {
        return format!("<hex{}>", component.len());
    }
    let mut shape = String::new();
    let mut rest = component;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_alphanumeric() {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if word.len() >= 6 && classes(&word[word.len() - 6..]) >= 2 {
                // mkstemp fills the last six; what stands before them is the template.
                shape.push_str("<random>");
            } else {
                shape.push_str(&text_shape(word));
            }
            rest = after;
        } else {
            shape.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    shape
}

fn classes(word: &str) -> usize {
    [
        word.bytes().any(|b| b.is_ascii_digit()),
        word.bytes().any(|b| b.is_ascii_lowercase()),
        word.bytes().any(|b| b.is_ascii_uppercase()),
    ]
    .iter()
    .filter(|present| **present)
    .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_in_times_and_hashes_share_a_shape() {
        let one =
            "0000000000000000 3f786850e387550fdab836ed7e6dc881de23001b A <a@b> 1700000000 +0000";
        let two =
            "0000000000000000 89e6c98d92887913cadf06b2adb97f26cde4849b A <a@b> 1700000123 +0000";
        assert_eq!(text_shape(one), text_shape(two));
        assert_ne!(text_shape("done\n"), text_shape("do"));
        assert_ne!(text_shape("a b"), text_shape("a c"));
    }

    #[test]
    fn varying_paths_share_a_shape() {
        assert_eq!(
            path_shape(".git/objects/3f/786850e387550fdab836ed7e6dc881de23001b"),
            path_shape(".git/objects/b9/86e6c98d92887913cadf06b2adb97f26cde484")
        );
        assert_eq!(path_shape("sedAbC1eF"), path_shape("sedXy9dEf"));
        assert_eq!(path_shape("log.123"), path_shape("log.45"));
        assert_ne!(path_shape("out.txt"), path_shape("out.tmp"));
    }
}
