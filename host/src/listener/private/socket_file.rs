//! The file of a Unix socket: whoever may write it may connect.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown,
};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::unistd::Group;

use super::PrivateListenError;
use crate::config::UnixSocket;

/// The file of a bound socket. Dropping it takes the file away, unless another one is there by now.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    /// A socket at its place, which nobody could connect to before it had its mode.
    pub(super) fn bind(socket: &UnixSocket) -> Result<(UnixListener, Self), PrivateListenError> {
        let group = socket.group.as_deref().map(group_id).transpose()?;
        let path = &socket.path;
        let refuse = |cause| PrivateListenError::Socket {
            path: path.clone(),
            cause,
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Of several that start at once, one finds nobody there, and the others find it.
        let lock = File::open(folder).map_err(refuse)?;
        lock.lock().map_err(refuse)?;
        check_free(path)?;
        bind_beside(folder, path, group).map_err(refuse)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = |found: Metadata| (found.dev(), found.ino()) == (self.device, self.inode);
        if fs::symlink_metadata(&self.path).is_ok_and(is_ours) {
            // One that stays is replaced at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes the socket in a folder that nobody else can enter, and moves it to its place.
fn bind_beside(
    folder: &Path,
    path: &Path,
    group: Option<u32>,
) -> io::Result<(UnixListener, SocketFile)> {
    let hidden = folder.join(format!(".signalbox-{}", std::process::id()));
    match fs::remove_dir_all(&hidden) {
        // Of a process that was killed right here.
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    DirBuilder::new().mode(0o700).create(&hidden)?;
    let made = make(&hidden.join("s"), path, group);
    let removed = fs::remove_dir_all(&hidden);
    let made = made?;
    removed?;
    Ok(made)
}

fn make(made: &Path, path: &Path, group: Option<u32>) -> io::Result<(UnixListener, SocketFile)> {
    let listener = UnixListener::bind(made)?;
    if let Some(group) = group {
        chown(made, None, Some(group))?;
    }
    let mode = if group.is_some() { 0o660 } else { 0o600 };
    fs::set_permissions(made, Permissions::from_mode(mode))?;
    let found = fs::symlink_metadata(made)?;
    fs::rename(made, path)?;
    let file = SocketFile {
        path: path.to_owned(),
        device: found.dev(),
        inode: found.ino(),
    };
    Ok((listener, file))
}

/// Nothing is there, or the socket of a server that is gone.
fn check_free(path: &Path) -> Result<(), PrivateListenError> {
    let refuse = |cause| PrivateListenError::Socket {
        path: path.to_owned(),
        cause,
    };
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refuse(error)),
    };
    if !found.file_type().is_socket() {
        return Err(PrivateListenError::NotASocket(path.to_owned()));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(PrivateListenError::InUse(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(refuse(error)),
    }
}

fn group_id(name: &str) -> Result<u32, PrivateListenError> {
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid.as_raw()),
        Ok(None) | Err(_) => Err(PrivateListenError::Group(name.to_owned())),
    }
}
