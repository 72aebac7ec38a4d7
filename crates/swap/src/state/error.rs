//! Why the state folder cannot be used, and what to do about it.

use std::path::PathBuf;

use signalbox_files::FileError;

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The folder, or a file in it.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is state, but not the key it was written with.
    #[error("`{}` is missing, but there is state that was written with it", path.display())]
    KeyMissing {
        /// The key's file.
        path: PathBuf,
    },
    /// There is the key of a state, but not the state.
    #[error("`{}` is missing, but the key it was written with is there", path.display())]
    StateMissing {
        /// The state's file.
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
    /// What is to be remembered cannot be said in JSON.
    #[error("cannot put `{}` into words", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
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
            Self::KeyMissing { .. } | Self::File(FileError::KeyDamaged { .. }) => {
                format!("put the key back from where the folder came from, or {AFRESH}")
            }
            Self::StateMissing { .. } => format!("put it back from a backup, or {AFRESH}"),
            Self::File(error) => error.help(),
            Self::Damaged { damage, .. } => damage.help(),
            Self::ObjectMissing { .. } | Self::ObjectDamaged { .. } => {
                "swap that component in again, or put its file back from a backup".to_owned()
            }
            Self::Unwritable { .. } => "this is an error in signalbox; please report it".to_owned(),
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

/// Starting over is safe for the policies, and not for what was forbidden: say both.
const AFRESH: &str = "move the whole state folder away: policies then come from their sources, and \
                      what was revoked and the serials of signed statements are forgotten";
