//! Walking stacks while a run goes on, and naming them when it is over.

use super::image::{Bytes, Image};
use super::maps::Mapping;
use super::names::Names;
use crate::facts::{Frame, Stacks, code_hash};
use crate::symbols::maps;
use framehop::{
    CacheNative, MayAllocateDuringUnwind, UnwindRegsNative, Unwinder as _, UnwinderNative,
};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// Frames of one stack that are kept: the innermost ones. Deeper than this only recursion is.
const FRAMES_MAX: usize = 64;

/// Where separate debug files are.
const DEBUG_FILES: &str = "/usr/lib/debug";

/// Where a thread stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Registers {
    /// The address after the instruction that makes the call.
    pub(crate) ip: u64,
    /// Where its stack ends, the frame pointer if the code keeps one, and what else the processor has for that.
    pub(crate) unwind: UnwindRegsNative,
}

/// The stacks of one run, as addresses.
#[derive(Default)]
pub(crate) struct Collector {
    images: Vec<(String, Option<Rc<Image>>)>,
    spaces: HashMap<Vec<Mapping>, Space>,
    cache: CacheNative<MayAllocateDuringUnwind>,
    /// FrameRef of an image and address in it.
    frames: HashMap<(usize, u64), u32>,
    /// Frames of scripts, which have their names from the interpreter.
    scripts: HashMap<Frame, u32>,
    lists: HashMap<Vec<FrameRef>, u32>,
    of_points: Vec<Option<u32>>,
}

/// A frame on a list: a place among those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum FrameRef {
    Script(u32),
    Native(u32),
}

/// The code of one address space. With fixed addresses a process and its children share it.
struct Space {
    unwinder: UnwinderNative<Bytes, MayAllocateDuringUnwind>,
    code: Vec<Code>,
}

#[derive(Clone, Copy)]
struct Code {
    start: u64,
    end: u64,
    image: usize,
    bias: u64,
}

impl Collector {
    /// Takes the stack at the next point; `script` are the interpreter's frames, the innermost first. `maps` is the
    /// text of `/proc/PID/maps`, `read` gives eight bytes of memory.
    pub(crate) fn take(
        &mut self,
        maps: &str,
        registers: Registers,
        read: impl FnMut(u64) -> Option<u64>,
        script: Vec<Frame>,
    ) {
        let mut list: Vec<FrameRef> = Vec::new();
        for frame in script {
            let next = self.scripts.len() as u32;
            list.push(FrameRef::Script(*self.scripts.entry(frame).or_insert(next)));
        }
        let native = self.walk(maps::executable(maps), registers, read);
        list.extend(native.into_iter().map(FrameRef::Native));
        let list = (!list.is_empty()).then(|| {
            let next = self.lists.len() as u32;
            *self.lists.entry(list).or_insert(next)
        });
        self.of_points.push(list);
    }

    /// The next point's stack cannot be read.
    pub(crate) fn miss(&mut self) {
        self.of_points.push(None);
    }

    /// A hash of the code that makes a call (see [`code_hash`]).
    pub(crate) fn code(
        &mut self,
        maps: &str,
        registers: Registers,
        read: impl FnMut(u64) -> Option<u64>,
    ) -> Option<u64> {
        let frames = self.walk(maps::executable(maps), registers, read);
        let by_place: HashMap<u32, (usize, u64)> = self
            .frames
            .iter()
            .map(|(key, place)| (*place, *key))
            .collect();
        let frames = frames.iter().filter_map(|frame| by_place.get(frame));
        let named: Vec<(String, u64)> = frames
            .map(|(image, offset)| (module_name(&self.images[*image].0), *offset))
            .collect();
        (!named.is_empty()).then(|| {
            code_hash(
                named
                    .iter()
                    .map(|(module, offset)| (module.as_str(), *offset)),
            )
        })
    }

    fn walk(
        &mut self,
        mappings: Vec<Mapping>,
        registers: Registers,
        mut read: impl FnMut(u64) -> Option<u64>,
    ) -> Vec<u32> {
        let space = self
            .spaces
            .entry(mappings)
            .or_insert_with_key(|mappings| Space::new(mappings, &mut self.images));
        let mut read = |address| read(address).ok_or(());
        let mut walk =
            space
                .unwinder
                .iter_frames(registers.ip, registers.unwind, &mut self.cache, &mut read);
        let mut frames = Vec::new();
        // An error is the end of what can be known: what was found so far is right.
        while let Ok(Some(address)) = walk.next() {
            // The first is a return address as well: that of the call into the kernel.
            let within = address.address().wrapping_sub(1);
            let Some(code) = space.at(within) else {
                break; // no code: without unwind information and frame pointers this is where it goes astray
            };
            let next = self.frames.len() as u32;
            let key = (code.image, within.wrapping_sub(code.bias));
            frames.push(*self.frames.entry(key).or_insert(next));
            if frames.len() == FRAMES_MAX {
                break;
            }
        }
        frames
    }

    /// Names everything, or only says which file each frame is from.
    pub(crate) fn finish(self, named: bool) -> Stacks {
        let mut names: Vec<Option<Names>> = self
            .images
            .iter()
            .map(|(_, image)| {
                image
                    .as_ref()
                    .filter(|_| named)
                    .map(|image| Names::open(image))
            })
            .collect();
        let mut by_place: Vec<(u32, (usize, u64))> = self
            .frames
            .into_iter()
            .map(|(key, place)| (place, key))
            .collect();
        by_place.sort_unstable();
        let mut stacks = Stacks::default();
        // One address is several frames where functions were put into their callers.
        let mut expanded: Vec<Vec<u32>> = Vec::with_capacity(by_place.len());
        for (_, (image, offset)) in by_place {
            let module = module_name(&self.images[image].0);
            let found = match &mut names[image] {
                Some(names) => names.frames(&module, offset),
                None => vec![Frame {
                    runtime: module == VDSO,
                    module,
                    offset,
                    ..Frame::default()
                }],
            };
            let from = stacks.frames.len() as u32;
            expanded.push((from..from + found.len() as u32).collect());
            stacks.frames.extend(found);
        }
        let first_script = stacks.frames.len() as u32;
        let mut scripts: Vec<(u32, Frame)> = self
            .scripts
            .into_iter()
            .map(|(frame, place)| (place, frame))
            .collect();
        scripts.sort_unstable_by_key(|(place, _)| *place);
        stacks
            .frames
            .extend(scripts.into_iter().map(|(_, frame)| frame));
        let mut lists: Vec<(u32, Vec<FrameRef>)> = self
            .lists
            .into_iter()
            .map(|(list, place)| (place, list))
            .collect();
        lists.sort_unstable();
        stacks.lists = lists
            .into_iter()
            .map(|(_, list)| {
                list.into_iter()
                    .flat_map(|place| match place {
                        FrameRef::Native(frame) => expanded[frame as usize].clone(),
                        FrameRef::Script(frame) => vec![first_script + frame],
                    })
                    .collect()
            })
            .collect();
        stacks.of_points = self.of_points;
        stacks
    }
}

const VDSO: &str = "[vdso]";

fn module_name(path: &str) -> String {
    match path.trim_end_matches(" (deleted)").rsplit('/').next() {
        Some("") | None => crate::facts::ANONYMOUS.to_owned(),
        Some(name) => name.to_owned(),
    }
}

impl Space {
    fn new(mappings: &[Mapping], images: &mut Vec<(String, Option<Rc<Image>>)>) -> Space {
        let mut space = Space {
            unwinder: UnwinderNative::new(),
            code: Vec::new(),
        };
        for mapping in mappings {
            let known = images.iter().position(|(path, _)| *path == mapping.path);
            let place = known.unwrap_or_else(|| {
                // What is no file has a name without a slash.
                let path = Path::new(&mapping.path);
                let image = path
                    .is_absolute()
                    .then(|| Image::open(path, Path::new(DEBUG_FILES)))
                    .flatten();
                let image = image.map(Rc::new);
                images.push((mapping.path.clone(), image));
                images.len() - 1
            });
            let image = images[place].1.as_ref();
            let bias = image.and_then(|image| image.bias(mapping));
            if let (Some(image), Some(bias)) = (image, bias) {
                space.unwinder.add_module(image.module(mapping, bias));
            }
            space.code.push(Code {
                start: mapping.start,
                end: mapping.end,
                image: place,
                // Of what cannot be read only the place in the file is known.
                bias: bias.unwrap_or(mapping.start.wrapping_sub(mapping.offset)),
            });
        }
        space
    }

    fn at(&self, address: u64) -> Option<Code> {
        self.code
            .iter()
            .find(|code| (code.start..code.end).contains(&address))
            .copied()
    }
}
