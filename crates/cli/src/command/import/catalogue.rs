//! The models that a file names, as a policy has them.

use std::collections::{BTreeMap, BTreeSet};

use signalbox_policy::{Endpoint, limits};

use super::secret::{is_secret, is_secret_name};

/// Models by the name that clients write.
#[derive(Debug, Default)]
pub(super) struct Catalogue(BTreeMap<String, Entry>);

/// One name, or pattern of names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    /// What it is published as, and how much of it; the name itself if there is nothing.
    pub(super) published: Vec<(String, f64)>,
    /// What it is for.
    pub(super) endpoints: BTreeSet<Endpoint>,
    pub(super) is_unlisted: bool,
}

impl Catalogue {
    /// Adds a name, or what else an added one is published as or is for; says why if it cannot.
    pub(super) fn add(
        &mut self,
        name: &str,
        published: Option<(&str, f64)>,
        endpoint: Endpoint,
    ) -> Result<(), String> {
        if let Some(why) = name_fault(name) {
            return Err(format!("{} {why}", named(name)));
        }
        if let Some(why) = published.and_then(|(published, _)| published_fault(published)) {
            return Err(format!("what {} leads to {why}", named(name)));
        }
        self.check_room(name)?;
        let entry = self.0.entry(name.to_owned()).or_default();
        // Its own name among others is one of them, but for a pattern, which has none.
        let (published, weight) = published.unwrap_or((name, 1.0));
        let is_other = |known: &(String, f64)| (known.0 == name) != (published == name);
        if name.ends_with('*') && entry.published.first().is_some_and(is_other) {
            return Err(format!(
                "{} publishes names as they are written, or one name",
                named(name)
            ));
        }
        let has_room = entry.published.len() < limits::PUBLISHED;
        match entry
            .published
            .iter_mut()
            .find(|(known, _)| known == published)
        {
            Some((_, known)) => *known += weight,
            None if has_room => entry.published.push((published.to_owned(), weight)),
            None => return Err(format!("{} leads to too many names", named(name))),
        }
        entry.endpoints.insert(endpoint);
        Ok(())
    }

    /// Adds another name for one that is there; says why if it cannot.
    pub(super) fn alias(&mut self, alias: &str, of: &str, is_unlisted: bool) -> Result<(), String> {
        if let Some(why) = name_fault(alias) {
            return Err(format!("{} {why}", named(alias)));
        }
        if self.contains(alias) {
            return Err(format!("{} is a model already", named(alias)));
        }
        let Some(target) = self.0.get(of) else {
            return Err(format!("it leads to {}, which is no model", named(of)));
        };
        if alias.ends_with('*') || of.ends_with('*') {
            return Err("an alias is one name for one name".to_owned());
        }
        let entry = Entry {
            is_unlisted,
            ..target.clone()
        };
        self.check_room(alias)?;
        self.0.insert(alias.to_owned(), entry);
        Ok(())
    }

    fn check_room(&self, name: &str) -> Result<(), String> {
        if self.0.len() < MOST_MODELS || self.contains(name) {
            return Ok(());
        }
        Err("a policy has room for no more models".to_owned())
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(name, entry)| (name.as_str(), entry))
    }
}

/// What a model is for, if nothing but its name says so.
pub(super) fn endpoint_by_name(name: &str) -> Endpoint {
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["embed"]) {
        Endpoint::Embeddings
    } else if has(&["whisper", "transcribe"]) {
        Endpoint::Transcriptions
    } else if has(&["tts"]) {
        Endpoint::Speech
    } else if has(&["dall-e", "gpt-image"]) {
        Endpoint::Images
    } else {
        Endpoint::Chat
    }
}

fn name_fault(name: &str) -> Option<&'static str> {
    let stem = name.strip_suffix('*').unwrap_or(name);
    if stem.contains('*') {
        return Some("has a `*` before its end, which no pattern of a policy has");
    }
    bytes_fault(name)
}

fn published_fault(name: &str) -> Option<&'static str> {
    if name.contains('*') {
        return Some("has a `*`, and a policy publishes very names");
    }
    bytes_fault(name)
}

fn bytes_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.len() > 256 {
        return Some("has not 1 to 256 bytes");
    }
    if name.chars().any(char::is_control) {
        return Some("has control characters");
    }
    if is_secret(name) {
        return Some("looks like a secret");
    }
    is_secret_name(name).then_some("looks like an address or a setting, which may hold a secret")
}

/// A name in a message; never one that may be a secret.
fn named(name: &str) -> String {
    if is_secret_name(name) {
        return "a name".to_owned();
    }
    let short: String = name.chars().take(60).collect();
    format!("`{short}`")
}

/// Some room is for other entries, as the document as a whole has to stay below its own bounds.
const MOST_MODELS: usize = 20_000;
