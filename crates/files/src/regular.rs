//! Files that somebody else names: whatever lies there, reading ends.

use std::{
    fs::File,
    io::{self, ErrorKind, Read as _},
    path::Path,
};

use rustix::fs::{CWD, Mode, OFlags, openat};

/// The bytes of a regular file of at most `most` bytes. Links are followed.
///
/// # Errors
/// There is none, it is a folder, a pipe or a device, or it has more bytes.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // A pipe without a writer is opened at once this way, and refused below.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(CWD, path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        let reason = "it is not a regular file";
        return Err(io::Error::new(ErrorKind::InvalidInput, reason));
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        let reason = format!("it has more than {most} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use rustix::fs::{FileType, mknodat};

    use super::*;

    #[test]
    fn files_and_links_to_them_are_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let kind = |name: &str| read_regular(&at(name), 3).map_err(|error| error.kind());
        std::fs::write(at("file"), "one").unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        for name in ["file", "link"] {
            assert_eq!(kind(name), Ok(b"one".to_vec()));
        }
        assert_eq!(kind("none"), Err(ErrorKind::NotFound));
        assert_eq!(kind("."), Err(ErrorKind::InvalidInput));
        std::fs::write(at("file"), "four").unwrap();
        assert_eq!(kind("file"), Err(ErrorKind::FileTooLarge));
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(kind("pipe"), Err(ErrorKind::InvalidInput));
    }
}
