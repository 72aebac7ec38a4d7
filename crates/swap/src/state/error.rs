//! Why the state folder cannot be used, and what to do about it.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// A link, or a file.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// Which.
        path: PathBuf,
    },
    /// A link, or a folder.
    #[error("`{}` is not a file", path.display())]
    NotAFile {
        /// Which.
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
    /// There is state, but not the key it was written with.
    #[error("`{}` is missing, but there is state that was written with it", path.display())]
    KeyMissing {
        /// The key's file.
        path: PathBuf,
    },
    /// The key is no key.
    #[error("`{}` has not the 32 bytes of a key", path.display())]
    KeyDamaged {
        /// The key's file.
        path: PathBuf,
    },
    /// The state is not what was written.
    #[error("`{}` cannot be used", path.display())]
    Damaged {
        /// The state's file.
        path: PathBuf,
        /// In which way.
        #[source]
        damage: Damage,
    },
    /// A component is not where it was kept.
    #[error("`{}` is missing", path.display())]
    ObjectMissing {
        /// The component's file.
        path: PathBuf,
    },
    /// A component's bytes have another digest than its name.
    #[error("`{}` was changed: its digest is another than its name", path.display())]
    ObjectDamaged {
        /// The component's file.
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
    /// What is to be remembered cannot be said in JSON.
    #[error("cannot put `{}` into words", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The system has no random numbers for the key.
    #[error("cannot make a key")]
    Random {
        /// As the system says it.
        source: getrandom::Error,
    },
}

/// In which way the state is not what was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Its end is missing, or it never was a state file.
    #[error("it is cut short, or no state file")]
    Cut,
    /// Its bytes are others than those that were sealed.
    #[error("it was changed after it was written")]
    Changed,
    /// Another folder's.
    #[error("it was written with another key than the one beside it")]
    ForeignKey,
    /// Of a version that writes something else.
    #[error("its format is {0}, which this version does not know")]
    OtherFormat(String),
    /// Sealed as it is, by a version that remembers something else.
    #[error("it says what this version does not understand")]
    Unreadable(#[source] serde_json::Error),
}

impl StateError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NotAFolder { path } => format!(
                "give the folder itself, not a link to it: `ls -ld {0}` shows what is there; a folder \
                 that does not exist is made",
                path.display()
            ),
            Self::NotAFile { path } => {
                format!(
                    "move `{}` away; signalbox writes plain files here",
                    path.display()
                )
            }
            Self::Foreign { path, owner, ours } => format!(
                "run signalbox as user {owner}, or give it a folder of its own: `chown -R {ours} {}`",
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
            Self::KeyMissing { .. } | Self::KeyDamaged { .. } => {
                format!("put the key back from where the folder came from, or {AFRESH}")
            }
            Self::Damaged { damage, .. } => damage.help(),
            Self::ObjectMissing { .. } | Self::ObjectDamaged { .. } => {
                "swap that component in again, or put its file back from a backup".to_owned()
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
            Self::Unwritable { .. } | Self::Random { .. } => {
                "this is an error in signalbox or in the system; please report it".to_owned()
            }
        }
    }

    /// Sorts what the system says.
    pub(super) fn of(path: &Path, error: impl Into<io::Error>) -> Self {
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

impl Damage {
    fn help(&self) -> String {
        match self {
            Self::Cut | Self::Changed => format!("put it back from a backup, or {AFRESH}"),
            Self::ForeignKey => format!("copy `key` together with `state.json`, or {AFRESH}"),
            Self::OtherFormat(_) | Self::Unreadable(_) => {
                format!("start the version of signalbox that wrote it, or {AFRESH}")
            }
        }
    }
}

/// The other process, for a message.
fn numbered(process: Option<u32>) -> String {
    process.map_or_else(String::new, |number| format!(" (process {number})"))
}

/// Starting over is safe for the policies, and not for what was forbidden: say both.
const AFRESH: &str = "move the whole state folder away: policies then come from their sources, and \
                      what was revoked and the serials of signed statements are forgotten";
