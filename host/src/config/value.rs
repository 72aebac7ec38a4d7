//! Reading one value: text and its place to something checked, or what is wrong with it.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde_saphyr::Spanned;

use super::{ConfigError, Problem, Size, Span};
use crate::yaml::Position;

pub(super) fn address(key: &str, text: &Spanned<String>) -> Result<SocketAddr, ConfigError> {
    text.value
        .parse()
        .map_err(|_| wrong(key, text, Problem::Address))
}

pub(super) fn host_names(
    key: &str,
    written: Option<Vec<Spanned<String>>>,
) -> Result<Vec<String>, ConfigError> {
    let is_host = |text: &str| {
        let is_dns = (1..=253).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        is_dns || text.parse::<std::net::IpAddr>().is_ok()
    };
    let mut names: Vec<String> = Vec::new();
    for text in written.unwrap_or_default() {
        let name = text.value.to_ascii_lowercase();
        if !is_host(&name) {
            return Err(wrong(key, &text, Problem::HostName));
        }
        if names.contains(&name) {
            return Err(wrong(key, &text, Problem::Twice));
        }
        names.push(name);
    }
    Ok(names)
}

pub(super) fn path(
    key: &str,
    text: &Spanned<String>,
    folder: &Path,
) -> Result<PathBuf, ConfigError> {
    if text.value.trim().is_empty() {
        return Err(wrong(key, text, Problem::Blank));
    }
    Ok(folder.join(&text.value))
}

pub(super) fn size(
    key: &str,
    text: Option<Spanned<String>>,
    unset: Size,
) -> Result<Size, ConfigError> {
    let Some(text) = text else { return Ok(unset) };
    Size::parse(&text.value).ok_or_else(|| wrong(key, &text, Problem::Size))
}

pub(super) fn span(
    key: &str,
    text: Option<Spanned<String>>,
    unset: Span,
) -> Result<Span, ConfigError> {
    let Some(text) = text else { return Ok(unset) };
    Span::parse(&text.value).ok_or_else(|| wrong(key, &text, Problem::Span))
}

pub(super) fn count(
    key: &str,
    written: Option<Spanned<u64>>,
    unset: u32,
) -> Result<u32, ConfigError> {
    let number = range(key, written, 1, LARGEST_LIMIT.into())?;
    Ok(number.and_then(|n| u32::try_from(n).ok()).unwrap_or(unset))
}

pub(super) fn threads(
    key: &str,
    written: Option<Spanned<u64>>,
) -> Result<Option<NonZeroUsize>, ConfigError> {
    let number = range(key, written, 1, 1_024)?;
    Ok(number
        .and_then(|n| usize::try_from(n).ok())
        .and_then(NonZeroUsize::new))
}

pub(super) fn range(
    key: &str,
    written: Option<Spanned<u64>>,
    least: u64,
    most: u64,
) -> Result<Option<u64>, ConfigError> {
    match written {
        Some(number) if (least..=most).contains(&number.value) => Ok(Some(number.value)),
        Some(number) => Err(wrong(key, &number, Problem::Range(least, most))),
        None => Ok(None),
    }
}

pub(super) fn wrong<T>(key: &str, at: &Spanned<T>, problem: Problem) -> ConfigError {
    wrong_at(key, Position::of(at), problem)
}

pub(super) fn wrong_at(key: &str, position: Position, problem: Problem) -> ConfigError {
    ConfigError::Value {
        position,
        key: key.to_owned(),
        problem,
    }
}

/// A million of anything a key may have at once or in a minute; more is a slip of the keyboard.
const LARGEST_LIMIT: u32 = 1_000_000;
