//! The files a document includes.

use std::{collections::BTreeMap, io, path::Path};

use signalbox_files::read_regular;
use signalbox_host::ReadFile;
use signalbox_policy::{Files, Unreadable, limits};

/// Reads them, and keeps their texts if lines of them may be shown.
pub(crate) struct Included<'r> {
    read: &'r mut ReadFile<'r>,
    texts: Option<&'r mut Texts>,
}

/// The text of each, by its path.
#[derive(Debug, Default)]
pub(crate) struct Texts(BTreeMap<String, String>);

impl<'r> Included<'r> {
    pub(crate) const fn shown(read: &'r mut ReadFile<'r>, texts: &'r mut Texts) -> Self {
        Self {
            read,
            texts: Some(texts),
        }
    }

    /// For those who may be asked to include what is not theirs to show.
    pub(crate) const fn hidden(read: &'r mut ReadFile<'r>) -> Self {
        Self { read, texts: None }
    }
}

impl Texts {
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }
}

impl Files for Included<'_> {
    fn text(&mut self, path: &str) -> Result<String, Unreadable> {
        let because = |error: io::Error| Unreadable::Because(error.to_string());
        let bytes = (self.read)(Path::new(path)).map_err(because)?;
        let not_text = |_| Unreadable::Because("it is not UTF-8".to_owned());
        let text = String::from_utf8(bytes).map_err(not_text)?;
        if let Some(texts) = &mut self.texts {
            texts.0.insert(path.to_owned(), text.clone());
        }
        Ok(text)
    }
}

/// A file as it lies on the disk.
pub(crate) fn from_disk(path: &Path) -> io::Result<Vec<u8>> {
    read_regular(path, MOST_BYTES)
}

/// One more than is read of a document, so that a longer one is refused where that is explained.
const MOST_BYTES: u64 = limits::TEXT_BYTES as u64 + 1;
