//! What the scan should find, computed the slow and obvious way: a whole tree, nothing shared with
//! the code under test.

use std::ops::Range;

/// What a body is, to a reader who refuses whatever decoders differ about.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    Absent,
    Named(String, Range<usize>),
    Refused,
}

/// A top-level member: its key, and its value if that is a string, with where it stands.
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) string: Option<String>,
    pub(crate) span: Range<usize>,
}

pub(crate) fn verdict(body: &[u8]) -> Verdict {
    let Some(members) = members(body) else {
        return Verdict::Refused;
    };
    // Some readers' strings end at NUL.
    let until_nul = |key: &str| key.split('\0').next().unwrap_or_default().to_lowercase();
    let mut like_model = members
        .into_iter()
        .filter(|member| until_nul(&member.key) == "model");
    match (like_model.next(), like_model.next()) {
        (None, _) => Verdict::Absent,
        (
            Some(Member {
                key,
                string: Some(name),
                span,
            }),
            None,
        ) if key == "model" && name.len() <= 1024 => Verdict::Named(name, span),
        _ => Verdict::Refused,
    }
}

/// The members of the one object a body is; `None` if it is not one valid object.
pub(crate) fn members(body: &[u8]) -> Option<Vec<Member>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader { text, at: 0 };
    reader.white();
    let members = reader.object(1)?;
    reader.white();
    (reader.at == text.len()).then_some(members)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take(&mut self, wanted: &str) -> Option<()> {
        self.text[self.at..]
            .starts_with(wanted)
            .then(|| self.at += wanted.len())
    }

    fn white(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Vec<Member>> {
        if depth > 128 {
            return None;
        }
        let mut members = Vec::new();
        self.take("{")?;
        self.white();
        if self.take("}").is_some() {
            return Some(members);
        }
        loop {
            self.white();
            let key = self.string()?;
            self.white();
            self.take(":")?;
            self.white();
            let start = self.at;
            let string = self.value(depth)?;
            members.push(Member {
                key,
                string,
                span: start..self.at,
            });
            self.white();
            if self.take("}").is_some() {
                return Some(members);
            }
            self.take(",")?;
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        if depth > 128 {
            return None;
        }
        self.take("[")?;
        self.white();
        if self.take("]").is_some() {
            return Some(());
        }
        loop {
            self.white();
            self.value(depth)?;
            self.white();
            if self.take("]").is_some() {
                return Some(());
            }
            self.take(",")?;
        }
    }

    /// Reads a value; the inner option is its text if it is a string.
    fn value(&mut self, depth: usize) -> Option<Option<String>> {
        match self.peek()? {
            '"' => return self.string().map(Some),
            '{' => drop(self.object(depth + 1)?),
            '[' => self.array(depth + 1)?,
            't' => self.take("true")?,
            'f' => self.take("false")?,
            'n' => self.take("null")?,
            _ => self.number()?,
        }
        Some(None)
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.take("-");
        if self.take("0").is_none() {
            self.digits()?;
        }
        if self.take(".").is_some() {
            self.digits()?;
        }
        if self.take("e").or_else(|| self.take("E")).is_some() {
            let _ = self.take("+").or_else(|| self.take("-"));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn string(&mut self) -> Option<String> {
        self.take("\"")?;
        let mut units = Vec::new();
        loop {
            let mut buffer = [0; 2];
            match self.next()? {
                '"' => return String::from_utf16(&units).ok(),
                '\\' => units.push(self.escape()?),
                '\0'..='\u{1f}' => return None,
                plain => units.extend_from_slice(plain.encode_utf16(&mut buffer)),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        Some(match self.next()? {
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let mut unit = 0;
                for _ in 0..4 {
                    unit = unit * 16 + self.next()?.to_digit(16)? as u16;
                }
                unit
            }
            quoted @ ('"' | '\\' | '/') => quoted as u16,
            _ => return None,
        })
    }
}
