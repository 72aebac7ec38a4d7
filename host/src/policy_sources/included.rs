//! The files that a policy file includes: a change of one is a change of it.

use std::path::PathBuf;

use signalbox_runtime::Digest;

use crate::file_watcher::FileWatcher;

/// Those of one file, as they were listed when it was read last.
#[derive(Debug, Default)]
pub(crate) struct Included(Vec<FileWatcher>);

impl Included {
    /// Whether one of them is another one than was read, and stands still.
    pub(crate) fn has_changed(&mut self) -> bool {
        // All are looked at: each look is half of standing still.
        let changed = self.0.iter_mut().map(FileWatcher::has_changed);
        changed.fold(false, |any, one| any | one)
    }

    /// Reads the files at `paths`, which are watched from here on, and names the source that they
    /// and the bytes of the file itself are together.
    pub(crate) fn read(&mut self, paths: &[PathBuf], own: &[u8]) -> Digest {
        self.0 = paths.iter().map(|path| FileWatcher::new(path)).collect();
        let own = Digest::of(own);
        if self.0.is_empty() {
            return own;
        }
        let mut digests = own.as_bytes().to_vec();
        for file in &mut self.0 {
            // One that cannot be read is another one as soon as it can.
            let bytes = file.read(LARGEST).unwrap_or_default();
            digests.extend(Digest::of(&bytes).as_bytes());
        }
        Digest::of(&digests)
    }
}

/// What a document may have.
const LARGEST: u64 = 32 << 20;
