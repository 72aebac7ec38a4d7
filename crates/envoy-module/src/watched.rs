//! Noticing that a file has changed: it is another one, and stands still from one look to the next.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Files that are one thing together.
#[derive(Debug, Default)]
pub(crate) struct Watched(Vec<File>);

#[derive(Debug)]
struct File {
    path: PathBuf,
    read: Stamp,
    seen: Stamp,
}

/// What is to be seen of a file; nothing, if it is not there.
type Stamp = Option<[i64; 6]>;

impl Watched {
    /// Another file, which is read right after this.
    pub(crate) fn add(&mut self, path: PathBuf) {
        let stamp = stamp(&path);
        self.0.push(File {
            path,
            read: stamp,
            seen: stamp,
        });
    }

    /// Whether one of them is another one than was read, and all of them stand still.
    pub(crate) fn have_changed(&mut self) -> bool {
        let (mut is_changed, mut is_still) = (false, true);
        for file in &mut self.0 {
            let now = stamp(&file.path);
            is_still &= now == file.seen;
            is_changed |= now != file.read;
            file.seen = now;
        }
        is_changed && is_still
    }
}

fn stamp(path: &std::path::Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some([
        metadata.ino().cast_signed(),
        metadata.size().cast_signed(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ])
}
