//! `${name}` in a text, and `$${` for the text `${` itself.

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Literal(&'t str),
    /// The name of a value.
    Name(&'t str),
    /// What begins with `${` and is no name.
    Broken,
}

/// The pieces of a text, in order.
pub(super) fn pieces(text: &str) -> Pieces<'_> {
    Pieces(text)
}

/// Whether the text is anything else than it says.
pub(super) fn is_used(text: &str) -> bool {
    text.contains("${")
}

/// Makes a text mean itself.
pub(crate) fn escape(text: &mut String) {
    if is_used(text) {
        *text = text.replace("${", "$${");
    }
}

/// What is left of a text.
pub(super) struct Pieces<'t>(&'t str);

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        if self.0.is_empty() {
            return None;
        }
        if let Some(rest) = self.0.strip_prefix("$${") {
            self.0 = rest;
            return Some(Piece::Literal("${"));
        }
        if let Some(rest) = self.0.strip_prefix("${") {
            let name = rest.split_once('}').filter(|(name, _)| is_name(name));
            let (piece, rest) = match name {
                Some((name, rest)) => (Piece::Name(name), rest),
                None => (Piece::Broken, rest),
            };
            self.0 = rest;
            return Some(piece);
        }
        // A `$` before it makes it a literal.
        let ends = [self.0.find("$${"), self.0.find("${")];
        let end = ends.into_iter().flatten().min().unwrap_or(self.0.len());
        let (literal, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(Piece::Literal(literal))
    }
}

/// Whether a value may be called so.
pub(super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    (1..=64).contains(&name.len())
        && bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(written: &str) -> String {
        let piece = |piece| match piece {
            Piece::Literal(text) => text.to_owned(),
            Piece::Name(name) => format!("<{name}>"),
            Piece::Broken => "!".to_owned(),
        };
        pieces(written).map(piece).collect()
    }

    #[test]
    fn names_literals_and_mistakes_are_told_apart() {
        for (written, read) in [
            ("", ""),
            ("$", "$"),
            ("$$", "$$"),
            ("a $b {c}", "a $b {c}"),
            ("${a}", "<a>"),
            ("x${a-b}y${c_1}z", "x<a-b>y<c_1>z"),
            ("$${a}", "${a}"),
            ("x$${a}${b}", "x${a}<b>"),
            ("$$${a}", "$${a}"),
            ("$$$${a}", "$$${a}"),
            ("${", "!"),
            ("${}", "!}"),
            ("${1}", "!1}"),
            ("${a b}", "!a b}"),
            ("${a${b}", "!a<b>"),
        ] {
            assert_eq!(text(written), read, "{written}");
        }
    }

    #[test]
    fn what_is_escaped_means_itself() {
        for written in ["", "$", "${a}", "$${a}", "$$${", "a$", "x${${y}$"] {
            let mut escaped = written.to_owned();
            escape(&mut escaped);
            assert_eq!(text(&escaped), written);
        }
    }
}
