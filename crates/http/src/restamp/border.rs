//! Where one server-sent event ends and the next has not begun.

/// Follows a stream of server-sent events and knows whether it is between two of them.
///
/// Only there may a line be added that is not GT's. Lines end in LF, CR or CRLF; a blank line ends an
/// event. Where nobody can tell yet (a comment that no blank line followed, a CR that may be half of
/// a CRLF) the stream counts as inside an event.
#[derive(Clone, Copy, Debug)]
pub struct EventBoundary {
    /// The line ends that the stream so far ends with; two are a blank line.
    ends: u8,
    /// The last byte was a CR: an LF right after it is part of the same line end.
    after_cr: bool,
}

impl EventBoundary {
    /// Before the first event.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ends: BLANK,
            after_cr: false,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        let is_in_line = |byte: &u8| !matches!(byte, b'\r' | b'\n');
        let last_line = chunk.iter().rposition(is_in_line);
        if last_line.is_some() {
            self.ends = 0;
            self.after_cr = false;
        }
        let (_, ends) = chunk.split_at(last_line.map_or(0, |at| at + 1));
        for &byte in ends {
            let is_second_half = std::mem::take(&mut self.after_cr) && byte == b'\n';
            self.ends = (self.ends + u8::from(!is_second_half)).min(BLANK);
            self.after_cr = byte == b'\r';
        }
    }

    /// Whether the stream is between two events.
    #[must_use]
    pub const fn is_here(&self) -> bool {
        self.ends == BLANK
    }
}

impl Default for EventBoundary {
    fn default() -> Self {
        Self::new()
    }
}

/// The end of a line and that of the blank one after it.
const BLANK: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn is_border(stream: &str) -> bool {
        let (mut whole, mut single) = (EventBoundary::new(), EventBoundary::new());
        whole.push(stream.as_bytes());
        stream
            .as_bytes()
            .iter()
            .for_each(|byte| single.push(&[*byte]));
        assert_eq!(whole.is_here(), single.is_here(), "{stream:?}");
        whole.is_here()
    }

    #[test]
    fn a_blank_line_is_a_border_whatever_ends_it() {
        for stream in [
            "",
            "\n",
            "data: x\n\n",
            "data: x\r\n\r\n",
            "data: x\r\r",
            "data: x\n\r",
            "data: x\r\n\r",
            "data: x\r\n\n",
            "data: x\n\r\n",
            "data: x\n\n\n\r\n",
            ": comment\n\n",
            "data: a\n\ndata: b\n\n",
        ] {
            assert!(is_border(stream), "{stream:?}");
        }
    }

    #[test]
    fn everywhere_else_is_inside_an_event() {
        for stream in [
            "d",
            "data: x",
            "data: x\n",
            "data: x\r",
            "data: x\r\n",
            ": comment\n",
            "id: 7\r\n",
            "\u{feff}",
            "data: a\n\ndata: b\r\n",
            "data: a\n\n:",
        ] {
            assert!(!is_border(stream), "{stream:?}");
        }
    }
}
