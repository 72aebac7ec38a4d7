//! Noticing that a file has changed.
//!
//! A file counts as changed once it is another one (device, inode, size, change or modification
//! time) and has stood still from one look to the next, so that one being written is not read in
//! halves. Looks are a second apart: a change is seen within two.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One watched file.
#[derive(Debug)]
pub(crate) struct FileWatcher {
    path: PathBuf,
    /// What was read last; `None` if it was not there.
    read: Option<Stamp>,
    /// What the last look saw.
    seen: Option<Stamp>,
}

/// What is to be seen of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is as it was read.
    Same,
    /// It is another one, and may be written just now.
    Changing,
    /// It is another one, and stands still.
    Changed,
}

impl Look {
    /// What is to be seen of two files together.
    pub(crate) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Changing, _) | (_, Self::Changing) => Self::Changing,
            (Self::Changed, _) | (_, Self::Changed) => Self::Changed,
            (Self::Same, Self::Same) => Self::Same,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileWatcher {
    /// Watches a file that was not read yet, and may not be there.
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            read: None,
            seen: None,
        }
    }

    /// Reads a text file and watches it from here on.
    pub(crate) fn open(path: &Path, most: u64) -> io::Result<(Self, String)> {
        let mut watch = Self::new(path);
        let text = watch.read_text(most)?;
        Ok((watch, text))
    }

    /// Looks whether the file is another one than was read.
    pub(crate) fn look(&mut self) -> Look {
        let now = stamp(&self.path);
        let stands_still = now == self.seen;
        self.seen = now;
        match stands_still {
            _ if now == self.read => Look::Same,
            true => Look::Changed,
            false => Look::Changing,
        }
    }

    /// Whether the file is another one than was read, and stands still.
    pub(crate) fn has_changed(&mut self) -> bool {
        self.look() == Look::Changed
    }

    /// Reads the text file if it has changed and stands still; `None` if there is nothing new.
    pub(crate) fn poll_text(&mut self, most: u64) -> Option<io::Result<String>> {
        self.has_changed().then(|| self.read_text(most))
    }

    /// Reads the file whether it has changed or not.
    pub(crate) fn read(&mut self, most: u64) -> io::Result<Vec<u8>> {
        self.note();
        read(&self.path, most)
    }

    /// The same, for a file that must be one: a pipe is not waited for.
    pub(crate) fn read_regular(&mut self, most: u64) -> io::Result<Vec<u8>> {
        self.note();
        signalbox_files::read_regular(&self.path, most)
    }

    /// Taken before reading: what changes meanwhile is seen by the next look.
    fn note(&mut self) {
        self.read = stamp(&self.path);
        self.seen = self.read;
    }

    /// The same, for a text file.
    pub(crate) fn read_text(&mut self, most: u64) -> io::Result<String> {
        self.read(most).and_then(text)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads a file of at most so many bytes.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(most + 1)
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        Ok(bytes)
    } else {
        Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {most} bytes"),
        ))
    }
}

/// Reads a text file of at most so many bytes.
pub(crate) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    read(path, most).and_then(text)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
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

/// A changed file is noticed once it has stood still from one look to the next.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_once_it_stands_still() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "one").unwrap();
        let (mut watch, text) = FileWatcher::open(&path, 100).unwrap();
        assert_eq!(text, "one");
        assert!(watch.poll_text(100).is_none());
        std::fs::write(&path, "two").unwrap();
        std::fs::rename(&path, folder.path().join("kept")).unwrap();
        std::fs::write(&path, "three").unwrap();
        assert!(
            watch.poll_text(100).is_none(),
            "the first look only notes it"
        );
        assert_eq!(watch.poll_text(100).unwrap().unwrap(), "three");
        assert!(watch.poll_text(100).is_none());
    }

    #[test]
    fn a_file_of_the_same_size_moved_into_place_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (path, next) = (folder.path().join("file"), folder.path().join("next"));
        std::fs::write(&path, "one").unwrap();
        let (mut watch, _) = FileWatcher::open(&path, 100).unwrap();
        std::fs::write(&next, "two").unwrap();
        std::fs::rename(&next, &path).unwrap();
        assert!(watch.poll_text(100).is_none());
        assert_eq!(watch.poll_text(100).unwrap().unwrap(), "two");
    }

    #[test]
    fn a_missing_or_oversized_file_is_an_error_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(FileWatcher::open(&path, 100).is_err());
        std::fs::write(&path, "one").unwrap();
        let (mut watch, _) = FileWatcher::open(&path, 3).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(watch.poll_text(3).is_none());
        assert!(watch.poll_text(3).unwrap().is_err());
        assert!(
            watch.poll_text(3).is_none(),
            "it is still missing: nothing new"
        );
        std::fs::write(&path, "four").unwrap();
        assert!(watch.poll_text(3).is_none());
        assert_eq!(
            watch.poll_text(3).unwrap().unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_switched_by_its_link_is_seen() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (version, text) in [("v1", "one"), ("v2", "two")] {
            std::fs::create_dir(at(version)).unwrap();
            std::fs::write(at(version).join("file"), text).unwrap();
        }
        // As a ConfigMap is mounted: file → ..data/file, ..data → the version.
        symlink("v1", at("..data")).unwrap();
        symlink("..data/file", at("file")).unwrap();
        let (mut watch, text) = FileWatcher::open(&at("file"), 100).unwrap();
        assert_eq!(text, "one");
        symlink("v2", at("..data_tmp")).unwrap();
        std::fs::rename(at("..data_tmp"), at("..data")).unwrap();
        assert!(watch.poll_text(100).is_none());
        assert_eq!(watch.poll_text(100).unwrap().unwrap(), "two");
    }

    #[test]
    fn a_file_that_was_never_there_is_seen_when_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut watch = FileWatcher::new(&path);
        assert!(!watch.has_changed());
        std::fs::write(&path, b"\xff").unwrap();
        assert!(!watch.has_changed());
        assert!(watch.has_changed());
        assert_eq!(watch.read(100).unwrap(), b"\xff");
        assert!(!watch.has_changed());
    }
}
