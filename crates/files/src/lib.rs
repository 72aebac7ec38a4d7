//! Files that are whole or not there.
//!
//! - A [`PrivateFolder`] is ours alone, and so is every file that is read in it. A [`Key`] in it
//!   seals what is written, so that what somebody else wrote shows.
//! - A [`LockedFile`] belongs to whoever it belongs to: it is read, changed and [replaced](replace)
//!   by one process at a time, and keeps its owner, its mode and the links to it.
//! - A [regular](read_regular) file is read without waiting for anyone who might write it.
//! - An [`unnamed`] file leaves nothing behind.
//!
//! Whatever is written is first written beside its place and brought to the disk, then renamed, and
//! then the folder is brought to the disk too: whoever is killed in between leaves the old file or
//! the new one.

mod entry;
mod error;
mod folder;
mod key;
mod private_folder;
mod regular;
mod shared;
mod unnamed;

pub use entry::{Entry, is_temporary};
pub use error::FileError;
pub use key::Key;
pub use private_folder::PrivateFolder;
pub use regular::read_regular;
pub use shared::{LockedFile, replace};
pub use unnamed::unnamed;
