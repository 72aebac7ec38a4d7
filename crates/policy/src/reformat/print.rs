//! A text that was read becomes a text again.

use super::{
    flow::{block_key, one_line},
    multiline,
    source::{Comment, Kind, Piece, Place, Source},
};

pub(super) fn print(source: &Source<'_>) -> String {
    let mut printer = Printer {
        out: String::new(),
        comments: source.comments.iter().copied().peekable(),
        last_line: 0,
        begins: true,
        takes_comment: false,
    };
    printer.block(&source.root, 0, usize::MAX);
    printer.comments_before(usize::MAX, 0);
    printer.out
}

struct Printer<'s, I: Iterator<Item = Comment<'s>>> {
    out: String,
    comments: core::iter::Peekable<I>,
    /// The line of the text up to which everything is written.
    last_line: usize,
    /// Whether nothing has been written of the collection at hand: no free line stands there.
    begins: bool,
    /// Whether a comment may stand behind what was written last.
    takes_comment: bool,
}

impl<'s, I: Iterator<Item = Comment<'s>>> Printer<'s, I> {
    /// The entries of a collection, each on a line of its own. `next` is where what follows begins.
    fn block(&mut self, piece: &Piece<'_>, depth: usize, next: usize) {
        match &piece.kind {
            Kind::Mapping { entries, .. } => {
                if let Some((key, _)) = entries.first() {
                    self.lead(key.start, depth);
                    self.indent(depth);
                }
                self.entries(piece, entries, depth, next);
            }
            Kind::Sequence { items, .. } => {
                let end = end(piece, next);
                for (place, item) in items.iter().enumerate() {
                    let next = items.get(place + 1).map_or(end, |it| it.begins.offset);
                    self.lead(item.begins, depth);
                    self.indent(depth);
                    self.item(item, depth, next);
                }
                self.close(piece, depth, next);
            }
            Kind::Scalar { .. } => {
                self.lead(piece.start, depth);
                self.value(piece, depth, "", next);
            }
        }
    }

    /// The entries of a mapping, the first behind the indentation.
    fn entries(
        &mut self,
        piece: &Piece<'_>,
        entries: &[(Piece<'_>, Piece<'_>)],
        depth: usize,
        next: usize,
    ) {
        let end = end(piece, next);
        for (place, (key, value)) in entries.iter().enumerate() {
            if place > 0 {
                self.lead(key.start, depth);
                self.indent(depth);
            }
            self.out.push_str(&block_key(key));
            self.out.push(':');
            self.last_line = key.end.line;
            let next = entries
                .get(place + 1)
                .map_or(end, |(key, _)| key.start.offset);
            self.value(value, depth, " ", next);
        }
        self.close(piece, depth, next);
    }

    fn item(&mut self, item: &Piece<'_>, depth: usize, next: usize) {
        self.out.push('-');
        self.last_line = self.last_line.max(item.start.line);
        match &item.kind {
            // The first entry stands behind the `-`.
            Kind::Mapping { entries, .. } if !self.fits(item, 1) => {
                self.begins = true;
                self.out.push(' ');
                self.entries(item, entries, depth + 1, next);
            }
            _ => self.value(item, depth, " ", next),
        }
    }

    /// What stands below the last entry of a collection, as far in as it does, and behind its brace.
    fn close(&mut self, piece: &Piece<'_>, depth: usize, next: usize) {
        let column = if piece.is_flow() {
            0
        } else {
            piece.start.column
        };
        let end = end(piece, next);
        let is_inside = |it: &Comment<'_>| it.place.offset < end && it.place.column >= column;
        while let Some(comment) = self.comments.next_if(is_inside) {
            self.comment(comment, depth);
        }
        if piece.is_flow() {
            self.trail(piece.end.line, next);
        }
    }

    /// Behind `key:` or `-`, up to the end of the line. `before` is what stands before the value.
    fn value(&mut self, piece: &Piece<'_>, depth: usize, before: &str, next: usize) {
        if let Kind::Scalar {
            text,
            style,
            source,
        } = &piece.kind
            && let Some(lines) = multiline::lines(text, *style, source)
        {
            return self.lines(&lines, piece, depth, before, next);
        }
        let fits = self.fits(piece, before.len());
        match one_line(piece).filter(|_| fits || !is_collection(piece)) {
            Some(line) => {
                if !line.is_empty() {
                    self.out.push_str(before);
                    self.out.push_str(&line);
                }
                self.end_line(piece.end.line, next);
            }
            None => {
                let first = first_start(piece).map_or(next, |it| it.offset);
                let line = self.last_line;
                self.end_line(line, first);
                self.begins = true;
                self.block(piece, depth + 1, next);
            }
        }
    }

    fn lines(
        &mut self,
        lines: &multiline::Lines,
        piece: &Piece<'_>,
        depth: usize,
        before: &str,
        next: usize,
    ) {
        self.out.push_str(before);
        self.out.push_str(&lines.first);
        if lines.rest.is_empty() {
            return self.end_line(piece.end.line, next);
        }
        // Behind the header of a block; inside of folded text there is no comment.
        self.end_line(piece.start.line, piece.end.offset.min(next));
        for line in &lines.rest {
            if !line.is_empty() {
                self.indent(depth + 1);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
        self.last_line = piece.end.line;
        self.takes_comment =
            matches!(lines.first.as_bytes().first(), Some(first) if !b"|>".contains(first));
        self.trail(piece.end.line, next);
    }

    /// Whether a piece can stand on the line at hand.
    fn fits(&mut self, piece: &Piece<'_>, before: usize) -> bool {
        if is_collection(piece) && !piece.is_flow() {
            return false;
        }
        let end = piece.end.offset;
        if self.comments.peek().is_some_and(|it| it.place.offset < end) {
            return false;
        }
        let line = self.out.lines().next_back().unwrap_or_default();
        let so_far = if self.out.ends_with('\n') {
            0
        } else {
            line.chars().count()
        };
        let is_empty = first_start(piece).is_none();
        one_line(piece).is_some_and(|it| is_empty || so_far + before + it.chars().count() <= WIDTH)
    }

    /// What stands above a piece: comments, and a free line if there is one.
    fn lead(&mut self, start: Place, depth: usize) {
        self.comments_before(start.offset, depth);
        self.free_line(start.line);
    }

    fn comments_before(&mut self, offset: usize, depth: usize) {
        while let Some(comment) = self.comments.next_if(|it| it.place.offset < offset) {
            self.comment(comment, depth);
        }
    }

    /// A comment on a line of its own.
    fn comment(&mut self, comment: Comment<'_>, depth: usize) {
        self.free_line(comment.place.line);
        self.indent(depth);
        self.out.push_str(comment.text);
        self.out.push('\n');
        self.last_line = comment.place.line;
        self.begins = false;
        self.takes_comment = false;
    }

    fn free_line(&mut self, line: usize) {
        if line > self.last_line + 1 && !self.begins {
            self.out.push('\n');
        }
    }

    /// Ends the line at hand, with the comment that stands there and before `next`.
    fn end_line(&mut self, line: usize, next: usize) {
        self.out.push('\n');
        self.last_line = self.last_line.max(line);
        self.begins = false;
        self.takes_comment = true;
        self.trail(line, next);
    }

    /// Puts the comment of a line, if there is one, behind what was written last.
    fn trail(&mut self, line: usize, next: usize) {
        self.last_line = self.last_line.max(line);
        let is_here = |it: &Comment<'_>| it.place.line <= line && it.place.offset < next;
        if !self.takes_comment {
            return;
        }
        if let Some(comment) = self.comments.next_if(is_here) {
            self.out.truncate(self.out.trim_end_matches('\n').len());
            self.out.push_str("  ");
            self.out.push_str(comment.text);
            self.out.push('\n');
            self.takes_comment = false;
        }
    }

    fn indent(&mut self, depth: usize) {
        self.out.push_str(&"  ".repeat(depth));
    }
}

/// Up to where what stands there belongs to a collection.
fn end(piece: &Piece<'_>, next: usize) -> usize {
    if piece.is_flow() {
        next.min(piece.end.offset)
    } else {
        next
    }
}

fn is_collection(piece: &Piece<'_>) -> bool {
    !matches!(piece.kind, Kind::Scalar { .. })
}

/// Where the first piece of a collection begins.
fn first_start(piece: &Piece<'_>) -> Option<Place> {
    match &piece.kind {
        Kind::Scalar { .. } => Some(piece.start),
        Kind::Sequence { items, .. } => items.first().map(|it| it.start),
        Kind::Mapping { entries, .. } => entries.first().map(|(key, _)| key.start),
    }
}

/// A collection that would be longer gets a line for each of its entries.
const WIDTH: usize = 110;
