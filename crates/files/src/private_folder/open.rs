//! Opening a folder, and whether it is ours alone.

use std::{
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags, Stat, fstat, fsync, mkdirat, openat},
    io::Errno,
    process::geteuid,
};

use super::PrivateFolder;
use crate::{
    FileError,
    folder::{Folder, plain},
};

impl PrivateFolder {
    /// Opens a folder; makes it, but not those above it: a missing one is more likely a disk that
    /// is not mounted than somebody's wish.
    ///
    /// # Errors
    /// It is no folder, a link, or not ours alone; or the disk refuses.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let path = absolute(path)?;
        Self::made(CWD, &path, &path)
    }

    /// A folder in this one, made if it is not there.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn inside(&self, name: &str) -> Result<Self, FileError> {
        Self::made(&self.0.handle, Path::new(name), &self.path_of(name))
    }

    /// Opens a folder that is there and changes nothing; `None` if it is not, but the one above it
    /// is.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn find(path: &Path) -> Result<Option<Self>, FileError> {
        let path = absolute(path)?;
        let above = path.parent().unwrap_or(Path::new("/"));
        if !std::fs::exists(above).map_err(|error| FileError::of(above, error))? {
            return Err(FileError::of(&path, Errno::NOENT));
        }
        Self::opened(CWD, &path, path.clone())
    }

    /// A folder in this one, if it is there; changes nothing.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn find_inside(&self, name: &str) -> Result<Option<Self>, FileError> {
        Self::opened(&self.0.handle, Path::new(name), self.path_of(name))
    }

    fn made(parent: impl AsFd, name: &Path, path: &Path) -> Result<Self, FileError> {
        let is_new = match mkdirat(&parent, name, Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(FileError::of(path, error)),
        };
        let Some(folder) = Self::opened(parent, name, path.to_owned())? else {
            return Err(FileError::of(path, Errno::NOENT));
        };
        if is_new {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            openat(&folder.0.handle, "..", flags, Mode::empty())
                .and_then(fsync)
                .map_err(|error| FileError::of(path, error))?;
        }
        Ok(folder)
    }

    fn opened(parent: impl AsFd, name: &Path, path: PathBuf) -> Result<Option<Self>, FileError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = match openat(&parent, name, flags, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::NOENT) => return Ok(None),
            // Which of the two a link gives depends on the system.
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(FileError::NotAFolder { path }),
            Err(error) => return Err(FileError::of(&path, error)),
        };
        let found = fstat(&handle).map_err(|error| FileError::of(&path, error))?;
        is_private(&found, &path)?;
        Ok(Some(Self(Folder { path, handle })))
    }
}

fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    let path = plain(path);
    std::path::absolute(&path).map_err(|error| FileError::of(&path, error))
}

/// Whether what was found is ours, and nobody else may as much as look into it.
pub(super) fn is_private(found: &Stat, path: &Path) -> Result<(), FileError> {
    let ours = geteuid().as_raw();
    if found.st_uid != ours {
        return Err(FileError::Foreign {
            path: path.to_owned(),
            owner: found.st_uid,
            ours,
        });
    }
    let mode = Mode::from_raw_mode(found.st_mode);
    if mode.intersects(Mode::RWXG | Mode::RWXO) {
        return Err(FileError::OpenToOthers {
            path: path.to_owned(),
            mode: (mode & (Mode::RWXU | Mode::RWXG | Mode::RWXO)).as_raw_mode(),
        });
    }
    Ok(())
}
