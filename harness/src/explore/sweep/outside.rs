//! What a target writes outside of its private directories.

use crate::facts::CallArgument;
use crate::oracle::Baseline;

/// Paths outside the private directories that the target writes to: those are
/// the person's own, and every run writes to them.
pub(crate) fn outside(baseline: &Baseline) -> Option<String> {
    let mut paths: Vec<&str> = baseline
        .points
        .points
        .iter()
        .filter(|point| point.changes)
        .flat_map(|point| {
            let argument = CallArgument::parse(&point.name.call, &point.name.arg);
            // What a symbolic link says is text: nothing happens there.
            let named = usize::from(point.name.call.starts_with("symlink"));
            argument.parts().skip(named)
        })
        .filter(|path| {
            // The last one is memory, not a file system.
            let nowhere = ["/dev/", "/proc/", "/memfd:"];
            path.starts_with('/') && !nowhere.iter().any(|start| path.starts_with(start))
        })
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let first = paths.first()?;
    let more = if paths.len() > 1 {
        format!(" and {} more", paths.len() - 1)
    } else {
        String::new()
    };
    Some(format!(
        "it writes outside its private directories, for real and in every run: {first}{more}; what it leaves there is not judged"
    ))
}
