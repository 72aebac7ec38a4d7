//! Names that operators give.

/// Whether `text` can name a policy, a credential or a group: safe in labels, headers and paths.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
