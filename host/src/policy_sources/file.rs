//! Policy files: taken over when they change.
//!
//! A version is the bytes of the file, of what it includes and of the statement beside it. Each is
//! tried once, however often the file is written: what does not pass stays as it is until the bytes
//! change. A version that was taken over is not taken again, so that touching a file does not undo a
//! rollback.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use signalbox_runtime::Digest;
use signalbox_swap::{Actor, Failure, Step, Trigger, error_chain};
use tokio::time::{MissedTickBehavior, interval};

use super::included::Included;
use super::{Made, PolicySources, is_lost_race, off_thread, put, reject};
use crate::file_watcher::{FileWatcher, LOOK, Look};
use crate::policy_sources::sources::{SourceError, Sources};

#[cfg(test)]
mod tests;

/// The files policies come from.
#[derive(Debug, Default)]
pub(crate) struct Files(Mutex<Vec<PolicyFile>>);

/// One of them.
#[derive(Debug)]
struct PolicyFile {
    name: String,
    path: PathBuf,
    component: FileWatcher,
    statement: FileWatcher,
    included: Included,
    /// The version that was taken over last.
    taken: Option<Version>,
    /// The version that was tried last.
    tried: Option<Version>,
    /// It lost against another change, and is to be tried again.
    again: bool,
}

/// What a file and its statement say, as far as it can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Unreadable(io::ErrorKind),
    Read(Digest, Option<Digest>),
}

/// A policy file at start.
#[derive(Debug)]
pub(crate) struct Found {
    file: PolicyFile,
    /// Of what lies there, if it can be read.
    pub(crate) source: Option<Digest>,
    pub(crate) statement: Option<Vec<u8>>,
}

/// Why a file gave no component.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unmade {
    #[error("cannot be read")]
    Read(#[source] io::Error),
    #[error(transparent)]
    Source(SourceError),
}

impl Found {
    /// Reads a policy file for the first time, and makes its component. It is watched from here
    /// on, whatever is in it.
    pub(crate) fn read(
        name: &str,
        path: &Path,
        sources: &dyn Sources,
    ) -> (Self, Result<Vec<u8>, Unmade>) {
        let mut found = Self {
            file: PolicyFile {
                name: name.to_owned(),
                path: path.to_owned(),
                component: FileWatcher::new(path),
                statement: FileWatcher::new(&statement_of(path)),
                included: Included::default(),
                taken: None,
                tried: None,
                again: false,
            },
            source: None,
            statement: None,
        };
        let made = found.file.read(sources);
        if let Some(Version::Read(source, _)) = found.file.tried {
            // Known of what gave no component too: memory is compared with it.
            found.source = Some(source);
        }
        let component = made.map(|made| {
            found.statement = made.statement;
            made.component
        });
        (found, component)
    }
}

/// Takes over files that change, for ever.
pub(crate) async fn watch(sources: Arc<PolicySources>) {
    if sources.files.is_empty() {
        return;
    }
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        off_thread(&sources, |sources| sources.files.poll(sources)).await;
    }
}

impl Files {
    /// Watches files that were read at start; `is_taken` says of a name whether what was read
    /// there came into service, or had before.
    pub(crate) fn after_start(found: Vec<Found>, is_taken: impl Fn(&str) -> bool) -> Self {
        let watched = found.into_iter().map(|found| {
            let mut file = found.file;
            file.taken = file.tried.filter(|_| is_taken(&file.name));
            file
        });
        Self(Mutex::new(watched.collect()))
    }

    fn is_empty(&self) -> bool {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.is_empty()
    }

    /// Takes over what has changed and stands still.
    pub(crate) fn poll(&self, sources: &PolicySources) {
        for file in &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let has_changed = file.has_changed();
            if has_changed || file.again {
                file.take(sources, Trigger::File);
            }
        }
    }

    /// Takes over what has changed, and tries again what did not pass.
    pub(crate) fn reload(&self, sources: &PolicySources) {
        for file in &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            file.again = true;
            file.take(sources, Trigger::Signal);
        }
    }
}

impl PolicyFile {
    /// Whether any of it has changed, and all of it stands still: they are written one after the other.
    fn has_changed(&mut self) -> bool {
        // Each is looked at: a look is half of standing still.
        let own = [self.component.look(), self.statement.look()];
        let looks = own.into_iter().chain(self.included.look());
        looks.fold(Look::Same, Look::and) == Look::Changed
    }

    fn take(&mut self, sources: &PolicySources, way: Trigger) {
        let before = self.tried;
        let made = self.read(&*sources.compile);
        let again = std::mem::take(&mut self.again);
        if self.tried == self.taken && made.is_ok() {
            // As it was: what serves by now may be another one, for a reason.
            sources.health.source_passed(&self.name);
            return;
        }
        if self.tried == before && !again {
            return;
        }
        let actor = Actor::new(way, self.path.display().to_string());
        let outcome = match made {
            Ok(made) => put(sources, &self.name, actor, made),
            Err(error) => {
                let path = self.path.display();
                let chain = error_chain(&error);
                tracing::error!(policy = self.name, %path, error = chain, "kept the policy there was");
                let failure = error.failure(&self.name, &self.path);
                Err(reject(sources, &self.name, actor, failure))
            }
        };
        match outcome {
            Ok(()) => self.taken = self.tried,
            Err(failure) => self.again = is_lost_race(&failure),
        }
    }

    /// Reads all of it once, makes its component, and notes which version that is.
    fn read(&mut self, sources: &dyn Sources) -> Result<Made, Unmade> {
        let statement = match self.statement.read(LARGEST_STATEMENT) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let read = self.component.read(LARGEST_SOURCE);
        let (bytes, statement) = match read.and_then(|bytes| Ok((bytes, statement?))) {
            Ok(read) => read,
            Err(error) => {
                self.tried = Some(Version::Unreadable(error.kind()));
                return Err(Unmade::Read(error));
            }
        };
        let own = Digest::of(&bytes);
        let mut included = Included::default();
        let made = sources.component(&self.path, bytes, &mut |path| included.read(path));
        let source = included.source(own);
        self.included = included;
        self.tried = Some(Version::Read(source, statement.as_deref().map(Digest::of)));
        Ok(Made {
            component: made.map_err(Unmade::Source)?,
            statement,
            source,
        })
    }
}

impl Unmade {
    pub(crate) fn failure(&self, name: &str, path: &Path) -> Failure {
        let path = path.display();
        let (message, help) = match self {
            Self::Read(error) => (
                format!("`{path}` cannot be read: {error}"),
                "put the policy there, and let the host read it",
            ),
            Self::Source(error) => (
                format!("`{path}`: {error}"),
                "mend the file; `signalbox check` shows each error with its place",
            ),
        };
        Failure::new(Step::Receive, Some(name.to_owned()), message, help)
    }
}

/// Where the signed statement about a policy file lies: `FILE.statement`.
fn statement_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".statement");
    name.into()
}

/// A document of a million models has some 60 MiB; its component is bounded where it is loaded.
const LARGEST_SOURCE: u64 = 128 << 20;
/// One has under a KiB.
const LARGEST_STATEMENT: u64 = 1 << 20;
