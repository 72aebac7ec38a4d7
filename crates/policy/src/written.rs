//! What was written, and where. Two are equal if they say the same, wherever they stand.

/// A place in a document, or in a file that it includes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The file: 0 is the document itself, every other one it includes in the order of reading.
    pub(crate) file: u16,
}

impl Position {
    /// Where a document begins: the place of what is not there.
    pub(crate) const TOP: Self = Self {
        line: 1,
        column: 1,
        file: 0,
    };
}

/// Text with the place where it was written.
#[derive(Clone, Debug, Default, Eq)]
pub struct Text {
    /// What was written.
    pub value: String,
    /// Where.
    pub position: Position,
}

/// A list of texts with the place where it was written.
#[derive(Clone, Debug, Default, Eq)]
pub struct List {
    /// What was written.
    pub items: Vec<Text>,
    /// Where the list begins.
    pub position: Position,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self {
            value: text.into(),
            position: Position::default(),
        }
    }
}
