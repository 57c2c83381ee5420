//! A [`Disk`] as a file system: the few calls of Linux's protocol for file systems in user space, `linux/fuse.h`, that a
//! database makes. A crate for it would bring a dozen others into every build of the tests.

use super::disk::{Disk, File};
use rustix::{
    io::Errno,
    mount::{MountFlags, UnmountFlags},
};
use std::{
    ffi::CString,
    io::{Read, Write},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    thread::JoinHandle,
    time::Duration,
};

const NO_FUSE: &str = "this test mounts a file system of its own, by /dev/fuse: run `cargo xtask torture power` on Linux with the \
    module fuse, as root, and in a container with `--device /dev/fuse --cap-add SYS_ADMIN`";

/// The number of the folder; the disk's files come after it.
const FOLDER: u64 = 1;
const MAX_WRITE: u32 = 128 * 1_024;
/// A sync takes a while, as on a real disk, so that answers share it and a cut comes in its midst.
const SYNC: Duration = Duration::from_millis(1);
/// Nothing changes but by its calls, so that the kernel may remember what it was told for so many seconds.
const VALID: u64 = 3_600;

/// A disk that is mounted, until this is dropped.
#[derive(Debug)]
pub(crate) struct Mount {
    folder: PathBuf,
    serving: Option<JoinHandle<()>>,
}

impl Mount {
    pub(crate) fn new(folder: &Path, disk: &Arc<Mutex<Disk>>) -> Self {
        let device = std::fs::File::options().read(true).write(true).open("/dev/fuse");
        let device = device.unwrap_or_else(|error| panic!("/dev/fuse: {error}: {NO_FUSE}"));
        let options = format!("fd={},rootmode=40755,user_id=0,group_id=0", device.as_raw_fd());
        let options = CString::new(options).unwrap();
        let mounted = rustix::mount::mount("candor", folder, "fuse", MountFlags::empty(), options.as_c_str());
        mounted.unwrap_or_else(|error| panic!("mount: {error}: {NO_FUSE}"));
        let disk = Arc::clone(disk);
        let serving = std::thread::spawn(move || serve(&device, &disk));
        Self { folder: folder.to_owned(), serving: Some(serving) }
    }

    /// Ends every call that waits for the disk: a process that makes one can't even be killed.
    pub(crate) fn abort(&self) {
        // It fails as long as files are open, and has ended the calls all the same.
        let _ = rustix::mount::unmount(&self.folder, UnmountFlags::FORCE);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.abort();
        // Already done by the first if nobody had a file open.
        let _ = rustix::mount::unmount(&self.folder, UnmountFlags::DETACH);
        if let Some(serving) = self.serving.take() {
            let ended = serving.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the file system has panicked");
        }
    }
}

pub(crate) fn lock(disk: &Mutex<Disk>) -> MutexGuard<'_, Disk> {
    disk.lock().unwrap()
}

/// Answers until it is unmounted.
fn serve(mut device: &std::fs::File, disk: &Mutex<Disk>) {
    let mut buffer = vec![0; MAX_WRITE as usize + 4_096];
    loop {
        let length = match device.read(&mut buffer) {
            Ok(length) => length,
            Err(error) => match Errno::from_io_error(&error) {
                // A call that was given up meanwhile.
                Some(Errno::NOENT | Errno::INTR | Errno::AGAIN) => continue,
                _ => return,
            },
        };
        let call = Call(&buffer[..length]);
        let Some(answer) = call.answer(disk) else { continue };
        let (error, body) = match answer {
            Ok(body) => (0, body),
            Err(error) => (-error.raw_os_error(), Bytes::default()),
        };
        let head = Bytes::default().u32(u32::try_from(16 + body.0.len()).unwrap()).u32(error.cast_unsigned());
        let whole = head.u64(call.u64(8)).bytes(&body.0);
        // Whoever made the call may be gone.
        let _ = device.write(&whole.0);
    }
}

/// A call as the kernel writes it: a head of 40 bytes, then what this call takes.
struct Call<'a>(&'a [u8]);

const HEAD: usize = 40;

impl Call<'_> {
    fn u32(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.0[at..at + 8].try_into().unwrap())
    }

    fn size(&self, at: usize) -> usize {
        usize::try_from(self.u64(at)).unwrap()
    }

    /// The names that stand from here on.
    fn names(&self, at: usize) -> Vec<String> {
        let names = self.0[at..].split(|byte| *byte == 0);
        names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// `None` where nothing is said.
    fn answer(&self, disk: &Mutex<Disk>) -> Option<Result<Bytes, Errno>> {
        let (code, file) = (self.u32(4), self.u64(16));
        if matches!(code, SYNC_FILE | SYNC_FOLDER) {
            std::thread::sleep(SYNC);
        }
        let mut disk = lock(disk);
        let changes =
            matches!(code, SET_ATTRIBUTES | MAKE | UNLINK | RENAME | WRITE | SYNC_FILE | SYNC_FOLDER);
        if matches!(code, FORGET | BATCH_FORGET | INTERRUPT) {
            return None;
        }
        let is_on = if changes { disk.is_on_for(file) } else { !disk.is_out() };
        if !is_on {
            return disk.tells.then_some(Err(Errno::IO));
        }
        Some(match code {
            INIT => Ok(init()),
            LOOKUP => entry(&disk, &self.names(HEAD)[0]),
            GET_ATTRIBUTES => attributes(&disk, file),
            SET_ATTRIBUTES => {
                let asked = self.u32(HEAD);
                if asked & 1 != 0 {
                    disk.set_mode(file, self.u32(HEAD + 68));
                }
                if asked & 8 != 0 {
                    disk.resize(file, self.size(HEAD + 16));
                }
                attributes(&disk, file)
            }
            MAKE => {
                let name = &self.names(HEAD + 16)[0];
                disk.make(name, self.u32(HEAD));
                entry(&disk, name)
            }
            UNLINK => {
                disk.rename(vec![(self.names(HEAD)[0].clone(), None)]);
                Ok(Bytes::default())
            }
            RENAME => {
                let names = self.names(HEAD + 8);
                let moved = disk.named(&names[0]);
                disk.rename(vec![(names[1].clone(), moved), (names[0].clone(), None)]);
                Ok(Bytes::default())
            }
            READ => disk.file(file).ok_or(Errno::NOENT).map(|file| {
                let begin = self.size(HEAD + 8).min(file.bytes.len());
                let end = (begin + self.u32(HEAD + 16) as usize).min(file.bytes.len());
                Bytes(file.bytes[begin..end].to_vec())
            }),
            WRITE => {
                let size = self.u32(HEAD + 16);
                disk.write(file, self.size(HEAD + 8), &self.0[HEAD + 40..][..size as usize]);
                Ok(Bytes::default().u32(size).u32(0))
            }
            SYNC_FILE => {
                disk.sync(file);
                Ok(Bytes::default())
            }
            SYNC_FOLDER => {
                disk.sync_names();
                Ok(Bytes::default())
            }
            // Blocks of a page, a million of them, all free.
            STATFS => Ok(Bytes::default().u64s(&[1 << 20; 5]).u32(4_096).u32(255).u32(4_096).zeros(28)),
            // Of opening and closing the kernel needs no word, and locks are its own business.
            _ => Err(Errno::NOSYS),
        })
    }
}

// What calls are named here by, and there.
const LOOKUP: u32 = 1;
const FORGET: u32 = 2;
const GET_ATTRIBUTES: u32 = 3;
const SET_ATTRIBUTES: u32 = 4;
const MAKE: u32 = 8;
const UNLINK: u32 = 10;
const RENAME: u32 = 12;
const READ: u32 = 15;
const WRITE: u32 = 16;
const STATFS: u32 = 17;
const SYNC_FILE: u32 = 20;
const INIT: u32 = 26;
const SYNC_FOLDER: u32 = 30;
const INTERRUPT: u32 = 36;
const BATCH_FORGET: u32 = 42;

#[derive(Debug, Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u32(self, number: u32) -> Self {
        self.bytes(&number.to_ne_bytes())
    }

    fn u64(self, number: u64) -> Self {
        self.bytes(&number.to_ne_bytes())
    }

    fn u64s(self, numbers: &[u64]) -> Self {
        numbers.iter().fold(self, |bytes, number| bytes.u64(*number))
    }

    fn zeros(self, count: usize) -> Self {
        self.bytes(&vec![0; count])
    }

    /// `struct fuse_attr`.
    fn attributes(self, number: u64, file: Option<&File>) -> Self {
        let (mode, size) = file.map_or((0o040_755, 0), |file| (file.mode, file.bytes.len() as u64));
        self.u64s(&[number, size, size.div_ceil(512)]).zeros(36).u32(mode).u32(1).zeros(12).u32(4_096).u32(0)
    }
}

/// Version 7.31, writes of more than a page, and nothing else that it may or may not do: above all no cache of writes.
fn init() -> Bytes {
    const BIG_WRITES: u32 = 1 << 5;
    const MAX_PAGES: u32 = 1 << 22;
    let head = Bytes::default().u32(7).u32(31).u32(MAX_WRITE).u32(BIG_WRITES | MAX_PAGES).zeros(4);
    // The nanoseconds that times are told in, then pages a write.
    head.u32(MAX_WRITE).u32(1).bytes(&32_u16.to_ne_bytes()).zeros(34)
}

fn entry(disk: &Disk, name: &str) -> Result<Bytes, Errno> {
    let number = disk.named(name).ok_or(Errno::NOENT)?;
    Ok(Bytes::default().u64s(&[number, 0, VALID, VALID, 0]).attributes(number, disk.file(number)))
}

fn attributes(disk: &Disk, number: u64) -> Result<Bytes, Errno> {
    let file = disk.file(number);
    if number != FOLDER && file.is_none() {
        return Err(Errno::NOENT);
    }
    Ok(Bytes::default().u64s(&[VALID, 0]).attributes(number, file))
}
