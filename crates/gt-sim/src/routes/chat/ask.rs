//! The part of a chat request that the simulator reads.

use std::time::Duration;

use serde_json::Value;

use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::tenant::Pace;

/// What is asked.
pub(super) struct Ask {
    /// The text of the last user message; empty if there is none.
    pub(super) message: String,
    /// The words of all messages, which stand for tokens.
    pub(super) words: usize,
    pub(super) stream: Option<StreamOptions>,
    /// How many of the words a cache is said to have had.
    pub(super) cached: Option<u64>,
    /// How many words are said to have been thought before the answer.
    pub(super) reasoning: Option<u64>,
    /// Whether the last message is the user's, and no tool's.
    user_spoke_last: bool,
}

/// How the answer is streamed.
pub(super) struct StreamOptions {
    pub(super) pace: Pace,
    pub(super) include_usage: bool,
}

impl Ask {
    pub(super) fn parse(fields: &Fields, default: Pace) -> Result<Self, Refusal> {
        let messages = fields.optional_list("messages")?.iter().map(Message::parse);
        let messages = messages.collect::<Result<Vec<_>, _>>()?;
        let Some(last) = messages.last() else {
            return Err(Refusal::field(
                "messages",
                "`messages` is required and not empty",
            ));
        };
        if fields.optional_number("n")?.unwrap_or(1) != 1 {
            return Err(Refusal::field("n", "`n` must be 1"));
        }
        let user = messages.iter().rev().find(|message| message.role == "user");
        Ok(Self {
            message: user.map(|message| message.text.clone()).unwrap_or_default(),
            words: messages
                .iter()
                .map(|message| message.text.split_whitespace().count())
                .sum(),
            stream: StreamOptions::parse(fields, default)?,
            cached: metadata(fields, "gt_sim_cached_tokens")?,
            reasoning: metadata(fields, "gt_sim_reasoning_tokens")?,
            user_spoke_last: last.role == "user",
        })
    }

    /// The user's message if it is the last one.
    pub(super) fn asked_now(&self) -> Option<&str> {
        self.user_spoke_last.then_some(&self.message)
    }
}

impl StreamOptions {
    fn parse(fields: &Fields, default: Pace) -> Result<Option<Self>, Refusal> {
        if !fields.flag("stream")? {
            return Ok(None);
        }
        let include_usage = fields
            .find("stream_options")
            .and_then(|options| options.get("include_usage"));
        let pause = metadata(fields, "gt_sim_pause_ms")?.map(Duration::from_millis);
        let chunks = metadata(fields, "gt_sim_chunks")?
            .map(|chunks| usize::try_from(chunks).unwrap_or(MOST_CHUNKS));
        Ok(Some(Self {
            pace: Pace {
                chunks: chunks
                    .or(default.chunks)
                    .map(|chunks| chunks.clamp(1, MOST_CHUNKS)),
                pause: pause.unwrap_or(default.pause).min(LONGEST_PAUSE),
            },
            include_usage: include_usage.and_then(Value::as_bool).unwrap_or(false),
        }))
    }
}

/// OpenAI's metadata are strings; numbers are taken as well.
fn metadata(fields: &Fields, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(value) = fields
        .find("metadata")
        .and_then(|metadata| metadata.get(name))
    else {
        return Ok(None);
    };
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number
        .map(Some)
        .ok_or_else(|| Refusal::field("metadata", format!("`{name}` must be a number")))
}

struct Message<'a> {
    role: &'a str,
    text: String,
}

impl<'a> Message<'a> {
    fn parse(message: &'a Value) -> Result<Self, Refusal> {
        let role = message.get("role").and_then(Value::as_str);
        let role = role.ok_or_else(|| Refusal::field("messages", "each message has a `role`"))?;
        let text = match message.get("content") {
            // An assistant's message that calls tools has none.
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            // Images and sounds have no text.
            Some(Value::Array(parts)) => {
                let texts = parts
                    .iter()
                    .filter_map(|part| part.get("text").and_then(Value::as_str));
                texts.collect::<Vec<_>>().join(" ")
            }
            Some(_) => {
                return Err(Refusal::field(
                    "messages",
                    "`content` is a string or an array of parts",
                ));
            }
        };
        Ok(Self { role, text })
    }
}

/// About a megabyte of events.
const MOST_CHUNKS: usize = 10_000;

/// Longer than any client's patience that a test would try.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
