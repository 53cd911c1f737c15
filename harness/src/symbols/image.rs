//! A mapped file: where its code lies, and how its frames are unwound.

use super::maps::Mapping;
use framehop::{ExplicitModuleSectionInfo, Module};
use object::{Object, ObjectSection, ObjectSegment, ReadCache, SegmentFlags};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a section, shared by all address spaces that have the file mapped.
pub(crate) type Bytes = Arc<[u8]>;

/// What is kept of one file.
pub(crate) struct Image {
    pub(crate) path: PathBuf,
    /// A separate file with its debug information, if there is one on this machine.
    pub(crate) debug: Option<PathBuf>,
    segments: Vec<Segment>,
    text: Option<Range<u64>>,
    eh_frame: Option<(Range<u64>, Bytes)>,
    eh_frame_hdr: Option<(Range<u64>, Bytes)>,
    debug_frame: Option<Bytes>,
}

/// Code of the file, and where its own counting puts it.
struct Segment {
    from: u64,
    size: u64,
    address: u64,
}

impl Image {
    /// Reads what is needed; `None` for a file that is gone or is no program. `debug` is where separate debug files
    /// are.
    pub(crate) fn open(path: &Path, debug: &Path) -> Option<Image> {
        // Devices can be mapped as well, and opening one may wait for ever.
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let cache = ReadCache::new(File::open(path).ok()?);
        let file = object::File::parse(&cache).ok()?;
        let section = |name: &str| {
            let section = file.section_by_name(name)?;
            // A separate debug file has sections without content: an error, or nothing.
            let data = section
                .uncompressed_data()
                .ok()
                .filter(|data| !data.is_empty())?;
            let range = section.address()..section.address() + section.size();
            Some((range, Bytes::from(data.as_ref())))
        };
        let segments = file
            .segments()
            // The others can lie in the same page of the file.
            .filter(|segment| match segment.flags() {
                SegmentFlags::Elf { p_flags, .. } => p_flags.contains(object::elf::PF_X),
                _ => true,
            })
            .map(|segment| {
                let (from, size) = segment.file_range();
                Segment {
                    from,
                    size,
                    address: segment.address(),
                }
            })
            .collect();
        let build_id = file.build_id().ok().flatten();
        Some(Image {
            path: path.to_owned(),
            debug: build_id.and_then(|build_id| debug_file(debug, build_id)),
            segments,
            text: file
                .section_by_name(".text")
                .map(|text| text.address()..text.address() + text.size()),
            eh_frame: section(".eh_frame"),
            eh_frame_hdr: section(".eh_frame_hdr").filter(|(_, data)| has_table(data)),
            debug_frame: section(".debug_frame").map(|(_, data)| data),
        })
    }

    /// What is added to the file's own addresses to get those of the process.
    pub(crate) fn bias(&self, mapping: &Mapping) -> Option<u64> {
        let length = mapping.end - mapping.start;
        let segment = self.segments.iter().find(|segment| {
            // Mappings begin at a page, segments anywhere in it.
            segment.from < mapping.offset + length && mapping.offset < segment.from + segment.size
        })?;
        let address = segment
            .address
            .wrapping_add(mapping.offset.wrapping_sub(segment.from));
        Some(mapping.start.wrapping_sub(address))
    }

    /// The same for the unwinder, as it lies in one process.
    pub(crate) fn module(&self, mapping: &Mapping, bias: u64) -> Module<Bytes> {
        let range = |section: &Option<(Range<u64>, Bytes)>| {
            section.as_ref().map(|(range, _)| range.clone())
        };
        let data = |section: &Option<(Range<u64>, Bytes)>| {
            section.as_ref().map(|(_, data)| Arc::clone(data))
        };
        Module::new(
            self.path.display().to_string(),
            mapping.start..mapping.end,
            bias,
            ExplicitModuleSectionInfo {
                text_svma: self.text.clone(),
                eh_frame_svma: range(&self.eh_frame),
                eh_frame: data(&self.eh_frame),
                eh_frame_hdr_svma: range(&self.eh_frame_hdr),
                eh_frame_hdr: data(&self.eh_frame_hdr),
                debug_frame: self.debug_frame.clone(),
                ..ExplicitModuleSectionInfo::default()
            },
        )
    }
}

/// Whether an index of frames has a table to search: some linkers leave it out, and then the index is of no use.
fn has_table(eh_frame_hdr: &[u8]) -> bool {
    const OMITTED: u8 = 0xff;
    eh_frame_hdr
        .get(3)
        .is_some_and(|encoding| *encoding != OMITTED)
}

/// Distributions put debug information below the build's own number.
fn debug_file(debug: &Path, build_id: &[u8]) -> Option<PathBuf> {
    let hex: String = build_id.iter().map(|byte| format!("{byte:02x}")).collect();
    let (directory, name) = hex.split_at_checked(2)?;
    let path = debug.join(format!(".build-id/{directory}/{name}.debug"));
    path.exists().then_some(path)
}
