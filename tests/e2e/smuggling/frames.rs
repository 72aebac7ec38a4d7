//! HTTP/2 by hand, so that a test can say in frames what no library would.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use signalbox_harness::DEADLINE;

/// What came of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// An answer to its end.
    Answer { status: u16, body: String },
    /// The stream or the connection was ended, with this error code.
    Ended(u32),
    /// The connection was closed without a word.
    Closed,
}

/// One frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame").to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// Header lines as HPACK has them when it saves nothing: every byte is as it is given.
pub(super) fn block(lines: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in lines {
        out.push(0);
        for text in [name, value] {
            length(&mut out, text.len());
            out.extend(text);
        }
    }
    out
}

/// A length with a prefix of seven bits.
fn length(out: &mut Vec<u8>, length: usize) {
    if length < 127 {
        return out.push(u8::try_from(length).expect("seven bits"));
    }
    out.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        out.push(u8::try_from(rest % 128).expect("seven bits") | 128);
        rest /= 128;
    }
    out.push(u8::try_from(rest).expect("seven bits"));
}

/// Begins a connection, sends these frames and waits for what becomes of stream 1.
pub(super) fn exchange(gate: SocketAddr, frames: &[u8]) -> Came {
    let mut stream = TcpStream::connect(gate).expect("the gate listens");
    stream.set_nodelay(true).expect("a socket takes it");
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("a socket takes it");
    let begin = [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        &frame(SETTINGS, 0, 0, &[]),
    ]
    .concat();
    // The gate may end the connection before all is sent.
    drop(stream.write_all(&[&begin, frames].concat()));
    let (mut status, mut body) = (0, Vec::new());
    loop {
        let Some((kind, flags, id, payload)) = read_frame(&mut stream) else {
            return Came::Closed;
        };
        let code = |at: usize| {
            let four = payload
                .get(at..at + 4)
                .and_then(|four| four.try_into().ok());
            four.map_or(0, u32::from_be_bytes)
        };
        match (kind, id) {
            (HEADERS, 1) if status == 0 => status = status_of(&payload),
            (DATA, 1) => body.extend(&payload),
            (RST_STREAM, 1) if status == 0 => return Came::Ended(code(0)),
            (GOAWAY, _) if code(4) != 0 => return Came::Ended(code(4)),
            _ => {}
        }
        if matches!(kind, HEADERS | DATA) && id == 1 && flags & END_STREAM != 0 {
            let body = String::from_utf8_lossy(&body).into_owned();
            return Came::Answer { status, body };
        }
    }
}

fn read_frame(stream: &mut TcpStream) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    let read = stream.read_exact(&mut head);
    if let Err(error) = read {
        let is_silence = matches!(
            error.kind(),
            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
        );
        assert!(!is_silence, "the gate says nothing");
        return None;
    }
    let [a, b, c, kind, flags, stream_id @ ..] = head;
    let length = u32::from_be_bytes([0, a, b, c]) as usize;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).ok()?;
    Some((
        kind,
        flags,
        u32::from_be_bytes(stream_id) & 0x7fff_ffff,
        payload,
    ))
}

/// The status at the front of a header block, where it has to be.
fn status_of(block: &[u8]) -> u16 {
    match block {
        // The size of the table, in one byte or several.
        [first, rest @ ..] if first & 0xe0 == 0x20 => {
            let more = rest.iter().take_while(|byte| *byte & 128 != 0).count() + 1;
            let more = if first & 0x1f == 0x1f { more } else { 0 };
            status_of(&rest[more..])
        }
        [first @ 0x88..=0x8e, ..] => [200, 204, 206, 304, 400, 404, 500][usize::from(first - 0x88)],
        [0x48 | 0x08 | 0x18, 3, digits @ ..] => {
            let digits = String::from_utf8_lossy(&digits[..3]);
            digits.parse().expect("three digits")
        }
        [0x48 | 0x08 | 0x18, packed, rest @ ..] => unpacked(&rest[..usize::from(packed & 127)]),
        other => panic!("no status in {other:?}"),
    }
}

/// Three digits in HPACK's own code: five bits for 0 to 2, six for the others.
fn unpacked(bytes: &[u8]) -> u16 {
    let bits = bytes
        .iter()
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let (mut left, mut status) = (8 * bytes.len(), 0);
    for _ in 0..3 {
        let five = (bits >> (left - 5)) & 31;
        let digit = if five < 3 {
            left -= 5;
            five
        } else {
            left -= 6;
            ((bits >> left) & 63) - 0x19 + 3
        };
        status = status * 10 + u16::try_from(digit).expect("a digit");
    }
    status
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
