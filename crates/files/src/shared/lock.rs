//! The lock on a folder, waited for within bounds: whoever has it may be stopped, or never end.

use std::{
    fs::{File, TryLockError},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::fs::{fstat, major, minor};

use crate::{FileError, folder::Folder};

/// Locks a folder until what is returned is dropped. `waits` is called if another process has it.
pub(super) fn take(
    folder: &Folder,
    patience: Duration,
    waits: impl FnOnce(),
) -> Result<File, FileError> {
    let failed = |error| FileError::of(&folder.path, error);
    let lock = File::from(folder.handle.try_clone().map_err(failed)?);
    let (began, mut waits) = (Instant::now(), Some(waits));
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        if let Some(waits) = waits.take() {
            waits();
        }
        if began.elapsed() >= patience {
            return Err(FileError::Locked {
                path: folder.path.clone(),
                process: holder(&lock),
                waited: patience,
            });
        }
        sleep(PAUSE);
    }
}

/// Who has the lock, where the system says so.
fn holder(lock: &File) -> Option<u32> {
    let found = fstat(lock).ok()?;
    let (device, inode) = (found.st_dev, found.st_ino);
    let place = format!("{:02x}:{:02x}:{inode}", major(device), minor(device));
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, "FLOCK", _, _, process, at, ..] if at == place => process.parse().ok(),
            _ => None,
        }
    })
}

/// A file is replaced in a few milliseconds.
const PAUSE: Duration = Duration::from_millis(10);
