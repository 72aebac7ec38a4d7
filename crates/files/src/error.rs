//! Why a file or a folder cannot be used, and what to do about it.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

/// Why a file or a folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A link, or a file.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// Which.
        path: PathBuf,
    },
    /// A link, a folder, a pipe.
    #[error("`{}` is not a file", path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// A link whose end is missing.
    #[error("`{}` is a link to nothing", path.display())]
    LinkToNothing {
        /// The link.
        path: PathBuf,
    },
    /// Somebody else's.
    #[error("`{}` belongs to user {owner}, and signalbox runs as user {ours}", path.display())]
    Foreign {
        /// What.
        path: PathBuf,
        /// Whose.
        owner: u32,
        /// Who asks.
        ours: u32,
    },
    /// Others than its owner may use it.
    #[error("`{}` is open to others: its mode is {mode:04o}", path.display())]
    OpenToOthers {
        /// What.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Another process has it.
    #[error("another signalbox uses `{}`{}", path.display(), numbered(*process))]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The other's process number, if it can be told.
        process: Option<u32>,
    },
    /// Another process has had a file's folder locked all the time.
    #[error(
        "another process{} had `{}` locked for {} s",
        numbered(*process),
        path.display(),
        waited.as_secs()
    )]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The other's process number, if it can be told.
        process: Option<u32>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// What would replace it could not belong to whom it belongs to. Nothing changed.
    #[error(
        "`{}` belongs to user {owner} and group {group}, and what replaces it could not",
        path.display()
    )]
    OwnerLost {
        /// The file.
        path: PathBuf,
        /// Its user.
        owner: u32,
        /// Its group.
        group: u32,
    },
    /// It is not what was read any more. Nothing changed.
    #[error("`{}` was changed by somebody else meanwhile", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The key is no key.
    #[error("`{}` has not the 32 bytes of a key", path.display())]
    KeyDamaged {
        /// The key's file.
        path: PathBuf,
    },
    /// Larger than what is read.
    #[error("`{}` is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How large it may be.
        limit: usize,
    },
    /// The disk, a quota or a limit on file sizes is at its end. Nothing changed.
    #[error("no space left to write `{}`", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// As the system says it.
        source: io::Error,
    },
    /// The system does not permit it. Nothing changed.
    #[error("no permission for `{}`", path.display())]
    Denied {
        /// The file or folder.
        path: PathBuf,
        /// As the system says it.
        source: io::Error,
    },
    /// Anything else that a disk does. Nothing changed.
    #[error("cannot use `{}`", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// As the system says it.
        source: io::Error,
    },
    /// A file is in its new place, but the disk may not keep it there: after a power cut, the old
    /// one may be back. Either is whole.
    #[error("cannot tell whether the disk keeps what was written to `{}`", path.display())]
    Unsettled {
        /// The folder.
        path: PathBuf,
        /// As the system says it.
        source: io::Error,
    },
    /// The system has no random numbers.
    #[error("the system gives no random bytes")]
    Random {
        /// As the system says it.
        source: getrandom::Error,
    },
}

impl FileError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NotAFolder { path } => format!(
                "give the folder itself, not a link to it: `ls -ld {0}` shows what is there; a folder \
                 that does not exist is made",
                path.display()
            ),
            Self::NotAFile { path } => format!(
                "move `{}` away; signalbox writes plain files here",
                path.display()
            ),
            Self::LinkToNothing { .. } => "remove the link, or make the file it names".to_owned(),
            Self::Foreign { path, owner, ours } => format!(
                "run signalbox as user {owner}, or give it what is its own: `chown -R {ours} {}`",
                path.display()
            ),
            Self::OpenToOthers { path, .. } => format!(
                "`chmod go-rwx {}`, or name a folder inside it that does not exist: it is made as it \
                 has to be",
                path.display()
            ),
            Self::InUse { .. } => {
                "stop the other one, or give each its own state folder".to_owned()
            }
            Self::Locked { process, .. } => {
                let which = process.map_or_else(
                    || "`lslocks` shows which it is".to_owned(),
                    |process| format!("`ps -p {process}` shows which it is"),
                );
                format!("wait for it to end, or end it, and run the command again; {which}")
            }
            Self::OwnerLost { owner, .. } => {
                format!("run the command as user {owner}, or as root; nothing was changed")
            }
            Self::Changed { .. } => "run the command again; nothing was changed".to_owned(),
            Self::KeyDamaged { .. } => {
                "put the key back from where its folder came from, or move the folder away"
                    .to_owned()
            }
            Self::TooLarge { .. } => {
                "signalbox writes no file of that size; move it away".to_owned()
            }
            Self::Full { .. } => {
                "make room, or raise the quota or the limit on file sizes; nothing was changed"
                    .to_owned()
            }
            Self::Denied { path, .. } => format!(
                "`{}` has to be writable for the user signalbox runs as; `mount` shows whether its \
                 disk is read-only",
                path.display()
            ),
            Self::Disk { path, source } if source.kind() == ErrorKind::NotFound => format!(
                "the folder above `{}` has to exist: is its disk mounted",
                path.display()
            ),
            Self::Disk { .. } | Self::Unsettled { .. } => {
                "look at the system's log for errors of that disk".to_owned()
            }
            Self::Random { .. } => {
                "this is an error in signalbox or in the system; please report it".to_owned()
            }
        }
    }

    /// Sorts what the system says.
    pub(crate) fn of(path: &Path, error: impl Into<io::Error>) -> Self {
        let (path, source) = (path.to_owned(), error.into());
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::Full { path, source }
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { path, source }
            }
            _ => Self::Disk { path, source },
        }
    }
}

/// The other process, for a message.
fn numbered(process: Option<u32>) -> String {
    process.map_or_else(String::new, |number| format!(" (process {number})"))
}
