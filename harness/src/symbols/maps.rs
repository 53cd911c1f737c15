//! What of an address space is code, from the text of `/proc/PID/maps`.

/// A range of addresses that can be executed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Mapping {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Where in the file it begins.
    pub(crate) offset: u64,
    /// The file; empty for memory that is from none.
    pub(crate) path: String,
}

/// The mappings with code, in the order of their addresses. A line that cannot be read is left out.
pub(crate) fn executable(maps: &str) -> Vec<Mapping> {
    maps.lines().filter_map(mapping).collect()
}

fn mapping(line: &str) -> Option<Mapping> {
    // start-end permissions offset device inode      path
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?;
    if permissions.as_bytes().get(2) != Some(&b'x') {
        return None;
    }
    let hex = |text| u64::from_str_radix(text, 16).ok();
    Some(Mapping {
        start: hex(start)?,
        end: hex(end)?,
        offset: hex(fields.next()?)?,
        path: fields.nth(2).unwrap_or_default().trim_start().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_kept_and_paths_may_hold_spaces() {
        let text = "\
555555554000-555555555000 r--p 00000000 fe:00 1   /bin/a b
555555555000-555555556000 r-xp 00001000 fe:00 1                  /bin/a b
7ffff7fc1000-7ffff7fc5000 r--p 00000000 00:00 0                          [vvar]
7ffff7fc5000-7ffff7fc7000 r-xp 00000000 00:00 0                          [vdso]
7ffff7ff0000-7ffff7ff1000 rwxp 00000000 00:00 0
nonsense
";
        let found: Vec<(u64, u64, String)> = executable(text)
            .into_iter()
            .map(|mapping| (mapping.start, mapping.offset, mapping.path))
            .collect();
        assert_eq!(
            found,
            [
                (0x5555_5555_5000, 0x1000, "/bin/a b".to_owned()),
                (0x7fff_f7fc_5000, 0, "[vdso]".to_owned()),
                (0x7fff_f7ff_0000, 0, String::new()),
            ]
        );
    }
}
