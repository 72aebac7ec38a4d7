//! A folder that is ours alone, and files in it that are whole or not there.
//!
//! Everything goes through the folder's handle: whoever renames the folder or puts a link in its
//! place changes nothing for us.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::{
    fs::{
        AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, Stat, flock, fstat, fsync,
        mkdirat, openat, renameat, statat, unlinkat,
    },
    io::Errno,
    process::geteuid,
};

use super::StateError;

/// A folder that is ours alone.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    handle: OwnedFd,
    /// Numbers the temporary files.
    next: AtomicU64,
}

impl Folder {
    /// Opens a folder; makes it, but not those above it: a missing one is more likely a disk that
    /// is not mounted than somebody's wish.
    pub(super) fn open(path: &Path) -> Result<Self, StateError> {
        // Without a slash at the end, which would follow a link.
        let path: PathBuf = path.components().collect();
        let path = std::path::absolute(&path).map_err(|error| StateError::of(&path, error))?;
        Self::at(CWD, &path, &path)
    }

    /// A folder in this one, made if it is not there.
    pub(super) fn inside(&self, name: &str) -> Result<Self, StateError> {
        Self::at(&self.handle, Path::new(name), &self.path_of(name))
    }

    /// Opens a folder that is there; `None` if it is not, but the one above it is.
    pub(super) fn find(path: &Path) -> Result<Option<Self>, StateError> {
        let path: PathBuf = path.components().collect();
        let path = std::path::absolute(&path).map_err(|error| StateError::of(&path, error))?;
        let above = path.parent().unwrap_or(Path::new("/"));
        if !std::fs::exists(above).map_err(|error| StateError::of(above, error))? {
            return Err(StateError::of(&path, Errno::NOENT));
        }
        Self::opened(CWD, &path, path.clone())
    }

    /// A folder in this one, if it is there.
    pub(super) fn find_inside(&self, name: &str) -> Result<Option<Self>, StateError> {
        Self::opened(&self.handle, Path::new(name), self.path_of(name))
    }

    fn at(parent: impl AsFd, name: &Path, path: &Path) -> Result<Self, StateError> {
        let is_new = match mkdirat(&parent, name, Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(StateError::of(path, error)),
        };
        let Some(folder) = Self::opened(parent, name, path.to_owned())? else {
            return Err(StateError::of(path, Errno::NOENT));
        };
        if is_new {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            openat(&folder.handle, "..", flags, Mode::empty())
                .and_then(fsync)
                .map_err(|error| StateError::of(path, error))?;
        }
        Ok(folder)
    }

    fn opened(parent: impl AsFd, name: &Path, path: PathBuf) -> Result<Option<Self>, StateError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = match openat(&parent, name, flags, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::NOENT) => return Ok(None),
            // Which of the two a link gives depends on the system.
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(StateError::NotAFolder { path }),
            Err(error) => return Err(StateError::of(&path, error)),
        };
        let found = fstat(&handle).map_err(|error| StateError::of(&path, error))?;
        is_private(&found, &path)?;
        Ok(Some(Self {
            path,
            handle,
            next: AtomicU64::new(0),
        }))
    }

    /// The path of a file in it, for messages and for others to open.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Locks a file in it until what is returned is dropped, or its process ends in any way.
    pub(super) fn lock(&self, name: &str) -> Result<File, StateError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut lock = openat(&self.handle, name, flags, Mode::RUSR | Mode::WUSR)
            .map(File::from)
            .map_err(|error| self.failed(name, error))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut process = String::new();
                let told = lock.take(20).read_to_string(&mut process);
                return Err(StateError::InUse {
                    path: self.path.clone(),
                    process: told.ok().and_then(|_| process.trim().parse().ok()),
                });
            }
            Err(error) => return Err(self.failed(name, error)),
        }
        // For whoever comes second. A full disk must not keep us from what is there already.
        let _ = lock
            .set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        Ok(lock)
    }

    /// A whole file; `None` if there is none.
    pub(super) fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, StateError> {
        // Not blocking: on anything but a file, which is refused below, it could wait for ever.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.handle, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(self.not_a_file(name)),
            Err(error) => return Err(self.failed(name, error)),
        };
        let found = fstat(&file).map_err(|error| self.failed(name, error))?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(self.not_a_file(name));
        }
        is_private(&found, &self.path_of(name))?;
        let mut bytes = Vec::with_capacity(usize::try_from(found.st_size).unwrap_or(0).min(limit));
        File::from(file)
            .take(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| StateError::of(&self.path_of(name), error))?;
        if bytes.len() > limit {
            return Err(StateError::TooLarge {
                path: self.path_of(name),
                limit,
            });
        }
        Ok(Some(bytes))
    }

    /// Whether something has that name.
    pub(super) fn has(&self, name: &str) -> Result<bool, StateError> {
        match statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    /// Puts a file in the place of one that may be there: wholly, or not at all.
    pub(super) fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = format!("{name}.{number}{TEMPORARY}");
        let renamed = self.write_synced(&temporary, bytes).and_then(|()| {
            renameat(&self.handle, &temporary, &self.handle, name)
                .map_err(|error| self.failed(name, error))
        });
        if let Err(error) = renamed {
            // On a full disk it is in the way. If that fails too, the next start sweeps it.
            let _ = unlinkat(&self.handle, &temporary, AtFlags::empty());
            return Err(error);
        }
        self.sync()
    }

    fn write_synced(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = openat(&self.handle, name, flags, Mode::RUSR | Mode::WUSR)
            .map(File::from)
            .map_err(|error| self.failed(name, error))?;
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(|error| StateError::of(&self.path_of(name), error))
    }

    /// Waits until the disk has the folder's names.
    pub(super) fn sync(&self) -> Result<(), StateError> {
        fsync(&self.handle).map_err(|error| StateError::Unsettled {
            path: self.path.clone(),
            source: error.into(),
        })
    }

    /// Removes a file; that it is gone already is fine.
    pub(super) fn remove(&self, name: &str) -> Result<(), StateError> {
        match unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    /// The names in it that are text; others are none of ours.
    pub(super) fn names(&self) -> Result<Vec<String>, StateError> {
        let failed = |error| StateError::of(&self.path, error);
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.handle).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Ok(name) = entry.file_name().to_str() {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Removes what an interrupted write left. The folder has to be locked.
    pub(super) fn sweep_temporary(&self) -> Result<(), StateError> {
        for name in self.names()? {
            if name.ends_with(TEMPORARY) {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    fn failed(&self, name: &str, error: Errno) -> StateError {
        StateError::of(&self.path_of(name), error)
    }

    fn not_a_file(&self, name: &str) -> StateError {
        StateError::NotAFile {
            path: self.path_of(name),
        }
    }
}

/// Whether what was found is ours, and nobody else may as much as look into it.
fn is_private(found: &Stat, path: &Path) -> Result<(), StateError> {
    let ours = geteuid().as_raw();
    if found.st_uid != ours {
        return Err(StateError::Foreign {
            path: path.to_owned(),
            owner: found.st_uid,
            ours,
        });
    }
    let mode = Mode::from_raw_mode(found.st_mode);
    if mode.intersects(Mode::RWXG | Mode::RWXO) {
        return Err(StateError::OpenToOthers {
            path: path.to_owned(),
            mode: (mode & (Mode::RWXU | Mode::RWXG | Mode::RWXO)).as_raw_mode(),
        });
    }
    Ok(())
}

/// How the name of a file ends that is not in its place yet.
const TEMPORARY: &str = ".tmp";
