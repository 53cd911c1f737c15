//! Where a target's files are, and short names for them.

use serde::{Deserialize, Serialize};

/// The three private directories of a target, as absolute paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TargetPaths {
    /// Its work tree, in which it starts.
    pub(crate) tree: String,
    /// `HOME`.
    pub(crate) home: String,
    /// `TMPDIR`.
    pub(crate) tmp: String,
}

impl TargetPaths {
    /// A path as it is shown: relative to the work tree, or with `~` or
    /// `$TMPDIR` in front; others stay absolute. Dots and doubled slashes go.
    pub(crate) fn shorten(&self, path: &str) -> String {
        let path = normal(path);
        for (place, label) in [(&self.tmp, "$TMPDIR"), (&self.home, "~"), (&self.tree, "")] {
            let Some(rest) = path.strip_prefix(place.as_str()) else {
                continue;
            };
            if rest.is_empty() {
                return if label.is_empty() { "." } else { label }.to_owned();
            }
            if let Some(rest) = rest.strip_prefix('/') {
                return if label.is_empty() {
                    rest.to_owned()
                } else {
                    format!("{label}/{rest}")
                };
            }
        }
        path
    }
}

impl TargetPaths {
    /// The absolute path of one that is shown short.
    pub(crate) fn lengthen(&self, shown: &str) -> String {
        for (place, label) in [(&self.tmp, "$TMPDIR/"), (&self.home, "~/")] {
            if let Some(rest) = shown.strip_prefix(label) {
                return format!("{place}/{rest}");
            }
        }
        format!("{}/{shown}", self.tree)
    }
}

/// An absolute path without `.`, `..` and empty components; links are not followed.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_short() {
        let places = TargetPaths {
            tree: "/w/tree".into(),
            home: "/w/run/home".into(),
            tmp: "/w/run/tmp".into(),
        };
        for (path, short) in [
            ("/w/tree/out.txt", "out.txt"),
            ("/w/tree/./a/../b", "b"),
            ("/w/tree", "."),
            ("/w/treeish", "/w/treeish"),
            ("/w/run/tmp/x", "$TMPDIR/x"),
            ("/w/run/home/.rc", "~/.rc"),
            ("/etc//passwd", "/etc/passwd"),
        ] {
            assert_eq!(places.shorten(path), short, "{path}");
            if short != "." && !short.starts_with('/') {
                assert_eq!(places.shorten(&places.lengthen(short)), short);
            }
        }
    }
}
