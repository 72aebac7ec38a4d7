//! The folder of a cache: ours, closed to others, and reached by handle, so that it stays the one
//! that was checked whatever its path comes to mean.

use std::{
    fs::{DirBuilder, File},
    io::{self, Read as _, Write as _},
    os::{fd::OwnedFd, unix::fs::DirBuilderExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW},
    io::Errno,
};

use super::CacheError;

#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    handle: OwnedFd,
}

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// A link, a folder, a pipe.
    NotAFile,
    /// More than asked for.
    TooLarge,
    Io(io::Error),
}

impl Folder {
    /// Opens a folder, made if it is not there. It must be this user's alone.
    pub(super) fn open(path: &Path) -> Result<Self, CacheError> {
        // Taken apart and put together again: behind a slash at the end a link is followed.
        let path: PathBuf = path.components().collect();
        let failed = |cause| CacheError::Io {
            path: path.clone(),
            cause,
        };
        match DirBuilder::new().mode(FOLDER).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let handle = match rustix::fs::openat(CWD, &path, flags, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::LOOP | Errno::NOTDIR) => {
                let expected = "folder";
                return Err(CacheError::Kind { path, expected });
            }
            Err(error) => return Err(failed(error.into())),
        };
        let stat = rustix::fs::fstat(&handle).map_err(|error| failed(error.into()))?;
        check_owner(&path, &stat, FOLDER)?;
        Ok(Self { path, handle })
    }

    /// Where a file of it is, for messages.
    pub(super) fn path_of(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }

    /// The system's refusal, for messages.
    pub(super) fn failed(&self, file: &str, cause: io::Error) -> CacheError {
        CacheError::Io {
            path: self.path_of(file),
            cause,
        }
    }

    /// All of a file, which now counts as used.
    pub(super) fn read(&self, file: &str, longest: u64) -> Result<Vec<u8>, ReadError> {
        let (opened, _) = self.open_file(file)?;
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        };
        let used = Timestamps {
            last_access: now,
            last_modification: now,
        };
        // Only the order in which entries go depends on it.
        let _unused = rustix::fs::futimens(&opened, &used);
        read_all(opened, longest)
    }

    /// All of a file that must be this user's alone.
    pub(super) fn read_secret(
        &self,
        file: &str,
        longest: u64,
    ) -> Result<Result<Vec<u8>, ReadError>, CacheError> {
        let (opened, stat) = match self.open_file(file) {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        check_owner(&self.path_of(file), &stat, FILE)?;
        Ok(read_all(opened, longest))
    }

    /// Puts a file in place of whatever has its name: readers see all of it or what was before.
    pub(super) fn write(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.write_unfinished(bytes)?;
        let renamed = rustix::fs::renameat(&self.handle, &unfinished, &self.handle, file);
        renamed.inspect_err(|_| self.remove(&unfinished))?;
        Ok(())
    }

    /// Writes a file, unless there is one of that name.
    pub(super) fn write_first(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.write_unfinished(bytes)?;
        let (handle, flags) = (&self.handle, AtFlags::empty());
        let linked = rustix::fs::linkat(handle, &unfinished, handle, file, flags);
        self.remove(&unfinished);
        match linked {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a file, or an empty folder somebody put in its place.
    pub(super) fn remove(&self, file: &str) {
        let remove = |flags| rustix::fs::unlinkat(&self.handle, file, flags);
        // What cannot be removed stays refused.
        let _stays = remove(AtFlags::empty()).or_else(|_| remove(AtFlags::REMOVEDIR));
    }

    /// Of the files whose names end so, removes those that were not used for the longest, until
    /// the rest is within bounds. `newest` stays: the clock of the file system may not tell it
    /// from others.
    pub(super) fn trim(
        &self,
        ending: &str,
        (entries, bytes): (usize, u64),
        newest: &str,
    ) -> io::Result<()> {
        let mut all = self.entries(ending)?;
        all.sort_by_key(|entry| std::cmp::Reverse((entry.file == newest, entry.used)));
        let mut total = 0_u64;
        for (place, entry) in all.iter().enumerate() {
            total = total.saturating_add(entry.size);
            let fits = place < entries && total <= bytes;
            if !fits && entry.file != newest {
                self.remove(&entry.file);
            }
        }
        Ok(())
    }

    /// Files whose names end so, and what processes that ended while they wrote have left.
    fn entries(&self, ending: &str) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for file in Dir::read_from(&self.handle)? {
            let file = file?.file_name().to_string_lossy().into_owned();
            if !file.ends_with(ending) && !file.ends_with(UNFINISHED) {
                continue;
            }
            // It may be gone already.
            let Ok(stat) = rustix::fs::statat(&self.handle, &file, AtFlags::SYMLINK_NOFOLLOW)
            else {
                continue;
            };
            entries.push(Entry {
                file,
                used: (i128::from(stat.st_mtime), i128::from(stat.st_mtime_nsec)),
                size: u64::try_from(stat.st_size).unwrap_or_default(),
            });
        }
        Ok(entries)
    }

    fn open_file(&self, file: &str) -> Result<(OwnedFd, Stat), ReadError> {
        // Without waiting: it may be a pipe.
        let flags = OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.handle, file, flags, Mode::empty());
        let opened = opened.map_err(|error| match error {
            Errno::LOOP => ReadError::NotAFile,
            error => ReadError::Io(error.into()),
        })?;
        let stat = rustix::fs::fstat(&opened).map_err(|error| ReadError::Io(error.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(ReadError::NotAFile);
        }
        Ok((opened, stat))
    }

    /// Writes a file under a name of its own, to the disk.
    fn write_unfinished(&self, bytes: &[u8]) -> io::Result<String> {
        let number = getrandom::u64().map_err(io::Error::other)?;
        let name = format!("{number:016x}{UNFINISHED}");
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(FILE);
        let mut file = File::from(rustix::fs::openat(&self.handle, &name, flags, mode)?);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.inspect_err(|_| self.remove(&name))?;
        Ok(name)
    }
}

struct Entry {
    file: String,
    used: (i128, i128),
    size: u64,
}

fn read_all(file: OwnedFd, longest: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    File::from(file)
        .take(longest.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(ReadError::Io)?;
    if bytes.len() as u64 > longest {
        return Err(ReadError::TooLarge);
    }
    Ok(bytes)
}

/// Whether something is this user's, and nobody else may do anything with it.
fn check_owner(path: &Path, stat: &Stat, expected: u32) -> Result<(), CacheError> {
    let (owner, user) = (stat.st_uid, rustix::process::geteuid().as_raw());
    let path = path.to_owned();
    if owner != user {
        return Err(CacheError::Owner { path, owner, user });
    }
    let mode = Mode::from_raw_mode(stat.st_mode);
    if mode.intersects(Mode::RWXG | Mode::RWXO) {
        let found = mode.as_raw_mode();
        return Err(CacheError::Open {
            path,
            found,
            expected,
        });
    }
    Ok(())
}

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
const UNFINISHED: &str = ".new";
