//! Where a message of HTTP/1.1 ends.

/// How a message says where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framed {
    Chunked,
    Sized(usize),
    /// By the end of the connection.
    ToEnd,
}

impl Framed {
    /// `None` if the head does not say.
    pub(super) fn of(headers: &[String]) -> Option<Self> {
        let value = |name: &str| {
            let mut named = headers.iter().filter_map(|line| {
                let (known, value) = line.split_once(':')?;
                known.eq_ignore_ascii_case(name).then(|| value.trim())
            });
            let value = named.next();
            assert!(named.next().is_none(), "`{name}` came twice");
            value
        };
        match (value("transfer-encoding"), value("content-length")) {
            (Some("chunked"), None) => Some(Self::Chunked),
            (None, Some(length)) => Some(Self::Sized(length.parse().expect("a length"))),
            (None, None) => None,
            other => panic!("no frame: {other:?}"),
        }
    }
}

/// A body on its way.
#[derive(Debug)]
pub(super) struct Body {
    framed: Framed,
    is_whole: bool,
    pub(super) bytes: Vec<u8>,
}

impl Body {
    pub(super) const fn new(framed: Framed) -> Self {
        Self {
            framed,
            is_whole: matches!(framed, Framed::Sized(0)),
            bytes: Vec::new(),
        }
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Takes what is there of it, and gives that.
    pub(super) fn take(&mut self, received: &mut Vec<u8>) -> Vec<u8> {
        let before = self.bytes.len();
        match self.framed {
            Framed::Sized(length) => {
                let left = (length - before).min(received.len());
                self.bytes.extend(received.drain(..left));
                self.is_whole = self.bytes.len() == length;
            }
            Framed::ToEnd => self.bytes.append(received),
            Framed::Chunked => while !self.is_whole && self.take_chunk(received) {},
        }
        self.bytes[before..].to_vec()
    }

    /// Takes a chunk that is there entirely.
    fn take_chunk(&mut self, received: &mut Vec<u8>) -> bool {
        let Some(line) = find(received, b"\r\n") else {
            return false;
        };
        let size = String::from_utf8_lossy(&received[..line]).into_owned();
        let size = usize::from_str_radix(&size, 16).expect("the size of a chunk");
        let end = line + 2 + size + 2;
        if received.len() < end {
            return false;
        }
        let chunk: Vec<u8> = received.drain(..end).collect();
        assert!(chunk.ends_with(b"\r\n"), "a chunk of another size");
        self.bytes.extend_from_slice(&chunk[line + 2..end - 2]);
        self.is_whole = size == 0;
        true
    }
}

pub(super) fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|part| part == mark)
}
