//! The part of a held form that does not fit into memory: a file that has no name.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::BuildHasher;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use bytes::Bytes;
use signalbox_gate::SpoolFailure;

use crate::config::Config;
use crate::oneshot::blocking;

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
    /// If it cannot be written; what was written before is gone with it.
    pub(crate) async fn append(
        &mut self,
        config: &Config,
        bytes: Bytes,
    ) -> Result<(), SpoolFailure> {
        let has_failed = std::mem::replace(&mut self.has_failed, true);
        let (Some(folder), Some(runtime), false) = (&config.spool, &config.runtime, has_failed)
        else {
            return Err(SpoolFailure::Unusable);
        };
        let (file, folder) = (self.file.take(), folder.clone());
        let written = blocking(&**runtime, move || {
            let mut file = file.map_or_else(|| nameless(&folder), Ok)?;
            file.write_all(&bytes)?;
            Ok::<_, io::Error>(file)
        });
        let written = written.await.ok_or(SpoolFailure::Unusable)?;
        self.file = Some(written.map_err(|error| SpoolFailure::from(&error))?);
        self.has_failed = false;
        Ok(())
    }

    /// The file, if anything was written.
    pub(crate) fn into_file(self) -> Option<File> {
        self.file
    }
}

/// A new file for its owner alone, whose name is gone again.
fn nameless(folder: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Never a file that is there, whoever made it.
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let word = RandomState::new().hash_one(std::process::id());
    let path = folder.join(format!("signalbox-{word:016x}"));
    let file = options.open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// Reads exactly so many bytes, from the start of the file or from where it stands.
pub(crate) fn read(mut file: File, is_begun: bool, length: u64) -> io::Result<(File, Bytes)> {
    if !is_begun {
        file.rewind()?;
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact(&mut bytes)?;
    Ok((file, bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_seen_of_the_file_and_it_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = nameless(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        file.write_all(b"abcdef").unwrap();
        let (file, first) = read(file, false, 4).unwrap();
        let (file, second) = read(file, true, 2).unwrap();
        assert_eq!((&first[..], &second[..]), (&b"abcd"[..], &b"ef"[..]));
        assert!(read(file, true, 1).is_err(), "there is no more");
    }

    #[test]
    fn a_folder_that_is_not_there_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(nameless(&folder.path().join("absent")).is_err());
    }
}
