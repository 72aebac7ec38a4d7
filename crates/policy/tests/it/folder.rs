//! Included files, from a folder of the repository.

use std::{fs, path::PathBuf};

use signalbox_policy::{Files, Resolved, Unreadable, Values, read_with};

/// A folder, by its path from the crate.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &str) -> Self {
        Self(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of its documents, in order.
    pub(crate) fn documents(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
        names.sort();
        names
    }

    /// The document of a name, which is valid.
    pub(crate) fn read(&mut self, name: &str) -> Resolved {
        let text = fs::read_to_string(self.path(name)).unwrap();
        let read = read_with(&text, name, self, &Values::new());
        read.unwrap_or_else(|found| panic!("{name}: {found:#?}"))
    }
}

impl Files for Folder {
    fn text(&mut self, path: &str) -> Result<String, Unreadable> {
        let text = fs::read_to_string(self.path(path));
        text.map_err(|_| Unreadable::Because("there is no such file".to_owned()))
    }
}
