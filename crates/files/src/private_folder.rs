//! A folder that is ours alone.

use std::{
    ffi::OsStr,
    fs::{File, TryLockError},
    io::{Read as _, Write as _},
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{
        AtFlags, Dir, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, openat, renameat, statat,
        unlinkat, utimensat,
    },
    io::Errno,
};

use self::open::is_private;
use crate::{Entry, FileError, folder::Folder, is_temporary};

mod open;

/// A folder that is ours alone, and so is every file that is read in it. Links are not followed.
///
/// Every call blocks until the disk has it.
#[derive(Debug)]
pub struct PrivateFolder(Folder);

impl PrivateFolder {
    /// The path of a file in it, for messages and for others to open.
    #[must_use]
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.0.path_of(name.as_ref())
    }

    /// Locks a file in it until what is returned is dropped, or its process ends in any way.
    ///
    /// # Errors
    /// [`FileError::InUse`] if it is locked, or the disk refuses.
    pub fn lock(&self, name: &str) -> Result<File, FileError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut lock = openat(&self.0.handle, name, flags, Mode::RUSR | Mode::WUSR)
            .map(File::from)
            .map_err(|error| self.failed(name, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                let told = lock.take(20).read_to_string(&mut process);
                return Err(FileError::InUse {
                    path: self.0.path.clone(),
                    process: told.ok().and_then(|_| process.trim().parse().ok()),
                });
            }
            Err(TryLockError::Error(error)) => return Err(self.0.failed(name.as_ref(), error)),
        }
        // For whoever comes second. A full disk must not keep us from what is there already.
        let _ = lock
            .set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        Ok(lock)
    }

    /// A whole file of at most so many bytes; `None` if there is none.
    ///
    /// # Errors
    /// It is no file, not ours alone or too large, or the disk refuses.
    pub fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, FileError> {
        let Some((file, found)) = self.0.find(name.as_ref())? else {
            return Ok(None);
        };
        is_private(&found, &self.path_of(name))?;
        self.0.read(name.as_ref(), (file, found), limit).map(Some)
    }

    /// Whether something has that name.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn has(&self, name: &str) -> Result<bool, FileError> {
        match statat(&self.0.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    /// Puts a file in the place of one that may be there: wholly, or not at all.
    ///
    /// # Errors
    /// The disk refuses. What was there still is, except after [`FileError::Unsettled`].
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let mut draft = self.0.draft(name.as_ref())?;
        draft.write(bytes)?;
        draft.replace()
    }

    /// Writes a file, unless there is one of that name: of several at once, one stays.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn create(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let mut draft = self.0.draft(name.as_ref())?;
        draft.write(bytes)?;
        draft.create()
    }

    /// Gives a file another name.
    ///
    /// # Errors
    /// There is no such file, or the disk refuses.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        renameat(&self.0.handle, from, &self.0.handle, to)
            .map_err(|error| self.failed(from, error))?;
        self.sync()
    }

    /// Waits until the disk has the folder's names.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sync(&self) -> Result<(), FileError> {
        self.0.sync()
    }

    /// Removes a file, or an empty folder somebody put in its place; that it is gone already is
    /// fine.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove(&self, name: &str) -> Result<(), FileError> {
        let remove = |flags| unlinkat(&self.0.handle, name, flags);
        match remove(AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => remove(AtFlags::REMOVEDIR).map_err(|_| self.failed(name, error)),
        }
    }

    /// Notes that a file was used just now: see [`Entry::modified`].
    ///
    /// # Errors
    /// The disk refuses.
    pub fn touch(&self, name: &str) -> Result<(), FileError> {
        // The kernel's own now is that of its last tick: two files of one tick would be alike.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = Timespec::try_from(now.unwrap_or_default()).unwrap_or(Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        });
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        utimensat(&self.0.handle, name, &times, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| self.failed(name, error))
    }

    /// What is in it and has a name that is text; the rest is none of ours.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn entries(&self) -> Result<Vec<Entry>, FileError> {
        let failed = |error| FileError::of(&self.0.path, error);
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.0.handle).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            // It may be gone already.
            if let Ok(found) = statat(&self.0.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
                entries.push(Entry::of(name, &found));
            }
        }
        Ok(entries)
    }

    /// Removes what an interrupted write left. Nobody else may be writing.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sweep_temporary(&self) -> Result<(), FileError> {
        let entries = self.entries()?.into_iter();
        entries
            .filter(|entry| is_temporary(&entry.name))
            .try_for_each(|entry| self.remove(&entry.name))
    }

    fn failed(&self, name: &str, error: Errno) -> FileError {
        self.0.failed(OsStr::new(name), error)
    }
}
