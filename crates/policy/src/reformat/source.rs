//! What stands in a text, with its places and its comments.

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StructureStyle};

/// A text that has been read.
pub(super) struct Source<'t> {
    pub(super) root: Piece<'t>,
    pub(super) comments: Vec<Comment<'t>>,
}

/// A comment, from its `#` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment<'t> {
    pub(super) text: &'t str,
    pub(super) place: Place,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) offset: usize,
}

/// A node of the text.
pub(super) struct Piece<'t> {
    /// The `-` of an entry of a list, else the same as `start`.
    pub(super) begins: Place,
    pub(super) start: Place,
    pub(super) end: Place,
    pub(super) kind: Kind<'t>,
}

pub(super) enum Kind<'t> {
    Scalar {
        text: String,
        style: ScalarStyle,
        /// As it is written.
        source: &'t str,
    },
    Sequence {
        is_flow: bool,
        items: Vec<Piece<'t>>,
    },
    Mapping {
        is_flow: bool,
        entries: Vec<(Piece<'t>, Piece<'t>)>,
    },
}

impl Piece<'_> {
    /// Whether it is a collection in braces or brackets.
    pub(super) fn is_flow(&self) -> bool {
        match self.kind {
            Kind::Scalar { .. } => false,
            Kind::Sequence { is_flow, .. } | Kind::Mapping { is_flow, .. } => is_flow,
        }
    }
}

impl<'t> Source<'t> {
    /// Reads a text that is known to be YAML of the plain kind.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let mut reader = Reader {
            text,
            open: Vec::new(),
            comments: Vec::new(),
            last_end: Place::default(),
            root: None,
        };
        let mut options = granit_parser::options! {
            max_buffered_comment_events: MOST_COMMENTS,
        };
        options.set_emit_comments(true);
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.ok()?;
            reader.event(event, span)?;
        }
        Some(Self {
            root: reader.root?,
            comments: reader.comments,
        })
    }

    /// The texts of its comments, in order.
    pub(super) fn comments(&self) -> Vec<String> {
        let texts = self.comments.iter().map(|it| it.text.to_owned());
        texts.collect()
    }
}

struct Reader<'t> {
    text: &'t str,
    open: Vec<Open<'t>>,
    comments: Vec<Comment<'t>>,
    /// Where the last thing that was written ends.
    last_end: Place,
    root: Option<Piece<'t>>,
}

struct Open<'t> {
    start: Place,
    is_flow: bool,
    is_mapping: bool,
    /// Of a mapping, keys and values by turns.
    pieces: Vec<Piece<'t>>,
}

impl<'t> Reader<'t> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        match event {
            Event::Comment(..) => {
                let text = span.slice(self.text)?.trim_end();
                let place = place(span.start)?;
                self.comments.push(Comment { text, place });
            }
            Event::Scalar(text, style, ..) => {
                let piece = self.scalar(text.into_owned(), style, &span)?;
                self.add(piece);
            }
            Event::SequenceStart(style, ..) => self.begin(&span, style, false)?,
            Event::MappingStart(style, ..) => self.begin(&span, style, true)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(&span)?,
            _ => {}
        }
        Some(())
    }

    fn scalar(&self, text: String, style: ScalarStyle, span: &Span) -> Option<Piece<'t>> {
        if text.is_empty() && style == ScalarStyle::Plain {
            // Nothing is written: it stands behind its key.
            let kind = Kind::Scalar {
                text,
                style,
                source: "",
            };
            let (start, end) = (self.last_end, self.last_end);
            return Some(Piece {
                begins: start,
                start,
                end,
                kind,
            });
        }
        let mut start = place(span.start)?;
        let end = span.byte_range()?.end;
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            start = self.header(start).unwrap_or(start);
        }
        let source = self.text.get(start.offset..end)?.trim_end();
        let breaks = source.bytes().filter(|byte| *byte == b'\n').count();
        let end = Place {
            line: start.line + breaks,
            column: 0,
            offset: start.offset + source.len(),
        };
        let kind = Kind::Scalar {
            text,
            style,
            source,
        };
        Some(Piece {
            begins: start,
            start,
            end,
            kind,
        })
    }

    /// Where the `|` or `>` of a block stands: in the last line that is written before its text.
    fn header(&self, text: Place) -> Option<Place> {
        let before = self.text.get(..text.offset)?.trim_end();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.get(line_start..)?;
        let is_header = |(at, _): &(usize, &str)| {
            let header = line.get(*at + 1..).unwrap_or_default();
            let header = header.split_once(" #").map_or(header, |(header, _)| header);
            header
                .trim()
                .bytes()
                .all(|byte| b"+-0123456789".contains(&byte))
        };
        let (at, _) = line.match_indices(['|', '>']).find(is_header)?;
        let below = self.text.get(before.len()..text.offset)?;
        Some(Place {
            line: text.line.saturating_sub(below.matches('\n').count()),
            column: line.get(..at)?.chars().count(),
            offset: line_start + at,
        })
    }

    /// The `-` before what begins at a place, if nothing stands between.
    fn dash(&self, start: Place) -> Option<Place> {
        let before = self.text.get(..start.offset)?;
        let at = before.trim_end().len().checked_sub(1)?;
        let between = before.get(at..)?.strip_prefix('-')?;
        let line_start = before.get(..at)?.rfind('\n').map_or(0, |at| at + 1);
        Some(Place {
            line: start.line.saturating_sub(between.matches('\n').count()),
            column: before.get(line_start..at)?.chars().count(),
            offset: at,
        })
    }

    fn begin(&mut self, span: &Span, style: StructureStyle, is_mapping: bool) -> Option<()> {
        self.open.push(Open {
            start: place(span.start)?,
            is_flow: style == StructureStyle::Flow,
            is_mapping,
            pieces: Vec::new(),
        });
        Some(())
    }

    fn close(&mut self, span: &Span) -> Option<()> {
        let open = self.open.pop()?;
        // A block ends where its last piece does.
        let last = open.pieces.last().map_or(open.start, |it| it.end);
        let end = if open.is_flow { place(span.end)? } else { last };
        let is_flow = open.is_flow;
        let kind = if open.is_mapping {
            let mut pieces = open.pieces.into_iter();
            let mut entries = Vec::new();
            while let (Some(key), Some(value)) = (pieces.next(), pieces.next()) {
                entries.push((key, value));
            }
            Kind::Mapping { is_flow, entries }
        } else {
            let items = open.pieces;
            Kind::Sequence { is_flow, items }
        };
        self.add(Piece {
            begins: open.start,
            start: open.start,
            end,
            kind,
        });
        Some(())
    }

    fn add(&mut self, mut piece: Piece<'t>) {
        self.last_end = piece.end;
        let is_entry = |open: &Open<'_>| !open.is_mapping && !open.is_flow;
        if self.open.last().is_some_and(is_entry) {
            piece.begins = self.dash(piece.start).unwrap_or(piece.start);
        }
        match self.open.last_mut() {
            Some(open) => open.pieces.push(piece),
            None => self.root = Some(piece),
        }
    }
}

fn place(marker: Marker) -> Option<Place> {
    Some(Place {
        line: marker.line(),
        column: marker.col(),
        offset: marker.byte_offset()?,
    })
}

/// Files may begin with pages of them; a text has at most this many bytes in any case.
const MOST_COMMENTS: usize = crate::limits::TEXT_BYTES;
