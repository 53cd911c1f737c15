//! The private work tree of a target, made anew for each run.
//!
//! Inside namespaces everything lies on a file system in memory that goes away
//! with the supervisor. The start state is a lower layer that is never written
//! to; each run gets a fresh upper layer (0.2 ms, however large the tree). A few
//! small files are copied instead, which is cheaper and has none of the corners
//! of overlayfs (a directory cannot be renamed without privilege, hard links
//! break). Without namespaces the tree is a copy on disk.

use super::copy::{Budget, OWN, TreeError, copy_content, copy_followed, empty, is_small, remove};
use super::paths::TargetPaths;
use super::target::{Limits, Source};
use super::tree_diff::{Listing, Original};
use crate::facts::{EntryKind, TreeDelta};
use crate::sys::mounts;
use crate::target::dirty_check;
use crate::target::tree_diff;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How a tree is renewed.
enum Kind {
    /// A fresh upper layer over these, the topmost first. `merged` shows them together.
    Overlay {
        lower: Vec<PathBuf>,
        merged: PathBuf,
        user: bool,
    },
    /// A copy of `from`.
    Copy { from: PathBuf },
}

/// Asks for the content of every changed file that is small.
pub(crate) const ALL_SMALL: &str = "**";
/// A file that is small, and what all of them may take together.
const SMALL_BYTES: u64 = 256 * 1024;
const SMALL_BYTES_ALL: u64 = 8 << 20;
/// A file that is compared by its content.
const COMPARED_BYTES: u64 = 4 << 20;

/// A work tree and its surroundings.
pub(crate) struct WorkTree {
    pub(crate) places: TargetPaths,
    kind: Kind,
    /// Where a copied tree really lies. Never the path of the view: a target
    /// that takes its view away uncovers the person's own directory there.
    copy: PathBuf,
    /// Holds everything that a run may write outside the tree.
    run: PathBuf,
    /// The device that shows an overlay, while it is mounted.
    mounted: Option<u64>,
    listing: Listing,
    original: Original,
    /// What of our own lies in it.
    hidden: Vec<&'static str>,
    limits: Limits,
    /// How the private directories look when nothing was done to them; `None` where that cannot be told.
    untouched: Option<dirty_check::PrivateDirs>,
    /// How an overlay's layer looked when it was mounted, if nothing was put into it by us.
    upper: Option<dirty_check::UpperLayer>,
    /// What a finished run left, when that is the start state.
    adopted: Option<Adopted>,
    /// What the user should know about it.
    pub(crate) notes: Vec<String>,
}

/// The private directories of a target: home and temporary files.
const PRIVATE: [&str; 2] = ["home", "tmp"];

/// A state that a run left and that later ones start from.
struct Adopted {
    /// Copies of the private directories, in the order of [`PRIVATE`].
    private: Vec<PathBuf>,
    /// What lies in them.
    content: TreeDelta,
}

impl Adopted {
    /// Nothing lies in the private directories.
    fn is_empty(&self) -> bool {
        self.content.changes.is_empty()
    }
}

const TAKEN_AWAY: &str =
    "the target has taken its private view away; what it does from here on would be real";

impl WorkTree {
    /// Prepares the start state below `base`, which is this process's own.
    /// `private` says that `base` lies in a mount namespace of this process, and
    /// whether that is one of an unprivileged user.
    pub(crate) fn prepare(
        source: &Source,
        base: &Path,
        private: Option<bool>,
        limits: Limits,
    ) -> Result<WorkTree, TreeError> {
        let place = |path: &Path| {
            fs::create_dir_all(path).map_err(|error| TreeError::Place {
                path: path.to_owned(),
                error,
            })
        };
        let run = base.join("run");
        let mut tree = base.join("tree");
        place(&run)?;
        place(&tree)?;
        let original = match source {
            Source::View(directory) | Source::Directory(directory) => {
                let directory = readable(directory)?;
                match private {
                    // A second way to it, which stays when the view covers it.
                    Some(_) if matches!(source, Source::View(_)) => {
                        let kept = base.join("source");
                        place(&kept)?;
                        mounts::bind(&directory, &kept).map_err(|error| TreeError::Place {
                            path: kept.clone(),
                            error,
                        })?;
                        tree = directory;
                        kept
                    }
                    _ => directory,
                }
            }
            Source::Files(files) => {
                let start = base.join("start");
                place(&start)?;
                let mut budget = Budget::new(&start, limits);
                for file in files {
                    let name = file.file_name().ok_or_else(|| TreeError::Input {
                        path: file.clone(),
                        error: io::Error::other("it has no name to put it under"),
                    })?;
                    copy_followed(file, &start.join(name), &mut budget)?;
                }
                start
            }
            Source::Empty => {
                let start = base.join("start");
                place(&start)?;
                start
            }
        };
        let is_view = private.is_some() && matches!(source, Source::View(_));
        let small = is_small(&original);
        let mut work = WorkTree {
            places: TargetPaths {
                tree: path_text(&tree)?,
                home: path_text(&run.join("home"))?,
                tmp: path_text(&run.join("tmp"))?,
            },
            kind: match private {
                Some(user) if !small => Kind::Overlay {
                    lower: vec![original.clone()],
                    merged: original.clone(),
                    user,
                },
                _ => Kind::Copy {
                    from: original.clone(),
                },
            },
            copy: base.join("tree"),
            run,
            mounted: None,
            listing: Listing::new(),
            hidden: OWN
                .into_iter()
                .filter(|own| original.join(own).exists())
                .collect(),
            original: Original::new(&original),
            limits,
            untouched: None,
            upper: None,
            adopted: None,
            notes: Vec::new(),
        };
        if let Kind::Overlay { .. } = work.kind
            && let Err(TreeError::Place { error, .. }) = work.reset()
        {
            work.notes.push(format!(
                "an overlay over {} is not possible here ({error}); it is copied for each run",
                original.display()
            ));
            work.kind = Kind::Copy { from: original };
        }
        if matches!(source, Source::View(_) | Source::Directory(_)) {
            work.copy_start(&base.join("start"))?;
        }
        if is_view && matches!(work.kind, Kind::Copy { .. }) {
            mounts::bind(&work.copy, &tree).map_err(|error| TreeError::Place {
                path: tree.clone(),
                error,
            })?;
        }
        Ok(work)
    }

    /// Takes a copy of the directory that the runs start from: somebody may write to it meanwhile (a person sends our own
    /// output into a file there), which would look like the target's doing.
    fn copy_start(&mut self, start: &Path) -> Result<(), TreeError> {
        let Kind::Copy { from } = &mut self.kind else {
            return Ok(());
        };
        fs::create_dir(start).map_err(|error| TreeError::Place {
            path: start.to_owned(),
            error,
        })?;
        copy_content(from, start, &mut Budget::new(from, self.limits))?;
        *from = start.to_owned();
        self.original = Original::new(start);
        Ok(())
    }

    /// How the tree is made, in words.
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Overlay { .. } => "overlay",
            Kind::Copy { .. } => "copy",
        }
    }

    /// Brings the tree back to the start state.
    pub(crate) fn reset(&mut self) -> Result<(), TreeError> {
        let tree = PathBuf::from(&self.places.tree);
        let place = |path: &Path| {
            let path = path.to_owned();
            move |error| TreeError::Place { path, error }
        };
        let layers = [self.run.join("upper"), self.run.join("work")];
        let private_untouched =
            self.untouched.is_some() && self.untouched == dirty_check::private(&self.run);
        let is_overlay = matches!(self.kind, Kind::Overlay { .. });
        if let Some(device) = self.mounted {
            if tree.metadata().map(|meta| meta.dev()).ok() != Some(device) {
                return Err(place(&tree)(io::Error::other(TAKEN_AWAY)));
            }
            let as_it_was = self.upper.is_some() && self.upper == dirty_check::upper(&layers[0]);
            if private_untouched && as_it_was {
                return Ok(());
            }
            mounts::unmount(&tree).map_err(place(&tree))?;
            self.mounted = None;
        }
        if private_untouched {
            for layer in layers.iter().filter(|_| is_overlay) {
                remove(layer).map_err(place(layer))?;
            }
        } else {
            empty(&self.run).map_err(place(&self.run))?;
            for (index, name) in PRIVATE.into_iter().enumerate() {
                let path = self.run.join(name);
                fs::create_dir(&path).map_err(place(&path))?;
                if let Some(adopted) = &self.adopted {
                    let from = &adopted.private[index];
                    copy_content(from, &path, &mut Budget::new(from, self.limits))?;
                }
            }
        }
        for layer in layers.iter().filter(|_| is_overlay) {
            fs::create_dir(layer).map_err(place(layer))?;
        }
        // What lies in them from the beginning could be changed without a trace in their sizes.
        let is_empty = self.adopted.as_ref().is_none_or(Adopted::is_empty);
        self.untouched = dirty_check::private(&self.run).filter(|_| is_empty);
        match &self.kind {
            Kind::Overlay { lower, user, .. } => {
                let upper = self.run.join("upper");
                for own in &self.hidden {
                    mounts::whiteout(&upper.join(own)).map_err(place(&upper))?;
                }
                mounts::overlay(lower, &upper, &self.run.join("work"), &tree, *user)
                    .map_err(place(&tree))?;
                self.mounted = Some(tree.metadata().map_err(place(&tree))?.dev());
                self.upper = dirty_check::upper(&upper);
            }
            Kind::Copy { from } => {
                empty(&self.copy).map_err(place(&self.copy))?;
                let mut budget = Budget::new(from, self.limits);
                copy_content(from, &self.copy, &mut budget)?;
                self.listing = tree_diff::list(&self.copy).map_err(place(&self.copy))?;
                if !mounts::same_directory(&self.copy, &tree) {
                    return Err(place(&tree)(io::Error::other(TAKEN_AWAY)));
                }
            }
        }
        Ok(())
    }

    /// What is different from the start state.
    pub(crate) fn changes(&mut self) -> io::Result<TreeDelta> {
        let tree = Path::new(&self.places.tree);
        let mut delta = match &self.kind {
            Kind::Overlay { merged, .. } => {
                match tree_diff::overlay(&self.run.join("upper"), &mut self.original)? {
                    Some(delta) => delta,
                    None => {
                        if self.listing.is_empty() {
                            self.listing = tree_diff::list(merged)?;
                        }
                        tree_diff::compare(&self.listing, tree, &mut self.original, false)?
                    }
                }
            }
            Kind::Copy { .. } => {
                tree_diff::compare(&self.listing, &self.copy, &mut self.original, true)?
            }
        };
        for own in &self.hidden {
            let inside = format!("{own}/");
            delta
                .changes
                .retain(|path, _| path != own && !path.starts_with(&inside));
        }
        let private = self.private_content()?;
        let begun = self.adopted.as_ref().map(|adopted| &adopted.content);
        delta.add_since(begun, private);
        Ok(delta)
    }

    /// What lies in the private directories.
    fn private_content(&self) -> io::Result<TreeDelta> {
        let mut content = TreeDelta::default();
        tree_diff::additions(Path::new(&self.places.home), "~", &mut content)?;
        tree_diff::additions(Path::new(&self.places.tmp), "$TMPDIR", &mut content)?;
        Ok(content)
    }

    /// Takes the present state for the start state from now on.
    pub(crate) fn adopt(&mut self) -> Result<(), TreeError> {
        let place = |path: &Path| {
            let path = path.to_owned();
            move |error| TreeError::Place { path, error }
        };
        let base = self.run.parent().unwrap_or(&self.run).join("finished");
        fs::create_dir(&base).map_err(place(&base))?;
        let mut private = Vec::new();
        for name in PRIVATE {
            let (from, to) = (self.run.join(name), base.join(name));
            fs::create_dir(&to).map_err(place(&to))?;
            copy_content(&from, &to, &mut Budget::new(&from, self.limits))?;
            private.push(to);
        }
        self.adopted = Some(Adopted {
            private,
            content: self.private_content().map_err(place(&base))?,
        });
        self.untouched = None;
        let original = match &mut self.kind {
            Kind::Overlay {
                lower,
                merged,
                user,
            } => {
                let tree = Path::new(&self.places.tree);
                if self.mounted.take().is_some() {
                    mounts::unmount(tree).map_err(place(tree))?;
                }
                let (upper, layer) = (self.run.join("upper"), base.join("layer"));
                fs::rename(&upper, &layer).map_err(place(&upper))?;
                lower.insert(0, layer);
                *merged = base.join("merged");
                fs::create_dir(&*merged).map_err(place(merged))?;
                mounts::layered(lower, merged, *user).map_err(place(merged))?;
                merged.clone()
            }
            Kind::Copy { from } => {
                let copy = base.join("tree");
                fs::create_dir(&copy).map_err(place(&copy))?;
                let mut budget = Budget::new(&self.copy, self.limits);
                copy_content(&self.copy, &copy, &mut budget)?;
                *from = copy.clone();
                copy
            }
        };
        self.original = Original::new(&original);
        self.listing = Listing::new();
        Ok(())
    }

    /// The content of changed files that match one of these globs, and the paths of those that are too large. A lone
    /// `**` asks for what is small, and for no more.
    pub(crate) fn contents(
        &self,
        tree: &TreeDelta,
        wanted: &[String],
    ) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
        let globs = wanted.iter().filter(|glob| *glob != ALL_SMALL);
        let globs: Vec<globset::GlobMatcher> = globs
            .filter_map(|glob| Some(globset::Glob::new(glob).ok()?.compile_matcher()))
            .collect();
        let all_small = wanted.iter().any(|glob| glob == ALL_SMALL);
        let (mut contents, mut large) = (BTreeMap::new(), Vec::new());
        let mut room = SMALL_BYTES_ALL;
        for (path, change) in &tree.changes {
            let Some(is) = &change.after else { continue };
            if is.kind != EntryKind::File {
                continue;
            }
            let asked = globs.iter().any(|glob| glob.is_match(path));
            let is_small = all_small && is.size <= SMALL_BYTES.min(room);
            if !asked && !is_small {
                continue;
            }
            if asked && is.size > COMPARED_BYTES {
                large.push(path.clone());
                continue;
            }
            if let Ok(content) = std::fs::read(self.places.lengthen(path)) {
                room = room.saturating_sub(if asked { 0 } else { is.size });
                contents.insert(path.clone(), content);
            }
        }
        (contents, large)
    }

    /// Whether the private file system ran full.
    pub(crate) fn is_full(&self) -> bool {
        mounts::free_bytes(&self.run).is_ok_and(|free| free < 64 * 1024)
    }

    /// A path in the tree that matches a glob.
    pub(crate) fn find(&self, glob: &globset::GlobMatcher) -> Option<String> {
        let tree = Path::new(&self.places.tree);
        let pattern = glob.glob().glob();
        if !pattern.contains(['*', '?', '[', '{']) {
            return tree
                .join(pattern)
                .symlink_metadata()
                .is_ok()
                .then(|| pattern.to_owned());
        }
        let listing = tree_diff::list(tree).ok()?;
        listing.keys().find(|path| glob.is_match(path)).cloned()
    }
}

fn path_text(path: &Path) -> Result<String, TreeError> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| TreeError::Place {
            path: path.to_owned(),
            error: io::Error::other("the path is no UTF-8"),
        })
}

fn readable(directory: &Path) -> Result<PathBuf, TreeError> {
    let input = |error| TreeError::Input {
        path: directory.to_owned(),
        error,
    };
    let directory = directory.canonicalize().map_err(input)?;
    fs::read_dir(&directory).map_err(input)?;
    Ok(directory)
}
