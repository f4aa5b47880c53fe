//! A disk that loses power: what a process did to its files is replayed up to a moment, and of what
//! was not synced by then, some is lost.
//!
//! `tests/power/recorder.c` records; its format is told there. Modelled are files as blocks of
//! 4 KiB and folders as names: content is safe after a sync of the file, a name after a sync of its
//! folder. What is not modelled: a drive that lies about its syncs, and blocks torn within.

use crate::random::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// What a disk keeps or loses as a whole, in bytes.
const BLOCK_BYTES: usize = 4096;

/// One recorded operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    Open { fd: u32, path: PathBuf, created: bool, emptied: bool },
    Write { fd: u32, at: usize, bytes: Vec<u8> },
    Length { fd: u32, length: usize },
    Sync { fd: u32 },
    Rename { from: PathBuf, to: PathBuf },
    Unlink { path: PathBuf },
    Folder { path: PathBuf },
    Said { text: String },
}

/// Reads a recording.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn read_recording(bytes: &[u8]) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut rest = bytes;
    // The last record may be torn: its process was killed.
    while let Some((head, behind)) = rest.split_at_checked(17) {
        let fd = u32::from_le_bytes(head[1..5].try_into().unwrap());
        let number = u64::from_le_bytes(head[5..13].try_into().unwrap()) as usize;
        let length = u32::from_le_bytes(head[13..].try_into().unwrap()) as usize;
        let Some((body, behind)) = behind.split_at_checked(length) else { break };
        let text = || String::from_utf8(body.to_vec()).unwrap();
        let path = || without_dots(Path::new(&text()));
        operations.push(match head[0] {
            b'O' => {
                let (created, emptied) = (number & 1 != 0, number & 2 != 0);
                Operation::Open { fd, path: path(), created, emptied }
            }
            b'W' => Operation::Write { fd, at: number, bytes: body.to_vec() },
            b'T' => Operation::Length { fd, length: number },
            b'S' => Operation::Sync { fd },
            b'R' => {
                let both = text();
                let (from, to) = both.split_once('\0').unwrap();
                Operation::Rename { from: from.into(), to: to.into() }
            }
            b'U' => Operation::Unlink { path: path() },
            b'D' => Operation::Folder { path: path() },
            b'M' => Operation::Said { text: text() },
            kind => panic!("a record of kind {kind}"),
        });
        rest = behind;
    }
    operations
}

/// `a/b/..` is `a`: a folder's own name is synced that way.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// What survives of that which was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Nothing.
    Strict,
    /// Any of the blocks; of changes of length and of names, those up to a moment.
    Torn,
    /// As `Torn`, but a file grows as a whole with its content or not at all, as on ext4 with
    /// ordered data.
    Ext4,
    /// For a control: as if the drive had never synced anything.
    Lying,
}

/// A change of a file that is not synced.
#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

#[derive(Clone, Debug, Default)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

impl File {
    fn now(&self) -> Vec<u8> {
        let mut content = self.synced.clone();
        self.unsynced.iter().for_each(|change| change.apply(&mut content, &mut |_| true));
        content
    }

    /// Content after a power cut, and how many blocks of it are lost.
    fn after(&self, model: Model, random: &mut Random) -> (Vec<u8>, usize) {
        let mut content = self.synced.clone();
        let mut lost = 0;
        if self.unsynced.is_empty() || model == Model::Strict {
            return (content, self.unsynced.len());
        }
        let all = self.unsynced.len();
        let (until, grows) = match model {
            Model::Torn => (random.below(all as u64 + 1) as usize, true),
            _ => (all, random.below(2) == 0),
        };
        for change in &self.unsynced[..until] {
            let old = self.synced.len();
            change.apply(&mut content, &mut |at| {
                let keep =
                    if model == Model::Ext4 && at >= old { grows } else { random.below(2) == 0 };
                lost += usize::from(!keep);
                keep
            });
        }
        if model == Model::Ext4 && !grows {
            content.truncate(self.synced.len());
        }
        (content, lost + all - until)
    }
}

impl Change {
    /// Applies the blocks that are kept; `keep` is asked with the offset of each.
    fn apply(&self, content: &mut Vec<u8>, keep: &mut dyn FnMut(usize) -> bool) {
        match self {
            Self::Length(length) => content.resize(*length, 0),
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                let mut from = *at;
                while from < end {
                    let to = end.min((from / BLOCK_BYTES + 1) * BLOCK_BYTES);
                    if keep(from) {
                        content[from..to].copy_from_slice(&bytes[from - at..to - at]);
                    }
                    from = to;
                }
            }
        }
    }
}

/// A change of the names in a folder.
#[derive(Clone, Debug)]
enum NameChange {
    Add { path: PathBuf, file: usize },
    Move { from: PathBuf, to: PathBuf },
    Remove { path: PathBuf },
    Folder { path: PathBuf },
}

impl NameChange {
    fn folder(&self) -> &Path {
        let (Self::Add { path, .. }
        | Self::Move { to: path, .. }
        | Self::Remove { path }
        | Self::Folder { path }) = self;
        path.parent().unwrap()
    }

    fn apply(&self, names: &mut Names) {
        match self {
            Self::Add { path, file } if names.folders.contains(self.folder()) => {
                names.files.insert(path.clone(), *file);
            }
            Self::Move { from, to } => {
                if let Some(file) = names.files.remove(from) {
                    names.files.insert(to.clone(), file);
                }
            }
            Self::Remove { path } => drop(names.files.remove(path)),
            Self::Folder { path } => drop(names.folders.insert(path.clone())),
            Self::Add { .. } => {}
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Names {
    files: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
}

/// The disk below one folder.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    root: PathBuf,
    files: Vec<File>,
    base: Names,
    now: Names,
    /// In their order; `true` once the folder was synced.
    name_changes: Vec<(NameChange, bool)>,
    open: BTreeMap<u32, Opened>,
}

#[derive(Clone, Debug)]
enum Opened {
    File(usize),
    Folder(PathBuf),
}

impl Disk {
    /// A disk that holds what lies in `root` now, all of it synced.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        let mut disk = Self { root: root.to_owned(), ..Self::default() };
        disk.take_in(root);
        disk.now = disk.base.clone();
        disk
    }

    fn take_in(&mut self, folder: &Path) {
        self.base.folders.insert(folder.to_owned());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.take_in(&path);
            } else {
                let synced = fs::read(&path).unwrap();
                self.base.files.insert(path, self.files.len());
                self.files.push(File { synced, unsynced: Vec::new() });
            }
        }
    }

    /// Does what the process did.
    pub fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Open { fd, path, created, emptied } => {
                self.open(*fd, path, *created, *emptied);
            }
            Operation::Write { fd, at, bytes } => {
                self.change(*fd, Change::Write { at: *at, bytes: bytes.clone() });
            }
            Operation::Length { fd, length } => self.change(*fd, Change::Length(*length)),
            Operation::Sync { fd } => self.sync(*fd),
            Operation::Rename { from, to } => {
                self.name(NameChange::Move { from: from.clone(), to: to.clone() });
            }
            Operation::Unlink { path } => self.name(NameChange::Remove { path: path.clone() }),
            Operation::Folder { path } => self.name(NameChange::Folder { path: path.clone() }),
            Operation::Said { .. } => {}
        }
    }

    fn open(&mut self, fd: u32, path: &Path, created: bool, emptied: bool) {
        // The folder above the root counts as one: its names are not the test's business.
        if self.now.folders.contains(path) || !path.starts_with(&self.root) {
            self.open.insert(fd, Opened::Folder(path.to_owned()));
            return;
        }
        if created {
            let file = self.files.len();
            self.files.push(File::default());
            self.name(NameChange::Add { path: path.to_owned(), file });
        }
        let file = self.now.files[path];
        self.open.insert(fd, Opened::File(file));
        if emptied && !created {
            self.change(fd, Change::Length(0));
        }
    }

    fn change(&mut self, fd: u32, change: Change) {
        let Opened::File(file) = self.open[&fd] else { panic!("a folder is written to") };
        self.files[file].unsynced.push(change);
    }

    fn name(&mut self, change: NameChange) {
        change.apply(&mut self.now);
        self.name_changes.push((change, false));
    }

    fn sync(&mut self, fd: u32) {
        match &self.open[&fd] {
            Opened::File(file) => {
                let file = &mut self.files[*file];
                file.synced = file.now();
                file.unsynced.clear();
            }
            Opened::Folder(folder) => {
                let here = self.name_changes.iter_mut();
                here.filter(|(change, _)| change.folder() == folder)
                    .for_each(|(_, synced)| *synced = true);
            }
        }
    }

    /// Whether the disk as it is now holds what lies in the folder: the recording is complete.
    ///
    /// # Panics
    /// If it does not, with the first difference.
    pub fn assert_is(&self, folder: &Path) {
        let real = Self::of(folder);
        let mine: Vec<_> = self.now.files.keys().collect();
        let theirs: Vec<_> = real.base.files.keys().collect();
        assert_eq!(mine, theirs, "the recording misses a file");
        for (path, file) in &self.now.files {
            let same = self.files[*file].now() == real.files[real.base.files[path]].synced;
            assert!(same, "the recording misses a change of {}", path.display());
        }
    }

    /// Writes what a power cut at this moment leaves into `to`, whose files are a copy of the
    /// folder as it was at first; returns how much was lost: blocks, changes of length and names.
    pub fn cut(&self, model: Model, random: &mut Random, to: &Path) -> usize {
        let mut names = self.base.clone();
        let unsynced = self.name_changes.iter().filter(|(_, synced)| !synced).count();
        let kept = match model {
            Model::Strict | Model::Lying => 0,
            Model::Torn | Model::Ext4 => random.below(unsynced as u64 + 1) as usize,
        };
        let mut seen = 0;
        for (change, synced) in &self.name_changes {
            seen += usize::from(!synced);
            if (*synced && model != Model::Lying) || (!synced && seen <= kept) {
                change.apply(&mut names);
            }
        }
        let place = |path: &Path| to.join(path.strip_prefix(&self.root).unwrap());
        names.folders.iter().for_each(|folder| fs::create_dir_all(place(folder)).unwrap());
        for path in self.base.files.keys().filter(|path| !names.files.contains_key(*path)) {
            fs::remove_file(place(path)).unwrap();
        }
        let mut lost = unsynced - kept;
        for (path, file) in &names.files {
            if model == Model::Lying {
                continue;
            }
            let (content, gone) = self.files[*file].after(model, random);
            lost += gone;
            fs::write(place(path), content).unwrap();
        }
        lost
    }
}
