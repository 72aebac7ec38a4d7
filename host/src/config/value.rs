//! Reading one value: what is written to something checked. The place and the key of what is wrong
//! come from the reader.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::de::{self, Deserialize, Deserializer, Error as _};
use serde_saphyr::Spanned;
use signalbox_runtime::TrafficShare;

use super::{ConfigError, Problem, is_name};
use crate::yaml::{Position, list, word};

/// What is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, |text| not_blank(text).map(Self))
    }
}

pub(super) fn not_blank(text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::Blank);
    }
    Ok(text.to_owned())
}

/// What is said of a name.
pub(super) fn named<'a>(name: &str, text: &'a str) -> Result<&'a str, Problem> {
    if !is_name(name) {
        return Err(Problem::Name);
    }
    Ok(text)
}

/// Text that may be left out.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    word(deserializer, not_blank).map(Some)
}

/// A path as it is written, or an option of one: who checks it joins it to the folder of the file.
pub(super) fn path<'de, D, P>(deserializer: D) -> Result<P, D::Error>
where
    D: Deserializer<'de>,
    P: From<PathBuf>,
{
    word(deserializer, not_blank).map(|text| PathBuf::from(text).into())
}

pub(super) fn address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    word(deserializer, |text| {
        text.parse().map(Some).map_err(|_| Problem::Address)
    })
}

pub(super) fn host_names<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    list(deserializer, |text, before| {
        let name = text.to_ascii_lowercase();
        if !is_host(&name) {
            return Err(Problem::HostName);
        }
        once(name, before)
    })
}

fn is_host(text: &str) -> bool {
    let is_dns = (1..=253).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    is_dns || text.parse::<IpAddr>().is_ok()
}

/// For lists in which nothing is said twice.
pub(super) fn once<T: PartialEq>(value: T, before: &[T]) -> Result<T, Problem> {
    if before.contains(&value) {
        return Err(Problem::Twice);
    }
    Ok(value)
}

/// For lists and maps that have to say something.
pub(super) fn some<T: Default + PartialEq, E: de::Error>(entries: T) -> Result<T, E> {
    if entries == T::default() {
        return Err(E::custom(Problem::Empty));
    }
    Ok(entries)
}

/// A share, or an option of one.
pub(super) fn share<'de, D, S>(deserializer: D) -> Result<S, D::Error>
where
    D: Deserializer<'de>,
    S: From<TrafficShare>,
{
    let share: TrafficShare = word(deserializer, |text| {
        text.parse().map_err(|_| Problem::Share)
    })?;
    Ok(share.into())
}

/// A whole number from `LEAST` to `MOST`, or an option of one.
pub(super) fn whole<'de, const LEAST: u64, const MOST: u64, D, N>(
    deserializer: D,
) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<usize>,
{
    let number = u64::deserialize(deserializer)?;
    let number = Some(number).filter(|number| (LEAST..=MOST).contains(number));
    number
        .and_then(|number| usize::try_from(number).ok())
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| D::Error::custom(Problem::Range(LEAST, MOST)))
}

/// How many of something there may be at once.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole::<1, LARGEST_COUNT, _, _>(deserializer)
}

/// A number of threads that may be left out.
pub(super) fn threads<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<NonZeroUsize>, D::Error> {
    whole::<1, 1_024, _, _>(deserializer).map(Some)
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

/// A million of anything at once; more is a slip of the keyboard.
const LARGEST_COUNT: u64 = 1_000_000;
