//! Multipart forms, read as they stream: fields are kept (bounded), the part `file` is counted and hashed.
//!
//! Strict: CRLF line ends, no preamble, nothing but CRLF once or twice after the last delimiter, one
//! `content-disposition: form-data` with a `name` in each part, no field or file twice.

use memchr::memmem;
use sha2::{Digest, Sha256};

use crate::refusal::Refusal;
use crate::shared::hex;

/// The parts of a form.
#[derive(Debug)]
pub(crate) struct Form {
    delimiter: Vec<u8>,
    /// Bytes not yet understood. It starts with the CRLF that the first delimiter lacks.
    pending: Vec<u8>,
    state: State,
    fields: Vec<(String, Vec<u8>)>,
    file: Option<FilePart>,
    hash: Sha256,
}

/// What is known of an uploaded file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FilePart {
    pub(crate) name: String,
    pub(crate) length: u64,
    pub(crate) sha256: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first delimiter has to come at once.
    Start,
    Delimiter,
    Head,
    Field,
    File,
    End,
}

impl Form {
    pub(crate) fn new(boundary: &str) -> Self {
        Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            pending: b"\r\n".to_vec(),
            state: State::Start,
            fields: Vec::new(),
            file: None,
            hash: Sha256::new(),
        }
    }

    /// The text of a field.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let Some((_, value)) = self.fields.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(value);
        text.map(Some)
            .map_err(|_| Refusal::field(name, format!("`{name}` is not UTF-8")))
    }

    pub(crate) fn file(&self) -> Result<&FilePart, Refusal> {
        self.file
            .as_ref()
            .ok_or_else(|| Refusal::field("file", "`file` is required"))
    }

    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        self.pending.extend_from_slice(chunk);
        while self.step()? {}
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<(), Refusal> {
        match (self.state, self.pending.as_slice()) {
            (State::End, b"" | b"\r\n" | b"\r\n\r\n") => Ok(()),
            _ => Err(malformed("it ends before its last delimiter")),
        }
    }

    /// Understands one more thing; false if that needs more bytes.
    fn step(&mut self) -> Result<bool, Refusal> {
        match self.state {
            State::Start => self.start(),
            State::Delimiter => self.delimiter(),
            State::Head => self.head(),
            State::Field | State::File => self.content(),
            State::End if b"\r\n\r\n".starts_with(&self.pending) => Ok(false),
            State::End => Err(malformed("something follows its last delimiter")),
        }
    }

    fn start(&mut self) -> Result<bool, Refusal> {
        if self.pending.len() < self.delimiter.len() {
            return Ok(false);
        }
        if !self.pending.starts_with(&self.delimiter) {
            return Err(malformed("it does not start with its delimiter"));
        }
        self.take(self.delimiter.len());
        self.state = State::Delimiter;
        Ok(true)
    }

    fn delimiter(&mut self) -> Result<bool, Refusal> {
        self.state = match self.pending.get(..2) {
            None => return Ok(false),
            Some(b"\r\n") => State::Head,
            Some(b"--") => State::End,
            Some(_) => return Err(malformed("a delimiter is followed by other bytes")),
        };
        self.take(2);
        Ok(true)
    }

    fn head(&mut self) -> Result<bool, Refusal> {
        let Some(end) = memmem::find(&self.pending, b"\r\n\r\n") else {
            let fits = self.pending.len() <= HEAD_LIMIT;
            return if fits {
                Ok(false)
            } else {
                Err(malformed("the head of a part is too long"))
            };
        };
        let head = self.take(end + 4);
        // A file name may be in any encoding.
        let part = PartHead::parse(&String::from_utf8_lossy(&head))?;
        // A list is a field that comes once for each of its items: `timestamp_granularities[]`.
        let is_list = part.name.ends_with("[]");
        let known = !is_list && self.fields.iter().any(|(name, _)| *name == part.name);
        self.state = match part.file_name {
            Some(name) if part.name == "file" && self.file.is_none() => {
                self.file = Some(FilePart {
                    name,
                    ..FilePart::default()
                });
                State::File
            }
            None if part.name != "file" && !known && self.fields.len() < FIELDS => {
                self.fields.push((part.name, Vec::new()));
                State::Field
            }
            _ => {
                return Err(malformed(
                    "`file` is the one file, and each field but a list (`name[]`) comes once",
                ));
            }
        };
        Ok(true)
    }

    /// Content goes on until the delimiter; a tail that may be its beginning waits.
    fn content(&mut self) -> Result<bool, Refusal> {
        let found = memmem::find(&self.pending, &self.delimiter);
        let length =
            found.unwrap_or_else(|| self.pending.len().saturating_sub(self.delimiter.len() - 1));
        let content = self.take(length);
        self.keep(&content)?;
        if found.is_some() {
            self.take(self.delimiter.len());
            self.end_file();
            self.state = State::Delimiter;
        }
        Ok(found.is_some())
    }

    fn keep(&mut self, content: &[u8]) -> Result<(), Refusal> {
        if let (State::File, Some(file)) = (self.state, &mut self.file) {
            file.length += content.len() as u64;
            self.hash.update(content);
        } else if let Some((name, value)) = self.fields.last_mut() {
            value.extend_from_slice(content);
            if value.len() > FIELD_LIMIT {
                return Err(Refusal::field(name, "the field is too long"));
            }
        }
        Ok(())
    }

    fn end_file(&mut self) {
        if let (State::File, Some(file)) = (self.state, &mut self.file) {
            file.sha256 = hex(&self.hash.finalize_reset());
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.pending.split_off(length.min(self.pending.len()));
        std::mem::replace(&mut self.pending, rest)
    }
}

struct PartHead {
    name: String,
    file_name: Option<String>,
}

impl PartHead {
    fn parse(head: &str) -> Result<Self, Refusal> {
        let mut dispositions = head.trim_end().split("\r\n").filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-disposition")
                .then(|| value.trim())
        });
        let (Some(value), None) = (dispositions.next(), dispositions.next()) else {
            return Err(malformed("a part has one `content-disposition`"));
        };
        Self::disposition(value).ok_or_else(|| malformed("a part is `form-data` with one `name`"))
    }

    fn disposition(value: &str) -> Option<Self> {
        let (kind, mut rest) = value.split_once(';')?;
        let (mut name, mut file_name) = (None, None);
        while !rest.trim().is_empty() {
            let (key, after) = rest.split_once('=')?;
            let (parsed, next) = parameter(after)?;
            match key.trim().to_ascii_lowercase().as_str() {
                "name" if name.is_none() => name = Some(parsed),
                // Non-ASCII names come as `filename*` (RFC 5987), alone or beside a plain one.
                "filename" | "filename*" => file_name = Some(parsed),
                _ => return None,
            }
            rest = next;
        }
        let name =
            name.filter(|name| kind.trim().eq_ignore_ascii_case("form-data") && !name.is_empty())?;
        Some(Self { name, file_name })
    }
}

/// One value, quoted or one word, and what follows its semicolon.
fn parameter(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, next) = text.split_once(';').unwrap_or((text, ""));
        let token = token.trim();
        let is_word = !token.is_empty() && !token.contains(['"', '\\', '=', ' ', '\t']);
        return is_word.then(|| (token.to_owned(), next));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let after = quoted.get(at + 1..)?.trim_start();
                let next = if after.is_empty() {
                    ""
                } else {
                    after.strip_prefix(';')?
                };
                return Some((value, next));
            }
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn malformed(what: &str) -> Refusal {
    Refusal::body(format!("the multipart body is malformed: {what}"))
}

/// Real heads have a few hundred bytes.
const HEAD_LIMIT: usize = 16 << 10;

/// `prompt` is the longest field clients send.
const FIELD_LIMIT: usize = 64 << 10;

/// OpenAI documents fewer than ten.
const FIELDS: usize = 32;

#[cfg(test)]
mod tests;
