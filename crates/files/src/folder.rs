//! A folder reached by its handle, and files that come into it whole or not at all.
//!
//! Whoever renames the folder or puts a link in its place changes nothing for us.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, fsync, linkat, openat, renameat, unlinkat},
    io::Errno,
};

use crate::FileError;

#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) handle: OwnedFd,
}

impl Folder {
    /// The path of a file in it, for messages and for others to open.
    pub(crate) fn path_of(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn failed(&self, name: &OsStr, error: impl Into<io::Error>) -> FileError {
        FileError::of(&self.path_of(name), error)
    }

    /// Opens a file, and says what it is; `None` if there is none. Links are not followed.
    pub(crate) fn find(&self, name: &OsStr) -> Result<Option<(File, Stat)>, FileError> {
        // Not blocking: on anything but a file, which is refused below, it could wait for ever.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.handle, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(self.not_a_file(name)),
            Err(error) => return Err(self.failed(name, error)),
        };
        let found = fstat(&file).map_err(|error| self.failed(name, error))?;
        self.is_file(name, &found)?;
        Ok(Some((file, found)))
    }

    pub(crate) fn is_file(&self, name: &OsStr, found: &Stat) -> Result<(), FileError> {
        match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => Ok(()),
            _ => Err(self.not_a_file(name)),
        }
    }

    fn not_a_file(&self, name: &OsStr) -> FileError {
        let path = self.path_of(name);
        FileError::NotAFile { path }
    }

    /// All of a file that was [found](Self::find).
    pub(crate) fn read(
        &self,
        name: &OsStr,
        (file, found): (File, Stat),
        limit: usize,
    ) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::with_capacity(usize::try_from(found.st_size).unwrap_or(0).min(limit));
        file.take(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| self.failed(name, error))?;
        if bytes.len() > limit {
            let path = self.path_of(name);
            return Err(FileError::TooLarge { path, limit });
        }
        Ok(bytes)
    }

    /// An empty file that will be called `name`, for us alone until it is.
    pub(crate) fn draft<'f>(&'f self, name: &'f OsStr) -> Result<Draft<'f>, FileError> {
        let number = getrandom::u64().map_err(|source| FileError::Random { source })?;
        let temporary = format!(".signalbox-{number:016x}{TEMPORARY}");
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.handle, &temporary, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|error| self.failed(name, error))?;
        Ok(Draft {
            folder: self,
            name,
            temporary,
            file: file.into(),
        })
    }

    /// Waits until the disk has the folder's names.
    pub(crate) fn sync(&self) -> Result<(), FileError> {
        fsync(&self.handle).map_err(|error| FileError::Unsettled {
            path: self.path.clone(),
            source: error.into(),
        })
    }
}

/// A file that is not in its place yet. Its other name goes with it.
pub(crate) struct Draft<'f> {
    folder: &'f Folder,
    name: &'f OsStr,
    temporary: String,
    pub(crate) file: File,
}

impl Draft<'_> {
    /// Writes it, and waits until the disk has it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let written = self.file.write_all(bytes);
        written
            .and_then(|()| self.file.sync_all())
            .map_err(|error| self.failed(error))
    }

    /// Takes the place of whatever has its name.
    pub(crate) fn replace(self) -> Result<(), FileError> {
        let handle = &self.folder.handle;
        renameat(handle, &self.temporary, handle, self.name).map_err(|error| self.failed(error))?;
        self.folder.sync()
    }

    /// Takes its place if nothing has its name.
    pub(crate) fn create(self) -> Result<(), FileError> {
        let handle = &self.folder.handle;
        match linkat(handle, &self.temporary, handle, self.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::EXIST) => self.folder.sync(),
            Err(error) => Err(self.failed(error)),
        }
    }

    pub(crate) fn failed(&self, error: impl Into<io::Error>) -> FileError {
        self.folder.failed(self.name, error)
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // On a full disk it would be in the way. After a rename there is nothing of that name.
        let _ = unlinkat(&self.folder.handle, &self.temporary, AtFlags::empty());
    }
}

/// Without what makes a link be followed: a slash or a dot at its end.
pub(crate) fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

/// How the name of a file ends that is not in its place yet.
pub(crate) const TEMPORARY: &str = ".tmp";
