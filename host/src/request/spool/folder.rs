//! The folder that held forms are written in: whether it can be written, and what is said of it.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signalbox_gate::SpoolFailure;
use signalbox_swap::error_chain;
use tokio::time::{MissedTickBehavior, interval};

use super::PIECE;
use crate::observe::health::Health;

/// The folder that held forms are written in. Tried at start and again, so that readiness says what
/// is wrong with it before a client meets it.
#[derive(Debug)]
pub(crate) struct SpoolFolder {
    path: PathBuf,
    health: Arc<Health>,
    is_failing: AtomicBool,
}

/// Nothing can be written in the folder.
#[derive(Debug, thiserror::Error)]
#[error("`spool_dir`: a form cannot be held in `{}`", folder.display())]
pub(crate) struct SpoolError {
    folder: PathBuf,
    #[source]
    cause: io::Error,
}

impl SpoolError {
    /// What the gate has to know of it.
    pub(crate) fn failure(&self) -> SpoolFailure {
        SpoolFailure::from(&self.cause)
    }
}

impl SpoolFolder {
    /// A folder that was not tried yet.
    pub(crate) fn new(path: &Path, health: Arc<Health>) -> Self {
        Self {
            path: path.to_owned(),
            health,
            is_failing: AtomicBool::new(false),
        }
    }

    /// A file without a name. Takes its time.
    pub(crate) fn file(&self) -> io::Result<File> {
        signalbox_files::unnamed(&self.path)
    }

    /// A form could not be held: says so in readiness.
    pub(crate) fn failed(&self, cause: io::Error) -> SpoolError {
        let error = SpoolError {
            folder: self.path.clone(),
            cause,
        };
        self.is_failing.store(true, Ordering::Relaxed);
        self.health.degrade_by(PART, &error);
        error
    }

    /// Tries the folder, and says in readiness and, where that has changed, in the log how that went.
    /// Takes its time.
    pub(crate) fn probe(&self) {
        let was_failing = self.is_failing.load(Ordering::Relaxed);
        match write_a_piece(&self.path) {
            Ok(()) => {
                self.is_failing.store(false, Ordering::Relaxed);
                self.health.recover(PART);
                if was_failing {
                    tracing::info!(folder = %self.path.display(), "forms can be held on disk again");
                }
            }
            Err(cause) => {
                let error = self.failed(cause);
                if !was_failing {
                    tracing::error!(error = error_chain(&error), "forms cannot be held on disk");
                }
            }
        }
    }

    /// Tries the folder now and then, for ever.
    pub(crate) async fn watch(self: &Arc<Self>) {
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let folder = Arc::clone(self);
            if let Err(panicked) = tokio::task::spawn_blocking(move || folder.probe()).await {
                std::panic::resume_unwind(panicked.into_panic());
            }
        }
    }
}

/// Tries a folder.
///
/// # Errors
/// If nothing can be written in it.
pub(crate) fn probe(folder: &Path) -> Result<(), SpoolError> {
    write_a_piece(folder).map_err(|cause| SpoolError {
        folder: folder.to_owned(),
        cause,
    })
}

/// As much as is written of a form at a time: a full disk may still have room for a name.
fn write_a_piece(folder: &Path) -> io::Result<()> {
    signalbox_files::unnamed(folder)?.write_all(&vec![0; PIECE])
}

/// In readiness.
const PART: &str = "spool_dir";
/// From one try to the next: a file that is gone at once seldom reaches the disk.
const PAUSE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_names_the_folder_and_the_systems_error() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let said = error_chain(&probe(&missing).unwrap_err());
        assert!(said.contains(missing.to_str().unwrap()), "{said}");
        assert!(said.ends_with("(os error 2)"), "{said}");
        assert!(probe(folder.path()).is_ok());
    }

    #[test]
    fn readiness_follows_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let health = Arc::new(Health::default());
        let path = folder.path().join("spool");
        let spool = SpoolFolder::new(&path, Arc::clone(&health));
        spool.probe();
        assert!(health.readiness().reasons[PART].contains("(os error 2)"));
        std::fs::create_dir(&path).unwrap();
        spool.probe();
        assert_eq!(health.readiness().reasons.get(PART), None);
    }

    #[test]
    fn a_full_disk_may_pass_and_nothing_else() {
        let failure = |cause: io::Error| spool_error(cause).failure();
        for full in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert_eq!(failure(full.into()), SpoolFailure::Full);
        }
        for other in [io::ErrorKind::PermissionDenied, io::ErrorKind::NotFound] {
            assert_eq!(failure(other.into()), SpoolFailure::Unusable);
        }
    }

    fn spool_error(cause: io::Error) -> SpoolError {
        SpoolFolder::new(Path::new("/spool"), Arc::default()).failed(cause)
    }
}
