//! Lines of plain YAML, and the values on them.

use std::str::Lines;

use crate::text::yaml::Position;

/// A line that says something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    number: u64,
    /// Spaces before it.
    pub(super) indent: usize,
    /// Whether it begins with `- `.
    pub(super) item: bool,
    /// What follows, without the dash.
    pub(super) rest: &'a str,
}

/// A value.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Word(&'a str),
    Quoted(&'a str),
    List(Vec<Self>),
    Map(Vec<(&'a str, Self)>),
}

/// Takes a text apart; a line that is not plain is `None`.
pub(super) fn split(text: &str) -> Split<'_> {
    Split {
        lines: text.lines(),
        number: 0,
        has_return: text.contains('\r'),
    }
}

pub(super) struct Split<'a> {
    lines: Lines<'a>,
    number: u64,
    has_return: bool,
}

impl<'a> Iterator for Split<'a> {
    type Item = Option<Line<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.lines.next()?;
            self.number += 1;
            let rest = line.trim_start_matches(' ');
            if self.has_return || !is_all_plain(rest) {
                return Some(None);
            }
            if rest.is_empty() || rest.starts_with('#') {
                continue;
            }
            let item = rest.strip_prefix("- ");
            return Some(Some(Line {
                number: self.number,
                indent: line.len() - rest.len(),
                item: item.is_some(),
                rest: item.unwrap_or(rest),
            }));
        }
    }
}

impl<'a> Line<'a> {
    /// Where what it says begins.
    pub(super) fn position(&self) -> Position {
        let dash = if self.item { 2 } else { 0 };
        Position {
            line: self.number,
            column: (self.indent + dash + 1) as u64,
        }
    }

    /// A key and what follows it: nothing, if the value is on the lines below.
    pub(super) fn field(&self) -> Option<(&'a str, &'a str)> {
        let mut flow = Flow::of(self.rest);
        let (Value::Word(key) | Value::Quoted(key)) = flow.text()? else {
            return None;
        };
        flow.expect(b':')?;
        let rest = flow.left();
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
        let rest = rest.trim_start_matches(' ');
        Some((key, if rest.starts_with('#') { "" } else { rest }))
    }
}

/// Values in flow style.
#[derive(Debug)]
pub(super) struct Flow<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    over_lines: bool,
    /// Where the maps begin that are entries.
    places: Vec<Position>,
    line: u64,
    line_start: usize,
}

impl<'a> Flow<'a> {
    /// On one line, which may end with a comment.
    pub(super) const fn of(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            over_lines: false,
            places: Vec::new(),
            line: 1,
            line_start: 0,
        }
    }

    /// Over as many lines as it takes, without comments.
    pub(super) const fn over_lines(text: &'a str) -> Self {
        let mut flow = Self::of(text);
        flow.over_lines = true;
        flow
    }

    pub(super) fn places(&self) -> &[Position] {
        &self.places
    }

    /// The value that is all there is.
    pub(super) fn value_to_the_end(&mut self) -> Option<Value<'a>> {
        self.skip()?;
        let value = self.value()?;
        self.end()?;
        Some(value)
    }

    /// The same for one that is no list or map.
    pub(super) fn scalar_to_the_end(&mut self) -> Option<Value<'a>> {
        let text = self.text()?;
        self.end()?;
        Some(text)
    }

    fn end(&mut self) -> Option<()> {
        let before = self.at;
        self.skip()?;
        match self.next() {
            None => Some(()),
            // `a#b` is a word, not one with a comment.
            Some(b'#') if !self.over_lines && self.at > before => Some(()),
            Some(_) => None,
        }
    }

    fn value(&mut self) -> Option<Value<'a>> {
        match self.next()? {
            b'[' => self.list(),
            b'{' => self.map(),
            _ => self.text(),
        }
    }

    fn list(&mut self) -> Option<Value<'a>> {
        self.enter()?;
        let mut list = Vec::new();
        while self.next()? != b']' {
            list.push(self.value()?);
            self.separate(b']')?;
        }
        self.leave();
        Some(Value::List(list))
    }

    fn map(&mut self) -> Option<Value<'a>> {
        if self.depth == 2 && self.over_lines {
            let column = self.text.get(self.line_start..self.at)?.chars().count();
            self.places.push(Position {
                line: self.line,
                column: column as u64 + 1,
            });
        }
        self.enter()?;
        let mut map = Vec::new();
        while self.next()? != b'}' {
            let (key, needs_space) = match self.text()? {
                Value::Quoted(key) => (key, false),
                Value::Word(key) => (key, true),
                Value::List(_) | Value::Map(_) => return None,
            };
            self.expect(b':')?;
            if needs_space && self.next()? != b' ' {
                return None;
            }
            self.skip()?;
            map.push((key, self.value()?));
            self.separate(b'}')?;
        }
        self.leave();
        Some(Value::Map(map))
    }

    /// A bracket, and what white space follows it.
    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        self.at += 1;
        (self.depth <= DEEPEST).then_some(())?;
        self.skip()
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    /// A comma, or the end that comes without one.
    fn separate(&mut self, end: u8) -> Option<()> {
        self.skip()?;
        match self.next()? {
            b',' => {
                self.at += 1;
                self.skip()?;
                (self.next()? != end).then_some(())
            }
            found => (found == end).then_some(()),
        }
    }

    /// A word, or one in quotes.
    fn text(&mut self) -> Option<Value<'a>> {
        let left = self.left();
        let (text, length) = match left.bytes().next()? {
            quote @ (b'"' | b'\'') => {
                let inside = left.get(1..)?;
                let end = inside.find(char::from(quote))?;
                let text = inside.get(..end)?;
                let doubled = inside.as_bytes().get(end + 1) == Some(&b'\'');
                let is_itself = !text.contains('\\') && is_all_plain(text) && !doubled;
                is_itself.then_some((Value::Quoted(text), end + 2))?
            }
            _ => {
                let end =
                    left.find(|c: char| !c.is_ascii_alphanumeric() && !"_-.:/@+*".contains(c));
                let mut word = left.get(..end.unwrap_or(left.len()))?;
                // A colon at its end is not its own.
                word = word.strip_suffix(':').unwrap_or(word);
                is_word(word).then_some((Value::Word(word), word.len()))?
            }
        };
        self.at += length;
        Some(text)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.next().filter(|next| *next == byte)?;
        self.at += 1;
        Some(())
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn left(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self) -> Option<()> {
        while let Some(next @ (b' ' | b'\n')) = self.next() {
            self.at += 1;
            if next == b'\n' {
                self.over_lines.then_some(())?;
                self.line += 1;
                self.line_start = self.at;
            }
        }
        Some(())
    }
}

/// A word that means itself wherever a text is wanted.
fn is_word(word: &str) -> bool {
    let starts_plainly =
        word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '/');
    starts_plainly && !word.contains("::") && !word.eq_ignore_ascii_case("null")
}

/// Whether every letter stands for itself.
fn is_all_plain(text: &str) -> bool {
    const ODD: [char; 5] = ['\u{feff}', '\u{2028}', '\u{2029}', '\u{fffe}', '\u{ffff}'];
    text.bytes().all(|byte| (b' '..0x7f).contains(&byte))
        || !text.contains(|letter: char| letter.is_control() || ODD.contains(&letter))
}

/// A keyring, its list, an entry, a map in it.
const DEEPEST: usize = 5;
