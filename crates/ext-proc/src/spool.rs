//! The part of a held form that does not fit into memory.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use bytes::Bytes;
use signalbox_gate::SpoolFailure;
use tokio::task::spawn_blocking;

use crate::door::SpoolPlace;

/// The file of one body.
#[derive(Default)]
pub(crate) struct Spool {
    /// `None` before the first write, and after one that failed.
    file: Option<File>,
    has_failed: bool,
    is_read: bool,
}

impl Spool {
    /// Writes more, behind what was written before.
    ///
    /// # Errors
    /// If it cannot be written; what was written before is gone with it.
    pub(crate) async fn append(
        &mut self,
        place: Option<Arc<dyn SpoolPlace>>,
        bytes: Bytes,
    ) -> Result<(), SpoolFailure> {
        let has_failed = std::mem::replace(&mut self.has_failed, true);
        let (Some(place), false) = (place, has_failed) else {
            return Err(SpoolFailure::Unusable);
        };
        let (file, maker) = (self.file.take(), Arc::clone(&place));
        let write = move || {
            let mut file = file.map_or_else(|| maker.file(), Ok)?;
            file.write_all(&bytes)?;
            Ok::<_, io::Error>(file)
        };
        let written = spawn_blocking(write).await.map_err(io::Error::other);
        let file = written.flatten().map_err(|error| place.failed(error))?;
        self.file = Some(file);
        self.has_failed = false;
        Ok(())
    }

    /// Reads so many bytes, from the first one on. `None` if they are not there.
    pub(crate) async fn read(&mut self, length: usize) -> Option<Bytes> {
        let mut file = self.file.take()?;
        let is_begun = std::mem::replace(&mut self.is_read, true);
        let read = move || {
            if !is_begun {
                file.rewind()?;
            }
            let mut bytes = vec![0; length];
            file.read_exact(&mut bytes)?;
            Ok::<_, io::Error>((file, Bytes::from(bytes)))
        };
        let (file, bytes) = spawn_blocking(read).await.ok()?.ok()?;
        self.file = Some(file);
        Some(bytes)
    }
}
