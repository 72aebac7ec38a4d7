//! Files that belong to people and to other programs: replaced whole, and still theirs.

mod lock;

use std::{
    ffi::OsString,
    fs::{File, Permissions},
    io::ErrorKind,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{AtFlags, CWD, Gid, Mode, OFlags, Stat, Uid, fchown, fstat, openat, statat},
    io::Errno,
};

use crate::{
    FileError,
    folder::{Draft, Folder, plain},
};

/// Puts bytes in the place of a file: wholly, or not at all. A file that was there keeps its owner,
/// its group, its mode and its access list, and one behind links is the one that is replaced. A new
/// one is readable by all, as other tools' outputs are.
///
/// # Errors
/// It is no file, what replaces it could not have its owner, or the disk refuses. What was there
/// still is, except after [`FileError::Unsettled`].
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    Place::of(path)?.replace(bytes)
}

/// A file that is read, changed and [replaced](Self::replace), by one process at a time.
///
/// The lock is on its folder, which stays when the file goes, and ends when this is dropped. It
/// keeps out whoever asks for it too, not editors: what they change meanwhile is noticed.
#[derive(Debug)]
pub struct LockedFile {
    place: Place,
    limit: usize,
    bytes: Option<Vec<u8>>,
    _lock: File,
}

impl LockedFile {
    /// Locks a file, which need not be there, and reads at most so many bytes of it. Waits while
    /// another process has it, for as long as `patience` says; `waits` is called before.
    ///
    /// # Errors
    /// It is no file or too large, the other process goes on having it, or the disk refuses.
    pub fn open(
        path: &Path,
        limit: usize,
        patience: Duration,
        waits: impl FnOnce(),
    ) -> Result<Self, FileError> {
        let place = Place::of(path)?;
        let lock = lock::take(&place.folder, patience, waits)?;
        Ok(Self {
            bytes: place.read(limit)?,
            place,
            limit,
            _lock: lock,
        })
    }

    /// What was read; `None` if there was no file.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// As [`replace`], if the file still is what was read.
    ///
    /// # Errors
    /// As [`replace`], or [`FileError::Changed`].
    pub fn replace(self, bytes: &[u8]) -> Result<(), FileError> {
        if self.place.read(self.limit)? != self.bytes {
            let path = self.place.path();
            return Err(FileError::Changed { path });
        }
        self.place.replace(bytes)
    }
}

/// Where a file is, behind every link.
#[derive(Debug)]
struct Place {
    folder: Folder,
    name: OsString,
}

impl Place {
    fn of(path: &Path) -> Result<Self, FileError> {
        let path = behind_links(&plain(path))?;
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(FileError::NotAFile { path });
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = openat(CWD, above, flags, Mode::empty())
            .map_err(|error| FileError::of(above, error))?;
        Ok(Self {
            name: name.to_owned(),
            folder: Folder {
                path: above.to_owned(),
                handle,
            },
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.path_of(&self.name)
    }

    fn read(&self, limit: usize) -> Result<Option<Vec<u8>>, FileError> {
        let found = self.folder.find(&self.name)?;
        found
            .map(|found| self.folder.read(&self.name, found, limit))
            .transpose()
    }

    fn replace(&self, bytes: &[u8]) -> Result<(), FileError> {
        let before = match statat(&self.folder.handle, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(before) => Some(before),
            Err(Errno::NOENT) => None,
            Err(error) => return Err(self.folder.failed(&self.name, error)),
        };
        let mut draft = self.folder.draft(&self.name)?;
        match &before {
            Some(before) => {
                self.folder.is_file(&self.name, before)?;
                self.keep_owner(&draft, before)?;
                access_list::keep(&self.path(), &draft)?;
                set_mode(&draft, before.st_mode & 0o7777)?;
            }
            None => set_mode(&draft, 0o644)?,
        }
        draft.write(bytes)?;
        draft.replace()
    }

    /// Before the mode: giving a file away takes bits of it.
    fn keep_owner(&self, draft: &Draft<'_>, before: &Stat) -> Result<(), FileError> {
        let made = fstat(&draft.file).map_err(|error| draft.failed(error))?;
        let (owner, group) = (before.st_uid, before.st_gid);
        if (made.st_uid, made.st_gid) == (owner, group) {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(owner), Gid::from_raw(group));
        fchown(&draft.file, Some(uid), Some(gid)).map_err(|error| match error {
            Errno::PERM => FileError::OwnerLost {
                path: self.path(),
                owner,
                group,
            },
            error => draft.failed(error),
        })
    }
}

fn set_mode(draft: &Draft<'_>, mode: u32) -> Result<(), FileError> {
    let permissions = Permissions::from_mode(mode);
    draft
        .file
        .set_permissions(permissions)
        .map_err(|error| draft.failed(error))
}

/// The path of the file itself, which need not be there yet.
fn behind_links(path: &Path) -> Result<PathBuf, FileError> {
    let failed = |error| FileError::of(path, error);
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        other => return other.map_err(failed),
    }
    if path.is_symlink() {
        let path = path.to_owned();
        return Err(FileError::LinkToNothing { path });
    }
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(FileError::NotAFile {
            path: path.to_owned(),
        });
    };
    let above = if above.as_os_str().is_empty() {
        Path::new(".")
    } else {
        above
    };
    Ok(above.canonicalize().map_err(failed)?.join(name))
}

#[cfg(target_os = "linux")]
mod access_list {
    use std::path::Path;

    use rustix::{
        fs::{XattrFlags, fremovexattr, fsetxattr, lgetxattr},
        io::Errno,
    };

    use crate::{FileError, folder::Draft};

    /// Gives a draft the access list of a file: it may be what lets a host read it. Where that has
    /// none, the draft has none either, whatever the folder gives to new files.
    pub(super) fn keep(path: &Path, draft: &Draft<'_>) -> Result<(), FileError> {
        let mut list = vec![0; LARGEST];
        let kept = match lgetxattr(path, NAME, list.as_mut_slice()) {
            Ok(length) => {
                list.truncate(length);
                fsetxattr(&draft.file, NAME, &list, XattrFlags::empty())
            }
            Err(Errno::NODATA) => fremovexattr(&draft.file, NAME),
            Err(error) => Err(error),
        };
        match kept {
            Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(()),
            Err(error) => Err(draft.failed(error)),
        }
    }

    const NAME: &str = "system.posix_acl_access";

    /// The kernel takes no larger attribute.
    const LARGEST: usize = 64 << 10;
}

#[cfg(not(target_os = "linux"))]
mod access_list {
    use std::path::Path;

    use crate::{FileError, folder::Draft};

    /// Other systems keep them elsewhere.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "it is fallible where there are any"
    )]
    pub(super) const fn keep(_: &Path, _: &Draft<'_>) -> Result<(), FileError> {
        Ok(())
    }
}
