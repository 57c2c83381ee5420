//! A disk that keeps in memory what was not synced, and loses it when its power is cut.
//!
//! It promises what POSIX does and no more: a synced file has what was written to it before, a synced folder has the names
//! of before. It is one folder of files, which is all that a database needs.

use fastrand::Rng;
use std::{collections::BTreeMap, ops::Range, path::Path};

/// The disk's own unit and the page of most file systems: what a cut may tear a write into.
const UNITS: [usize; 2] = [512, 4_096];

type Names = BTreeMap<String, u64>;

#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: BTreeMap<u64, File>,
    names: Names,
    synced_names: Names,
    /// What each call since the folder's last sync did to its names.
    unsynced_names: Vec<Vec<(String, Option<u64>)>>,
    /// The files made so far.
    made: u64,
    /// The calls so far that changed or synced something.
    pub(crate) calls: u64,
    /// How many calls it does before its power is cut, and whether only those count that are about the database's file.
    left: Option<(u64, bool)>,
    is_out: bool,
    /// Whether it answers a sync at once and forgets it, as broken disks do.
    pub(crate) lies: bool,
    /// Whether it says, once its power is cut, that every call failed. Otherwise it says nothing any more.
    pub(crate) tells: bool,
}

#[derive(Debug, Default)]
pub(crate) struct File {
    /// What kind of file it is and who may read it, as in `stat`.
    pub(crate) mode: u32,
    pub(crate) bytes: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

/// What had not been synced when the power was cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unsynced {
    pub(crate) database: usize,
    pub(crate) log: usize,
    pub(crate) names: usize,
}

/// What a cut leaves of it.
#[derive(Debug)]
pub(crate) enum Survivors<'a> {
    None,
    /// Of files each piece or not, in any order; of names each call or not.
    Some(&'a mut Rng),
    /// All of it, still not synced: no cut, only the process has been killed.
    All,
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, written) => {
                let end = at + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(written);
            }
            Self::Resize(length) => bytes.resize(*length, 0),
        }
    }
}

/// The range, cut where units begin.
fn pieces(range: Range<usize>, unit: usize) -> impl Iterator<Item = Range<usize>> {
    (range.start / unit..range.end.div_ceil(unit))
        .map(move |n| (n * unit).max(range.start)..((n + 1) * unit).min(range.end))
}

impl File {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.bytes);
        self.unsynced.push(change);
    }

    fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.synced);
        }
    }

    /// What may be found after a cut: the length of some moment, and in each unit what stood there at some moment.
    fn torn(&self, rng: &mut Rng) -> Vec<u8> {
        let unit = rng.choice(UNITS).unwrap_or(UNITS[0]);
        // Of ten; so that there are cuts after which almost all is there, and such after which almost nothing is.
        let luck = rng.u8(1..10);
        let (mut length, mut lengths) = (self.synced.len(), vec![self.synced.len()]);
        let mut written: Vec<(Range<usize>, &[u8])> = Vec::new();
        for change in &self.unsynced {
            match change {
                Change::Write(at, bytes) => {
                    let range = *at..at + bytes.len();
                    written.extend(
                        pieces(range, unit)
                            .map(|piece| (piece.clone(), &bytes[piece.start - at..piece.end - at])),
                    );
                    length = length.max(at + bytes.len());
                }
                Change::Resize(to) => {
                    // What is grown again later is empty.
                    written.extend(pieces(*to..length.max(*to), unit).map(|piece| (piece, &[][..])));
                    length = *to;
                }
            }
            lengths.push(length);
        }
        let mut versions: BTreeMap<usize, usize> = BTreeMap::new();
        for (range, _) in &written {
            *versions.entry(range.start / unit).or_default() += 1;
        }
        for count in versions.values_mut() {
            *count = if rng.u8(..10) < luck { rng.usize(1..=*count) } else { 0 };
        }
        let mut bytes = self.synced.clone();
        bytes.resize(lengths.iter().copied().max().unwrap_or(0), 0);
        for (range, piece) in written {
            let left = versions.entry(range.start / unit).or_default();
            if *left > 0 {
                *left -= 1;
                if piece.is_empty() {
                    bytes[range].fill(0);
                } else {
                    bytes[range].copy_from_slice(piece);
                }
            }
        }
        let last = lengths.len() - 1;
        bytes.resize(lengths[if rng.u8(..10) < luck { last } else { rng.usize(..=last) }], 0);
        bytes
    }
}

impl Disk {
    /// Has a file that is on it for good.
    pub(crate) fn with(name: &str, bytes: Vec<u8>) -> Self {
        let mut disk = Self::default();
        let file = disk.make(name, 0o100_600);
        disk.write(file, 0, &bytes);
        disk.sync(file);
        disk.sync_names();
        disk
    }

    /// Whether the power is on. Asked before each call that changes or syncs something, and counts it.
    pub(crate) fn is_on_for(&mut self, file: u64) -> bool {
        let is_database = self.named("candor.sqlite") == Some(file);
        match &mut self.left {
            Some((_, true)) if !is_database => {}
            Some((0, _)) => self.is_out = true,
            Some((left, _)) => *left -= 1,
            None => {}
        }
        self.calls += u64::from(!self.is_out);
        !self.is_out
    }

    pub(crate) fn is_out(&self) -> bool {
        self.is_out
    }

    /// From now on nothing gets to the disk, and nobody hears of it.
    pub(crate) fn cut(&mut self) {
        self.is_out = true;
    }

    /// Cuts the power after so many more calls that change or sync something.
    pub(crate) fn cut_after(&mut self, calls: u64) {
        self.left = Some((calls, false));
    }

    /// The same, of calls about the database's file: it is written to when the log is copied into it, and else never.
    pub(crate) fn cut_in_copying(&mut self, calls: u64) {
        self.left = Some((calls, true));
    }

    /// Gives the power back, to what the cut has left. Says what had not been synced.
    pub(crate) fn restore_power(&mut self, mut survivors: Survivors<'_>) -> Unsynced {
        (self.left, self.is_out) = (None, false);
        if matches!(survivors, Survivors::All) {
            return Unsynced::default();
        }
        let count = |name: &str| {
            self.names.get(name).and_then(|file| self.files.get(file)).map_or(0, |file| file.unsynced.len())
        };
        let unsynced = Unsynced {
            database: count("candor.sqlite"),
            log: count("candor.sqlite-wal"),
            names: self.unsynced_names.len(),
        };
        self.names = self.synced_names.clone();
        let calls = std::mem::take(&mut self.unsynced_names);
        if let Survivors::Some(rng) = &mut survivors {
            rename(&mut self.names, calls.into_iter().filter(|_| rng.bool()));
        }
        self.synced_names = self.names.clone();
        self.files.retain(|number, _| self.names.values().any(|named| named == number));
        for file in self.files.values_mut() {
            if let Survivors::Some(rng) = &mut survivors {
                file.synced = file.torn(rng);
            }
            file.bytes = file.synced.clone();
            file.unsynced.clear();
        }
        unsynced
    }

    /// Copies the files into a folder.
    pub(crate) fn copy_to(&self, folder: &Path) {
        for (name, file) in &self.names {
            std::fs::write(folder.join(name), &self.files[file].bytes).unwrap();
        }
    }

    pub(crate) fn named(&self, name: &str) -> Option<u64> {
        self.names.get(name).copied()
    }

    pub(crate) fn file(&self, number: u64) -> Option<&File> {
        self.files.get(&number)
    }

    pub(crate) fn set_mode(&mut self, number: u64, mode: u32) {
        if let Some(file) = self.files.get_mut(&number) {
            file.mode = mode;
        }
    }

    /// Makes an empty file of this name, and gives its number.
    pub(crate) fn make(&mut self, name: &str, mode: u32) -> u64 {
        self.made += 1;
        // 1 is the folder.
        let number = 1 + self.made;
        self.files.insert(number, File { mode, ..File::default() });
        self.rename(vec![(name.to_owned(), Some(number))]);
        number
    }

    /// Gives names to files, or takes them away, in one call.
    pub(crate) fn rename(&mut self, changes: Vec<(String, Option<u64>)>) {
        rename(&mut self.names, [changes.clone()]);
        self.unsynced_names.push(changes);
    }

    pub(crate) fn write(&mut self, number: u64, at: usize, bytes: &[u8]) {
        if let Some(file) = self.files.get_mut(&number) {
            file.change(Change::Write(at, bytes.to_vec()));
        }
    }

    pub(crate) fn resize(&mut self, number: u64, length: usize) {
        if let Some(file) = self.files.get_mut(&number) {
            file.change(Change::Resize(length));
        }
    }

    /// Of the file alone: its name is the folder's.
    pub(crate) fn sync(&mut self, number: u64) {
        if let Some(file) = self.files.get_mut(&number).filter(|_| !self.lies) {
            file.sync();
        }
    }

    pub(crate) fn sync_names(&mut self) {
        if !self.lies {
            rename(&mut self.synced_names, self.unsynced_names.drain(..));
        }
    }
}

fn rename(names: &mut Names, calls: impl IntoIterator<Item = Vec<(String, Option<u64>)>>) {
    for (name, file) in calls.into_iter().flatten() {
        match file {
            Some(file) => names.insert(name, file),
            None => names.remove(&name),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn bytes(disk: &Disk, name: &str) -> Option<Vec<u8>> {
        Some(disk.file(disk.named(name)?).unwrap().bytes.clone())
    }

    #[test]
    fn a_cut_takes_what_was_not_synced_and_leaves_the_rest() {
        let mut disk = Disk::with("candor.sqlite", b"old".to_vec());
        let (file, log) = (disk.named("candor.sqlite").unwrap(), disk.make("candor.sqlite-wal", 0));
        disk.write(log, 0, b"synced, and without a name");
        disk.sync(log);
        disk.write(file, 0, b"new and longer");
        disk.resize(file, 9);
        assert_eq!(bytes(&disk, "candor.sqlite").unwrap(), b"new and l");
        assert_eq!(disk.restore_power(Survivors::All), Unsynced::default());
        assert_eq!(bytes(&disk, "candor.sqlite").unwrap(), b"new and l");
        let unsynced = disk.restore_power(Survivors::None);
        assert_eq!(unsynced, Unsynced { database: 2, log: 0, names: 1 });
        assert_eq!(bytes(&disk, "candor.sqlite").unwrap(), b"old");
        assert_eq!(bytes(&disk, "candor.sqlite-wal"), None);

        disk.write(file, 1, b"NEW");
        disk.sync(file);
        disk.rename(vec![("b".into(), Some(file)), ("candor.sqlite".into(), None)]);
        disk.sync_names();
        disk.rename(vec![("b".into(), None)]);
        assert_eq!(bytes(&disk, "b"), None);
        disk.restore_power(Survivors::None);
        assert_eq!(bytes(&disk, "b").unwrap(), b"oNEW");
        assert_eq!(bytes(&disk, "candor.sqlite"), None);
    }

    #[test]
    fn a_disk_that_lies_about_its_syncs_loses_what_was_synced() {
        let mut disk = Disk::with("a", b"old".to_vec());
        disk.lies = true;
        let (file, other) = (disk.named("a").unwrap(), disk.make("b", 0));
        disk.write(file, 0, b"new");
        disk.sync(file);
        disk.sync(other);
        disk.sync_names();
        disk.restore_power(Survivors::None);
        assert_eq!((bytes(&disk, "a").unwrap(), bytes(&disk, "b")), (b"old".to_vec(), None));
    }

    #[test]
    fn a_torn_write_leaves_each_of_its_units_as_it_was_at_some_moment() {
        let mut seen: [BTreeSet<Option<u8>>; 3] = Default::default();
        for seed in 0..300 {
            let mut disk = Disk::with("a", vec![b'0'; 8_192]);
            let file = disk.named("a").unwrap();
            disk.write(file, 0, &[b'1'; 4_096]);
            disk.write(file, 0, &[b'2'; 12_288]);
            disk.resize(file, 4_096);
            disk.write(file, 4_096, &[b'3'; 4_096]);
            disk.restore_power(Survivors::Some(&mut Rng::with_seed(seed)));
            let bytes = bytes(&disk, "a").unwrap();
            assert!([4_096, 8_192, 12_288].contains(&bytes.len()), "{}", bytes.len());
            for unit in bytes.chunks(512) {
                assert!(unit.iter().all(|byte| *byte == unit[0]), "a unit is never torn");
            }
            for (page, seen) in seen.iter_mut().enumerate() {
                seen.insert(bytes.get(page * 4_096).copied());
            }
        }
        let of = |list: &[Option<u8>]| list.iter().copied().collect::<BTreeSet<_>>();
        let (zero, one, two, three) = (Some(b'0'), Some(b'1'), Some(b'2'), Some(b'3'));
        assert_eq!(seen[0], of(&[zero, one, two]));
        assert_eq!(seen[1], of(&[zero, two, Some(0), three, None]));
        assert_eq!(seen[2], of(&[two, Some(0), None]));
    }

    #[test]
    fn a_cut_comes_after_as_many_calls_as_were_asked_for() {
        let mut disk = Disk::with("candor.sqlite", Vec::new());
        let (file, log) = (disk.named("candor.sqlite").unwrap(), disk.make("candor.sqlite-wal", 0));
        disk.cut_after(2);
        assert_eq!([file, log, log, file].map(|file| disk.is_on_for(file)), [true, true, false, false]);
        assert!(disk.is_out());
        disk.restore_power(Survivors::None);
        assert!(disk.is_on_for(file) && !disk.is_out());
        disk.cut_in_copying(1);
        assert_eq!(
            [log, file, log, file, log].map(|file| disk.is_on_for(file)),
            [true, true, true, false, false]
        );
        assert_eq!(disk.calls, 6);
    }
}
