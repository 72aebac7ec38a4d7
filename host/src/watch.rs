//! Noticing that a file has changed.
//!
//! A file counts as changed once it is another one (device, inode, size, change or modification
//! time) and has stood still from one look to the next, so that one being written is not read in
//! halves. Looks are a second apart: a change is seen within two.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// One watched file.
#[derive(Debug)]
pub(crate) struct Watch {
    path: PathBuf,
    /// What was read last; `None` if it was not there.
    read: Option<Stamp>,
    /// What the last look saw.
    seen: Option<Stamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Watch {
    /// Reads a file and watches it from here on.
    pub(crate) fn open(path: &Path, most: u64) -> io::Result<(Self, String)> {
        let mut watch = Self {
            path: path.to_owned(),
            read: None,
            seen: None,
        };
        let text = watch.read(most)?;
        Ok((watch, text))
    }

    /// Reads the file if it has changed and stands still; `None` if there is nothing new.
    pub(crate) fn poll(&mut self, most: u64) -> Option<io::Result<String>> {
        let now = stamp(&self.path);
        let stands_still = now == self.seen;
        self.seen = now;
        if now == self.read || !stands_still {
            return None;
        }
        Some(self.read(most))
    }

    /// Reads the file whether it has changed or not.
    pub(crate) fn read(&mut self, most: u64) -> io::Result<String> {
        // Taken before reading: what changes meanwhile is seen by the next look.
        self.read = stamp(&self.path);
        self.seen = self.read;
        read(&self.path, most)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads a text file of at most so many bytes.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<String> {
    use io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(most + 1)
        .read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= most) {
        Ok(text)
    } else {
        Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {most} bytes"),
        ))
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path)
        .ok()
        .map(|metadata| Stamp::of(&metadata))
}

#[cfg(unix)]
impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(not(unix))]
impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let since = |time: io::Result<std::time::SystemTime>| {
            let since = time
                .ok()
                .and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
            since.map_or((0, 0), |d| {
                (d.as_secs().cast_signed(), d.subsec_nanos().into())
            })
        };
        let (modified, changed) = (since(metadata.modified()), since(metadata.created()));
        Self {
            device: 0,
            inode: 0,
            size: metadata.len(),
            modified,
            changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_once_it_stands_still() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "one").unwrap();
        let (mut watch, text) = Watch::open(&path, 100).unwrap();
        assert_eq!(text, "one");
        assert!(watch.poll(100).is_none());
        std::fs::write(&path, "two").unwrap();
        std::fs::rename(&path, folder.path().join("kept")).unwrap();
        std::fs::write(&path, "three").unwrap();
        assert!(watch.poll(100).is_none(), "the first look only notes it");
        assert_eq!(watch.poll(100).unwrap().unwrap(), "three");
        assert!(watch.poll(100).is_none());
    }

    #[test]
    fn a_file_of_the_same_size_moved_into_place_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (path, next) = (folder.path().join("file"), folder.path().join("next"));
        std::fs::write(&path, "one").unwrap();
        let (mut watch, _) = Watch::open(&path, 100).unwrap();
        std::fs::write(&next, "two").unwrap();
        std::fs::rename(&next, &path).unwrap();
        assert!(watch.poll(100).is_none());
        assert_eq!(watch.poll(100).unwrap().unwrap(), "two");
    }

    #[test]
    fn a_missing_or_oversized_file_is_an_error_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(Watch::open(&path, 100).is_err());
        std::fs::write(&path, "one").unwrap();
        let (mut watch, _) = Watch::open(&path, 3).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(watch.poll(3).is_none());
        assert!(watch.poll(3).unwrap().is_err());
        assert!(watch.poll(3).is_none(), "it is still missing: nothing new");
        std::fs::write(&path, "four").unwrap();
        assert!(watch.poll(3).is_none());
        assert_eq!(
            watch.poll(3).unwrap().unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
    }
}
