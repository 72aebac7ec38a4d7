//! The part of a held body that does not fit into memory: a file that has no name.
//!
//! The file is made in `spool_dir`, for its owner alone, and without a name: nothing is left of it
//! whatever becomes of the host. It is written and read by threads that may block, a quarter of a MiB
//! at a time. Mostly such a write only copies into the system's cache; but once too much of that waits
//! for the disk, a write waits too, and a worker that waited with it would serve nobody.

mod before;
mod folder;

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

pub(crate) use before::Before;
pub(crate) use folder::{SpoolError, SpoolFolder, probe};

/// The file of one body.
#[derive(Debug, Default)]
pub(crate) struct Spool {
    /// `None` before the first write, while a thread writes, and after that failed.
    file: Option<File>,
    has_failed: bool,
}

impl Spool {
    /// Writes more, behind what was written before.
    ///
    /// # Errors
    /// If the file cannot be made or written; what was written before is gone with it.
    pub(crate) async fn append(
        &mut self,
        folder: &Arc<SpoolFolder>,
        bytes: Bytes,
    ) -> Result<(), SpoolError> {
        if std::mem::replace(&mut self.has_failed, true) {
            return Err(folder.failed(io::ErrorKind::BrokenPipe.into()));
        }
        let (file, place) = (self.file.take(), Arc::clone(folder));
        let write = move || {
            let mut file = file.map_or_else(|| place.file(), Ok)?;
            file.write_all(&bytes)?;
            Ok::<_, io::Error>(file)
        };
        let written = spawn_blocking(write).await.map_err(io::Error::other);
        let written = written.flatten();
        self.file = Some(written.map_err(|error| folder.failed(error))?);
        self.has_failed = false;
        Ok(())
    }

    /// The file, if anything was written.
    pub(crate) fn into_file(self) -> Option<File> {
        self.file
    }
}

/// Large enough that handing over to a thread costs little beside it, small enough to have several.
const PIECE: usize = 256 << 10;

#[cfg(test)]
mod tests;
