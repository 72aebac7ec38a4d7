//! The inside of a JSON string, in chunks: escapes, surrogates, UTF-8.

use memchr::memchr2;

use super::flaw::Flaw;

/// Reads one string, from after its opening quote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    state: State,
    /// The first half of a surrogate pair, while its second is due.
    high: Option<u16>,
    partial: Partial,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Plain,
    Escape,
    Hex { digits: u8, code: u16 },
}

impl Text {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Plain,
            high: None,
            partial: Partial {
                bytes: [0; 4],
                len: 0,
            },
        }
    }

    /// Reads on, hands decoded text to `sink`, and says whether the closing quote was taken.
    ///
    /// `rest` moves past what was read; after a flaw it begins where the flaw was seen.
    pub(crate) fn run(
        &mut self,
        rest: &mut &[u8],
        mut sink: impl FnMut(&[u8]),
    ) -> Result<bool, Flaw> {
        while let Some((&byte, after)) = rest.split_first() {
            match self.state {
                State::Plain if !self.partial.is_empty() => self.partial.take(byte, &mut sink)?,
                State::Plain => match byte {
                    b'\\' => self.state = State::Escape,
                    _ if self.high.is_some() => return Err(Flaw::Surrogate),
                    b'"' => {
                        *rest = after;
                        return Ok(true);
                    }
                    0..0x20 => return Err(Flaw::Control),
                    0x80.. => {
                        self.wide(rest, &mut sink)?;
                        continue;
                    }
                    _ => {
                        let (plain, tail) = split_plain(rest);
                        sink(plain);
                        *rest = tail;
                        continue;
                    }
                },
                State::Escape => self.escape(byte, &mut sink)?,
                State::Hex { digits, code } => self.hex(digits, code, byte, &mut sink)?,
            }
            *rest = after;
        }
        Ok(false)
    }

    /// Reads a stretch that is not all ASCII, up to the next quote or escape.
    ///
    /// It goes through the stretch three times, each at the speed of vector instructions, so the
    /// stretch is kept small enough to stay in the cache.
    fn wide(&mut self, rest: &mut &[u8], sink: &mut impl FnMut(&[u8])) -> Result<(), Flaw> {
        let window = rest.get(..WINDOW).unwrap_or(rest);
        let stop = memchr2(b'"', b'\\', window);
        let (text, _) = window.split_at(stop.unwrap_or(window.len()));
        if let Some(control) = text.iter().position(|&byte| byte < 0x20) {
            *rest = rest.split_at(control).1;
            return Err(Flaw::Control);
        }
        let (valid, error) = match str::from_utf8(text) {
            Ok(_) => (text.len(), None),
            Err(error) => (error.valid_up_to(), Some(error.error_len())),
        };
        let (whole, tail) = text.split_at(valid);
        sink(whole);
        *rest = rest.split_at(valid).1;
        match error {
            Some(Some(_)) => Err(Flaw::Utf8),
            // A character is cut: by a quote, by the chunk's end, or by the window's.
            Some(None) if stop.is_some() => Err(Flaw::Utf8),
            Some(None) if tail.len() == rest.len() => {
                self.partial = Partial::of(tail);
                *rest = &[];
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn escape(&mut self, byte: u8, sink: &mut impl FnMut(&[u8])) -> Result<(), Flaw> {
        let decoded = match byte {
            b'u' => {
                self.state = State::Hex { digits: 0, code: 0 };
                return Ok(());
            }
            _ if self.high.is_some() => return Err(Flaw::Surrogate),
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            _ => return Err(Flaw::Escape),
        };
        sink(&[decoded]);
        self.state = State::Plain;
        Ok(())
    }

    fn hex(
        &mut self,
        digits: u8,
        code: u16,
        byte: u8,
        sink: &mut impl FnMut(&[u8]),
    ) -> Result<(), Flaw> {
        let digit = char::from(byte)
            .to_digit(16)
            .and_then(|digit| u16::try_from(digit).ok());
        let code = code << 4 | digit.ok_or(Flaw::Escape)?;
        if digits < 3 {
            self.state = State::Hex {
                digits: digits + 1,
                code,
            };
            return Ok(());
        }
        self.state = State::Plain;
        let scalar = match (self.high.take(), code) {
            (None, 0xD800..=0xDBFF) => {
                self.high = Some(code);
                return Ok(());
            }
            (None, _) => u32::from(code),
            (Some(high), 0xDC00..=0xDFFF) => {
                0x10000 + (u32::from(high - 0xD800) << 10 | u32::from(code - 0xDC00))
            }
            (Some(_), _) => return Err(Flaw::Surrogate),
        };
        // Fails for a second half that comes alone.
        let character = char::from_u32(scalar).ok_or(Flaw::Surrogate)?;
        sink(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }
}

/// Splits off the longest start of plain ASCII: no quote, escape, control byte or wide character.
fn split_plain(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let skipped = blocks
        .iter()
        .take_while(|block| is_plain_block(block))
        .count()
        * BLOCK;
    let (_, tail) = bytes.split_at(skipped);
    let more = tail
        .iter()
        .position(|&byte| !is_plain(byte))
        .unwrap_or(tail.len());
    bytes.split_at(skipped + more)
}

/// Looks at every byte whatever it finds: without an early exit the compiler uses vectors.
fn is_plain_block(block: &[u8; BLOCK]) -> bool {
    block
        .iter()
        .fold(true, |plain, &byte| plain & is_plain(byte))
}

const fn is_plain(byte: u8) -> bool {
    // As a signed number every byte beyond ASCII is below the space, as control bytes are.
    byte.cast_signed() >= 0x20 && byte != b'"' && byte != b'\\'
}

/// The first bytes of a character that the end of a chunk cut.
#[derive(Clone, Copy, Debug)]
struct Partial {
    bytes: [u8; 4],
    len: usize,
}

impl Partial {
    fn of(start: &[u8]) -> Self {
        let mut partial = Self {
            bytes: [0; 4],
            len: 0,
        };
        start.iter().for_each(|&byte| partial.add(byte));
        partial
    }

    const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn add(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    fn take(&mut self, byte: u8, sink: &mut impl FnMut(&[u8])) -> Result<(), Flaw> {
        self.add(byte);
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        match str::from_utf8(bytes) {
            Ok(_) => {
                sink(bytes);
                self.len = 0;
                Ok(())
            }
            Err(error) if error.error_len().is_none() => Ok(()),
            Err(_) => Err(Flaw::Utf8),
        }
    }
}

/// Four vectors of 16 bytes.
const BLOCK: usize = 64;

/// How much text that is not all ASCII is read at once.
const WINDOW: usize = 4096;
