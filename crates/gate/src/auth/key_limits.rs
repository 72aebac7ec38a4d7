//! What one key may use at a time: the values, and how files write them.

use std::num::NonZeroU32;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::text::units::Size;
use crate::text::yaml::{Position, present};

/// What one key may use at a time. `None` sets no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLimits {
    /// Requests a minute.
    pub per_minute: Option<NonZeroU32>,
    /// Requests at a time.
    pub concurrent: Option<NonZeroU32>,
    /// Streamed answers at a time.
    pub streams: Option<NonZeroU32>,
    /// Bytes of one JSON body. It has no "unlimited": the gate's own limits hold as well.
    pub body: Size,
    /// Bytes of one body that streams: uploads and forms. `None` leaves it to the gate's own limit.
    pub upload: Option<Size>,
}

/// The limits as `keys.yaml` and `signalbox.yaml` write them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenKeyLimits {
    #[serde(default, deserialize_with = "present")]
    pub(super) per_minute: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) concurrent: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) streams: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) body_mb: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) upload_mb: Option<Spanned<String>>,
}

/// A limit that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: `{field}` cannot be used")]
pub struct LimitError {
    /// Where.
    pub position: Position,
    /// Which of the limits.
    pub field: &'static str,
    /// Why.
    #[source]
    pub problem: LimitProblem,
}

/// Why a limit cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitProblem {
    /// Not a limit.
    #[error("write a whole number from 1 to {0}, or the word `unlimited`")]
    Limit(u32),
    /// Not a limit that can be lifted.
    #[error("write a whole number from 1 to {0}")]
    Bounded(u32),
}

impl Default for KeyLimits {
    /// Bounds on what a key holds at a time, none on how fast it asks: the rate is the operator's to
    /// choose, and a gate that refuses at a rate nobody chose would look broken.
    fn default() -> Self {
        Self {
            per_minute: None,
            // A quarter of the gate's 4,096: one runaway client does not take it all.
            concurrent: NonZeroU32::new(1_024),
            streams: NonZeroU32::new(1_024),
            // A few images in base64, or a long conversation many times over.
            body: Size::mib(32),
            // It streams: what it costs is time, and the gate's limit is made for that.
            upload: None,
        }
    }
}

impl WrittenKeyLimits {
    /// The limits that are written, over those that are not.
    ///
    /// # Errors
    /// If one of them cannot be used.
    pub fn over(self, unset: KeyLimits) -> Result<KeyLimits, LimitError> {
        Ok(KeyLimits {
            per_minute: limit("per_minute", self.per_minute, unset.per_minute)?,
            concurrent: limit("concurrent", self.concurrent, unset.concurrent)?,
            streams: limit("streams", self.streams, unset.streams)?,
            body: mib("body_mb", self.body_mb)?.unwrap_or(unset.body),
            upload: mib("upload_mb", self.upload_mb)?.or(unset.upload),
        })
    }
}

fn limit(
    field: &'static str,
    text: Option<Spanned<String>>,
    unset: Option<NonZeroU32>,
) -> Result<Option<NonZeroU32>, LimitError> {
    match text {
        None => Ok(unset),
        Some(text) if text.value == "unlimited" => Ok(None),
        Some(text) => match number(&text.value, LARGEST_LIMIT) {
            Some(number) => Ok(Some(number)),
            None => Err(wrong(field, &text, LimitProblem::Limit(LARGEST_LIMIT))),
        },
    }
}

fn mib(field: &'static str, text: Option<Spanned<String>>) -> Result<Option<Size>, LimitError> {
    match text {
        None => Ok(None),
        Some(text) => match number(&text.value, LARGEST_BODY_MB) {
            Some(mib) => Ok(Some(Size::mib(mib.get()))),
            None => Err(wrong(field, &text, LimitProblem::Bounded(LARGEST_BODY_MB))),
        },
    }
}

fn wrong(field: &'static str, at: &Spanned<String>, problem: LimitProblem) -> LimitError {
    LimitError {
        position: Position::of(at),
        field,
        problem,
    }
}

fn number(text: &str, most: u32) -> Option<NonZeroU32> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit());
    let number = is_plain.then(|| text.parse().ok()).flatten();
    number.filter(|number: &NonZeroU32| number.get() <= most)
}

/// A million of anything a key may have at once or in a minute; more is a slip of the keyboard.
const LARGEST_LIMIT: u32 = 1_000_000;
/// 4 GiB: a larger body than any of GT's routes takes.
const LARGEST_BODY_MB: u32 = 4_096;
