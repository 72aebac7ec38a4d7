//! Queries: what they name, and that they name nothing twice.

use std::collections::BTreeSet;

use crate::{
    percent::{Plus, decode},
    refusal::{Code, Refusal},
};

/// The names of a query's pairs, as they came. Whoever reads a query reads it so.
pub fn names(query: &str) -> impl Iterator<Item = &str> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
}

/// Refuses a query that names the model or repeats a name.
///
/// Names are compared decoded. `model[]` and `model[0]` are the model too for servers that read
/// queries as PHP does, and case does not save one: the model is the body's alone.
pub(super) fn check(query: &str) -> Result<(), Refusal> {
    if !query
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\')
    {
        return invalid(
            "The query has a white, control or non-ASCII character, `#` or `\\`. Escape it.",
        );
    }
    // Some servers take it for `&`: where one name ends is not to depend on who reads.
    if query.contains(';') {
        return invalid("The query has a `;`. Separate parameters by `&`, and send it as `%3B`.");
    }
    let mut seen = BTreeSet::new();
    for name in names(query) {
        let Some(name) = decode(name, Plus::IsSpace) else {
            return invalid("The query has a broken escape. Send `%` as `%25`.");
        };
        if names_model(&name) {
            return Err(Refusal::new(
                Code::InvalidQuery,
                "The query names `model`. Put the model in the body.",
            )
            .param("model"));
        }
        if !seen.insert(name) {
            return invalid("The query names a parameter twice. Send each once.");
        }
    }
    Ok(())
}

/// Whatever some reader of queries takes for white space around a name, or for its end, is no part
/// of it: vertical tabs and NUL too.
fn names_model(name: &[u8]) -> bool {
    let stem = name.split(|&byte| byte == b'[').next().unwrap_or_default();
    let is_blank = |letter: char| letter.is_whitespace() || letter.is_control();
    String::from_utf8_lossy(stem)
        .trim_matches(is_blank)
        .eq_ignore_ascii_case("model")
}

fn invalid(message: &'static str) -> Result<(), Refusal> {
    Err(Refusal::new(Code::InvalidQuery, message))
}
