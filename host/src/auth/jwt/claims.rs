//! What a token says of its caller, as the operator named the claims.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use signalbox_policy::{Purpose, Purposes};

use super::Refused;
use crate::config::{IssuerSettings, ProfileChoice};

/// What a token says of its caller. Where the operator named a claim there is a list, be it empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// `jwt/ISSUER/SUBJECT`: no id of a keyring has a slash.
    pub(super) id: String,
    /// Until when, our clock's error allowed for.
    pub(super) ends: Timestamp,
    /// The id of what it is measured by.
    pub(super) profile: Arc<str>,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) purposes: Option<Purposes>,
    pub(super) models: Option<Vec<String>>,
    pub(super) published: Option<Vec<String>>,
    pub(super) datasets: Option<Vec<String>>,
    pub(super) labels: Vec<(String, String)>,
}

/// Whether a token is for us, and now; gives when it ends.
pub(super) fn check(
    claims: &Map<String, Value>,
    settings: &IssuerSettings,
    now: Timestamp,
) -> Result<Timestamp, Refused> {
    let is_ours = |audience: &str| settings.audience.iter().any(|ours| ours == audience);
    let is_for_us = match claims.get("aud") {
        Some(Value::String(audience)) => is_ours(audience),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(is_ours),
        _ => false,
    };
    if !is_for_us {
        return Err(Refused::Audience);
    }
    let leeway = settings.leeway.duration();
    let exp = claims.get("exp").and_then(time).ok_or(Refused::Expired)?;
    let ends = exp.checked_add(leeway).map_err(|_| Refused::Expired)?;
    if ends <= now {
        return Err(Refused::Expired);
    }
    if let Some(nbf) = claims.get("nbf") {
        let nbf = time(nbf).ok_or(Refused::NotYet)?;
        if nbf.checked_sub(leeway).map_err(|_| Refused::NotYet)? > now {
            return Err(Refused::NotYet);
        }
    }
    Ok(ends)
}

/// Reads what is left. None of it is believed before the signature is checked.
pub(super) fn read(
    claims: &Map<String, Value>,
    settings: &IssuerSettings,
    ends: Timestamp,
) -> Result<Claims, Refused> {
    let names = &settings.claims;
    let list = |name: &Option<String>| name.as_ref().map(|name| words(claims, name)).transpose();
    let subject = names.id.as_deref().unwrap_or("sub");
    let scopes = list(&names.scopes)?.map(|words| match &settings.scope_words {
        None => words,
        Some(known) => words
            .iter()
            .filter_map(|word| known.get(word).cloned())
            .collect(),
    });
    Ok(Claims {
        id: format!("jwt/{}/{}", settings.name, id(claims.get(subject))?),
        ends,
        profile: profile(claims, &settings.profile)?.into(),
        scopes,
        purposes: list(&names.purposes)?.map(|words| {
            let purposes = words.iter().filter_map(|word| Purpose::from_word(word));
            purposes.collect()
        }),
        models: list(&names.models)?,
        published: list(&names.published)?,
        datasets: list(&names.datasets)?,
        labels: labels(claims, settings)?,
    })
}

/// OpenID Connect's subjects: at most 255 of ASCII. Blanks would let one id look like two.
fn id(subject: Option<&Value>) -> Result<&str, Refused> {
    let subject = subject.and_then(Value::as_str).ok_or(Refused::Subject)?;
    let is_plain = subject.bytes().all(|byte| byte.is_ascii_graphic());
    if (1..=255).contains(&subject.len()) && is_plain {
        Ok(subject)
    } else {
        Err(Refused::Subject)
    }
}

/// The one profile that the claim's values stand for.
fn profile<'s>(claims: &Map<String, Value>, choice: &'s ProfileChoice) -> Result<&'s str, Refused> {
    let (claim, of) = match choice {
        ProfileChoice::Fixed(profile) => return Ok(profile),
        ProfileChoice::ByClaim { claim, of } => (claim, of),
    };
    let said = words(claims, claim)?;
    let mut chosen = said.iter().filter_map(|value| of.get(value));
    let first = chosen.next().ok_or(Refused::Profile)?;
    // Two, and which one is meant would be a guess.
    chosen
        .all(|other| other == first)
        .then_some(first.as_str())
        .ok_or(Refused::Profile)
}

fn labels(
    claims: &Map<String, Value>,
    settings: &IssuerSettings,
) -> Result<Vec<(String, String)>, Refused> {
    let mut labels = Vec::new();
    for (label, claim) in &settings.claims.labels {
        match claims.get(claim) {
            None => {}
            Some(Value::String(text)) if is_label(text) => {
                labels.push((label.clone(), text.clone()));
            }
            Some(_) => return Err(Refused::Claim),
        }
    }
    Ok(labels)
}

/// A list of strings, or one string with spaces. Missing, it is a list of nothing.
fn words(claims: &Map<String, Value>, name: &str) -> Result<Vec<String>, Refused> {
    match claims.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => {
            let words = text.split(' ').filter(|word| !word.is_empty());
            Ok(words.map(str::to_owned).collect())
        }
        Some(Value::Array(list)) => list
            .iter()
            .map(|word| word.as_str().map(str::to_owned).ok_or(Refused::Claim))
            .collect(),
        Some(_) => Err(Refused::Claim),
    }
}

fn is_label(text: &str) -> bool {
    text.len() <= 256 && !text.chars().any(char::is_control)
}

/// RFC 7519's NumericDate: seconds, perhaps with a fraction, which we do not grant.
fn time(value: &Value) -> Option<Timestamp> {
    let seconds = match (value.as_i64(), value.as_f64()) {
        (Some(seconds), _) => seconds,
        (None, Some(seconds)) if (0.0..LATEST).contains(&seconds) => seconds as i64,
        _ => return None,
    };
    Timestamp::from_second(seconds).ok()
}

/// The year 5138: a clock in milliseconds is past it.
const LATEST: f64 = 1e11;
