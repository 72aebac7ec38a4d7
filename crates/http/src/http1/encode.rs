//! Heads and chunks as they are written.

/// After the content of a chunk.
pub const CHUNK_END: &[u8] = b"\r\n";
/// The last chunk, without trailer fields.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// Both.
pub const LAST_CHUNK_AFTER_CONTENT: &[u8] = b"\r\n0\r\n\r\n";

/// The first line of a request.
pub fn request_line(out: &mut Vec<u8>, method: &str, target: &str) {
    out.extend_from_slice(method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// The first line of a response. `minor` is that of its version, 0 or 1.
pub fn status_line(out: &mut Vec<u8>, minor: u8, status: u16, reason: &str) {
    out.extend_from_slice(match minor {
        0 => b"HTTP/1.0 ",
        _ => b"HTTP/1.1 ",
    });
    let mut digits = Digits::default();
    digits.write(status.into(), 10);
    out.extend_from_slice(digits.as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// A field of a head. Whoever calls knows that name and value are valid.
pub fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// The field that says how long the body is.
pub fn content_length(out: &mut Vec<u8>, length: u64) {
    let mut digits = Digits::default();
    digits.write(length, 10);
    field(out, "content-length", digits.as_bytes());
}

/// The blank line after the fields.
pub fn end_of_head(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

/// The line before the content of a chunk, which is not empty: an empty chunk is the last.
pub fn chunk_size(out: &mut Vec<u8>, size: usize) {
    let mut digits = Digits::default();
    digits.write(size as u64, 16);
    out.extend_from_slice(digits.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// A number as text, written from its end.
#[derive(Debug)]
struct Digits {
    text: [u8; MAX_DIGITS],
    start: usize,
}

impl Default for Digits {
    fn default() -> Self {
        Self {
            text: [b'0'; MAX_DIGITS],
            start: MAX_DIGITS,
        }
    }
}

impl Digits {
    fn write(&mut self, mut number: u64, radix: u64) {
        for (at, place) in self.text.iter_mut().enumerate().rev() {
            let digit = usize::try_from(number % radix).unwrap_or_default();
            *place = HEX.get(digit).copied().unwrap_or_default();
            self.start = at;
            number /= radix;
            if number == 0 {
                return;
            }
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.text.get(self.start..).unwrap_or_default()
    }
}

/// Those of the longest number there is.
const MAX_DIGITS: usize = 20;
const HEX: &[u8; 16] = b"0123456789ABCDEF";
