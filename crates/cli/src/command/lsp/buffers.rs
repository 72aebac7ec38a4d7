//! The texts that are open in the editor, saved or not.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use crate::{included::from_disk, uri};

/// Open texts, by their URIs.
#[derive(Debug, Default)]
pub(super) struct Buffers(BTreeMap<String, Buffer>);

#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) text: String,
    /// Where it is saved; `None` if it never was.
    pub(super) path: Option<PathBuf>,
}

impl Buffers {
    pub(super) fn set(&mut self, uri: &str, text: String) {
        let path = uri::to_path(uri);
        self.0.insert(uri.to_owned(), Buffer { text, path });
    }

    pub(super) fn remove(&mut self, uri: &str) {
        self.0.remove(uri);
    }

    pub(super) fn get(&self, uri: &str) -> Option<&Buffer> {
        self.0.get(uri)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Buffer)> {
        self.0.iter().map(|(uri, buffer)| (uri.as_str(), buffer))
    }

    /// The URI of a path: the editor's own, if it has the file open.
    pub(super) fn uri_of(&self, path: &str) -> String {
        let is_it = |(uri, buffer): (&String, &Buffer)| {
            let is_it = buffer.path.as_deref() == Some(Path::new(path));
            is_it.then(|| uri.clone())
        };
        self.0
            .iter()
            .find_map(is_it)
            .unwrap_or_else(|| uri::of_path(path))
    }

    /// A file as the editor shows it, else as it lies on the disk.
    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut buffers = self.0.values();
        match buffers.find(|it| it.path.as_deref() == Some(path)) {
            Some(buffer) => Ok(buffer.text.clone().into_bytes()),
            None => from_disk(path),
        }
    }
}

impl Buffer {
    /// What the text is called where it is read: what it includes is relative to that.
    pub(super) fn name(&self) -> String {
        let path = self.path.as_ref();
        path.map_or_else(String::new, |path| path.display().to_string())
    }
}
