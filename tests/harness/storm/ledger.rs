//! What the connections saw, held against what reached GT and what each generation decides.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use signalbox_gt_sim::Recorded;

use super::variant::Variant;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A chat, answered in one piece, with this model.
    Chat(String),
    /// A chat, answered as a stream.
    Stream,
    /// An embedding.
    Embed,
    /// A file into a dataset; the SHA-256 of the whole body.
    Upload(String),
    /// The names there are.
    Models,
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Seen {
    /// No other request has it.
    pub nonce: String,
    /// What was asked for.
    pub kind: Kind,
    /// The generation that the answer says decided.
    pub generation: Option<u64>,
    /// What came.
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// GT's answer, whole.
    Forwarded,
    /// A refusal.
    Refused {
        /// Its code.
        code: String,
        /// Its message.
        message: String,
    },
    /// The names there are.
    Listed(Vec<String>),
    /// Nothing that may happen: why.
    Failed(String),
}

/// Which variant each generation was.
#[derive(Clone, Debug, Default)]
pub struct Ledger(BTreeMap<u64, Variant>);

impl Ledger {
    /// Writes a generation down.
    pub fn serves(&mut self, generation: u64, variant: Variant) {
        self.0.insert(generation, variant);
    }

    /// Everything that is wrong with what was seen: requests that failed, that were decided
    /// otherwise than the generation they name decides, or of which GT heard something else.
    #[must_use]
    pub fn wrong(&self, seen: &[Seen], recorded: &[Recorded]) -> Vec<String> {
        let mut reached = Reached::default();
        let mut wrong = Vec::new();
        for recorded in recorded {
            if let Err(why) = reached.add(recorded) {
                wrong.push(why);
            }
        }
        wrong.extend(seen.iter().filter_map(|seen| {
            let reached = reached.0.get(&seen.nonce).map(Vec::as_slice);
            let why = self.check(seen, reached.unwrap_or_default()).err()?;
            Some(format!("{seen:?}: {why}"))
        }));
        wrong
    }

    /// How many generations decided something that was seen.
    #[must_use]
    pub fn generations(&self, seen: &[Seen]) -> usize {
        let mut numbers: Vec<_> = seen.iter().filter_map(|seen| seen.generation).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len()
    }

    fn check(&self, seen: &Seen, reached: &[Asked]) -> Result<(), String> {
        if let Outcome::Failed(why) = &seen.outcome {
            return Err(format!("failed: {why}"));
        }
        let number = seen.generation.ok_or("no generation is named")?;
        let variant = *self.0.get(&number).ok_or("no such generation")?;
        let (outcome, reaches) = expected(seen, variant);
        if outcome != seen.outcome {
            return Err(format!("{variant} would have answered {outcome:?}"));
        }
        if reached != reaches.as_slice() {
            return Err(format!("{reached:?} reached GT and not {reaches:?}"));
        }
        Ok(())
    }
}

/// What a variant makes of a request: the answer, and what GT hears.
fn expected(seen: &Seen, variant: Variant) -> (Outcome, Vec<Asked>) {
    let refused = |code: &str, message: String| {
        let code = code.to_owned();
        (Outcome::Refused { code, message }, Vec::new())
    };
    let forwarded = |model: Option<String>, sha256: Option<String>| {
        let variant = variant.number();
        let asked = Asked {
            query: format!("p{variant}={}", seen.nonce),
            headers: vec![format!("x-p{variant}={}", seen.nonce)],
            model,
            sha256,
        };
        (Outcome::Forwarded, vec![asked])
    };
    match &seen.kind {
        Kind::Models => (Outcome::Listed(variant.names()), Vec::new()),
        Kind::Chat(model) if *model == variant.lacking() => {
            refused("model_not_found", message(&seen.outcome, model))
        }
        Kind::Embed if variant.number() == 0 => refused(
            "route_not_supported",
            message(&seen.outcome, &format!("{variant} embeds nothing")),
        ),
        Kind::Chat(_) | Kind::Stream | Kind::Embed => forwarded(Some(variant.published()), None),
        Kind::Upload(sha256) => forwarded(None, Some(sha256.clone())),
    }
}

/// The message that came if it says this, else what it should say.
fn message(outcome: &Outcome, says: &str) -> String {
    match outcome {
        Outcome::Refused { message, .. } if message.contains(says) => message.clone(),
        _ => format!("… {says} …"),
    }
}

/// What GT heard of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    query: String,
    headers: Vec<String>,
    model: Option<String>,
    sha256: Option<String>,
}

/// By nonce: no request may reach GT twice.
#[derive(Debug, Default)]
struct Reached(HashMap<String, Vec<Asked>>);

impl Reached {
    fn add(&mut self, recorded: &Recorded) -> Result<(), String> {
        let Some((path, query)) = recorded.target.split_once('?') else {
            // The gate itself asks for GT's list of models.
            return match recorded.target.ends_with("/models") {
                true => Ok(()),
                false => Err(format!("without a query: {}", recorded.target)),
            };
        };
        let (_, nonce) = query.split_once('=').unwrap_or_default();
        let headers = recorded.headers.iter().filter_map(|(name, value)| {
            let value = String::from_utf8_lossy(value);
            name.starts_with("x-p").then(|| format!("{name}={value}"))
        });
        let body: Option<Value> = serde_json::from_slice(&recorded.body).ok();
        let model = body.as_ref().and_then(|body| body.get("model")?.as_str());
        let asked = Asked {
            query: query.to_owned(),
            headers: headers.collect(),
            model: model.map(str::to_owned),
            sha256: path
                .ends_with("/files")
                .then(|| recorded.body_sha256.clone()),
        };
        self.0.entry(nonce.to_owned()).or_default().push(asked);
        Ok(())
    }
}
