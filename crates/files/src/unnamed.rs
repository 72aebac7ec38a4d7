//! Files without a name.

use std::{fs::File, io, path::Path};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, unlinkat};

/// A file to write and read in a folder, for its owner alone. It has no name: nothing is left of it
/// whatever becomes of the process.
///
/// # Errors
/// The disk refuses.
pub fn unnamed(folder: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::EXCL | OFlags::CLOEXEC;
        if let Ok(file) = openat(CWD, folder, flags, Mode::RUSR | Mode::WUSR) {
            return Ok(file.into());
        }
    }
    named_for_a_moment(folder)
}

/// Where the system or the disk knows no files without names.
fn named_for_a_moment(folder: &Path) -> io::Result<File> {
    let number = getrandom::u64().map_err(io::Error::other)?;
    let path = folder.join(format!(".signalbox-{number:016x}.tmp"));
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(CWD, &path, flags, Mode::RUSR | Mode::WUSR)?;
    unlinkat(CWD, &path, AtFlags::empty())?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Seek as _, Write as _},
        os::unix::fs::MetadataExt as _,
    };

    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        for mut file in [
            unnamed(folder.path()).unwrap(),
            named_for_a_moment(folder.path()).unwrap(),
        ] {
            file.write_all(b"held").unwrap();
            file.rewind().unwrap();
            let mut read = String::new();
            file.read_to_string(&mut read).unwrap();
            let found = file.metadata().unwrap();
            assert_eq!(
                (&*read, found.nlink(), found.mode() & 0o777),
                ("held", 0, 0o600)
            );
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
