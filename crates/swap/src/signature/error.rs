//! Why a statement is not accepted, and what to do about it.

use jiff::Timestamp;
use signalbox_runtime::Digest;

/// Why a statement is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is none, and one is required.
    #[error("policy `{policy}` needs a signed statement, and none came with the component")]
    Missing {
        /// The name it was to serve under.
        policy: String,
    },
    /// It is no envelope.
    #[error("the statement is no DSSE envelope")]
    NotAnEnvelope {
        /// Why not.
        source: EnvelopeFault,
    },
    /// The envelope is for something else.
    #[error("the envelope holds `{}`, not a statement of signalbox", shown(found))]
    PayloadType {
        /// What it says it holds.
        found: String,
    },
    /// No signature is by somebody who is known.
    #[error("nobody known signed the statement; {}", seen_keys(seen))]
    NoKnownSigner {
        /// How the signatures call their keys. Anybody can write anything there.
        seen: Vec<String>,
        /// Who is known.
        known: Vec<String>,
    },
    /// It is signed by somebody who may not sign that.
    #[error("`{signer}` signed the statement, and may not sign for policy `{policy}`")]
    MayNotSign {
        /// Who signed it.
        signer: String,
        /// The name it was to serve under.
        policy: String,
    },
    /// What is signed is no statement.
    #[error("what is signed is no statement")]
    NotAStatement {
        /// Why not; `None` if it is no JSON object.
        source: Option<serde_json::Error>,
    },
    /// It is about another component.
    #[error("the statement is about component {stated}, and this one is {found}")]
    OtherDigest {
        /// What it is about.
        stated: Digest,
        /// What came.
        found: Digest,
    },
    /// It is about another policy.
    #[error(
        "the statement is for policy `{}`, and this is policy `{asked}`",
        shown(stated)
    )]
    OtherPolicy {
        /// What it is about.
        stated: String,
        /// What was asked for.
        asked: String,
    },
    /// It is for other environments.
    #[error("the statement is for {}, and this host is {}", environments(stated), place(here.as_deref()))]
    OtherEnvironment {
        /// Those it names.
        stated: Vec<String>,
        /// What the configuration calls this one, if it does.
        here: Option<String>,
    },
    /// It names no environment, and has to.
    #[error("the statement names no environment, and this host is in `{here}`")]
    NoEnvironment {
        /// What the configuration calls this one.
        here: String,
    },
    /// It ended.
    #[error("the statement ended at {not_after}, and it is {now}")]
    Expired {
        /// When it ended.
        not_after: Timestamp,
        /// What time it is here.
        now: Timestamp,
    },
    /// A later one was accepted already.
    #[error("the statement's serial is {serial}, and {last} was accepted already")]
    SerialTooLow {
        /// Its serial.
        serial: u64,
        /// The last one that was accepted.
        last: u64,
    },
    /// The serial was that of another component.
    #[error("serial {serial} was already used for component {digest}")]
    SerialUsed {
        /// The serial.
        serial: u64,
        /// What it was used for.
        digest: Digest,
    },
}

/// Why something is no envelope.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeFault {
    /// More bytes than any statement needs.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// How many it may have.
        limit: usize,
    },
    /// No JSON object.
    #[error("it is no JSON object")]
    NotAnObject,
    /// Not the fields of an envelope, or one of them twice.
    #[error("it does not have the fields of an envelope")]
    Json(#[source] serde_json::Error),
    /// The payload is not in base64.
    #[error("its payload is not in base64")]
    PayloadEncoding,
    /// A signature is not in base64.
    #[error("one of its signatures is not in base64")]
    SignatureEncoding,
    /// More signatures than are tried.
    #[error("it has more than {limit} signatures")]
    TooManySignatures {
        /// How many it may have.
        limit: usize,
    },
}

impl SignatureError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Missing { .. } => {
                "send one along: `signalbox sign` makes it, `--statement FILE` sends it".to_owned()
            }
            Self::NotAnEnvelope { .. } | Self::PayloadType { .. } | Self::NotAStatement { .. } => {
                "`signalbox sign` makes what is expected here".to_owned()
            }
            Self::NoKnownSigner { known, .. } if known.is_empty() => {
                "the configuration names nobody who may sign: add them under `signatures: signers:`"
                    .to_owned()
            }
            Self::NoKnownSigner { known, .. } => format!(
                "it has to be signed with the key of one of: {}; if one of them did, the statement \
                 was changed afterwards",
                known.join(", ")
            ),
            Self::MayNotSign { signer, policy } => format!(
                "let somebody sign who may, or add `{policy}` to the policies of `{signer}` in the \
                 configuration"
            ),
            Self::OtherDigest { .. } => {
                "sign this component, or send the one that was signed; a document compiled by \
                 another version has another digest"
                    .to_owned()
            }
            Self::OtherPolicy { .. } => {
                "sign it for this name, or swap it in under the name it was signed for".to_owned()
            }
            Self::OtherEnvironment { here: None, .. } => {
                "say in the configuration which one this host is in: `signatures: environment:`"
                    .to_owned()
            }
            Self::OtherEnvironment {
                here: Some(here), ..
            }
            | Self::NoEnvironment { here } => {
                format!("sign it for this one too: `signalbox sign --environment {here}`")
            }
            Self::Expired { .. } => {
                "sign it again with a later end; if it has not ended yet, the clock here is wrong"
                    .to_owned()
            }
            Self::SerialTooLow { last, .. } => format!(
                "this is an older statement; to go back to what it is about, sign it again with a \
                 serial of at least {}, or roll back",
                last.saturating_add(1)
            ),
            Self::SerialUsed { serial, .. } => format!(
                "sign it again with a serial of at least {}",
                serial.saturating_add(1)
            ),
        }
    }
}

/// What somebody sent, short and on one line.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(SHOWN).collect();
    let cut = if start.len() < text.len() { "…" } else { "" };
    format!("{}{cut}", start.escape_debug())
}

fn environments(stated: &[String]) -> String {
    let names: Vec<String> = stated
        .iter()
        .take(SHOWN_NAMES)
        .map(|name| format!("`{}`", shown(name)))
        .collect();
    match stated {
        [] => "no environment at all".to_owned(),
        [_] => format!("environment {}", names.join(", ")),
        _ if stated.len() > SHOWN_NAMES => format!("environments {}, …", names.join(", ")),
        _ => format!("environments {}", names.join(", ")),
    }
}

fn place(here: Option<&str>) -> String {
    here.map_or_else(|| "in none".to_owned(), |here| format!("in `{here}`"))
}

fn seen_keys(seen: &[String]) -> String {
    if seen.is_empty() {
        return "no signature names its key".to_owned();
    }
    let seen: Vec<String> = seen.iter().map(|id| format!("`{}`", shown(id))).collect();
    format!("its signatures name the keys {}", seen.join(", "))
}

/// As many as somebody reads.
const SHOWN_NAMES: usize = 8;
/// As much as a name or a type reasonably has.
const SHOWN: usize = 64;
