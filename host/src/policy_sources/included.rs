//! The files that a policy file includes: a change of one is a change of it.

use std::io;
use std::path::Path;

use signalbox_runtime::Digest;

use crate::file_watcher::{FileWatcher, Look};

/// Those of one file, as they were when it was read last.
#[derive(Debug, Default)]
pub(crate) struct Included(Vec<(FileWatcher, Digest)>);

impl Included {
    /// What is to be seen of each of them.
    pub(crate) fn look(&mut self) -> impl Iterator<Item = Look> {
        self.0.iter_mut().map(|(file, _)| file.look())
    }

    /// Reads one of them, which is watched from here on.
    pub(crate) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let mut file = FileWatcher::new(path);
        let read = file.read_regular(LARGEST);
        // One that cannot be read is another one as soon as it can.
        let digest = Digest::of(read.as_deref().unwrap_or_default());
        self.0.push((file, digest));
        read
    }

    /// Names the source that they and the file itself are together.
    pub(crate) fn source(&self, own: Digest) -> Digest {
        if self.0.is_empty() {
            return own;
        }
        let mut digests = own.as_bytes().to_vec();
        for (_, digest) in &self.0 {
            digests.extend(digest.as_bytes());
        }
        Digest::of(&digests)
    }
}

/// What a document may have, and one more, so that a longer one is refused where it is made.
const LARGEST: u64 = (32 << 20) + 1;
