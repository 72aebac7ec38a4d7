//! Takes a Rust file apart, without its comments, texts and characters.

pub(super) fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::` and single signs, each with its line.
pub(super) fn tokens(source: &str) -> Vec<(String, usize)> {
    let (mut rest, mut line, mut tokens) = (source, 1, Vec::new());
    while let Some(first) = rest.chars().next() {
        let is_in_word = |c: char| c.is_alphanumeric() || c == '_';
        let word = rest.len() - rest.trim_start_matches(is_in_word).len();
        let (length, is_kept) = match first {
            _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            _ if rest.starts_with("/*") => (comment(rest), false),
            _ if rest.starts_with("::") => (2, true),
            '"' => (text(rest, '"'), false),
            // A character; else the name of a lifetime follows.
            '\'' if rest.starts_with("'\\") => (text(rest, '\''), false),
            '\'' if rest.chars().nth(2) == Some('\'') => {
                (rest.chars().take(3).map(char::len_utf8).sum(), false)
            }
            _ if ["r", "br", "cr"].contains(&&rest[..word]) => match raw_text(&rest[word..]) {
                Some(length) => (word + length, false),
                None => (word, true),
            },
            _ if word > 0 => (word, true),
            c => (c.len_utf8(), !c.is_whitespace() && c != '\''),
        };
        let (token, behind) = rest.split_at(length);
        if is_kept {
            tokens.push((token.to_owned(), line));
        }
        line += token.matches('\n').count();
        rest = behind;
    }
    tokens
}

/// The length of a comment, which may hold others.
fn comment(rest: &str) -> usize {
    let (mut length, mut open) = (2, 1);
    while open > 0 {
        let (begins, ends) = (rest[length..].find("/*"), rest[length..].find("*/"));
        let Some(ends) = ends else { return rest.len() };
        if begins.is_some_and(|begins| begins < ends) {
            open += 1;
        } else {
            open -= 1;
        }
        length += begins.map_or(ends, |begins| begins.min(ends)) + 2;
    }
    length
}

/// The length of a text with escapes, quotes included.
fn text(rest: &str, quote: char) -> usize {
    let mut chars = rest.char_indices().skip(1);
    while let Some((place, c)) = chars.next() {
        match c {
            '\\' => _ = chars.next(),
            c if c == quote => return place + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of what follows the `r` of a raw text, if it is one.
fn raw_text(rest: &str) -> Option<usize> {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let body = rest[hashes..].strip_prefix('"')?;
    Some(hashes + 1 + body.find(&end)? + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_texts_and_characters_are_passed_over() {
        let source =
            "// a\n/* /* b */ c */ d = \"\\\"e\nf\";\n['\"', '\\'', '{', 'ö']\nr#\"\"g\"# h<'x>::i";
        let found = tokens(source);
        let found: Vec<_> = found
            .iter()
            .map(|(text, line)| format!("{text}{line}"))
            .collect();
        let expected = "d2 =2 ;3 [4 ,4 ,4 ,4 ]4 h5 <5 x5 >5 ::5 i5";
        assert_eq!(found.join(" "), expected);
    }
}
