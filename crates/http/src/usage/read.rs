//! Reading a `usage` object.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::Usage;

/// The `usage` a whole JSON text is; `None` if it is no object.
pub(super) fn usage(text: &[u8]) -> Option<Usage> {
    let told: Told = serde_json::from_slice(text).ok()?;
    let Told { chat, responses } = told;
    Some(Usage {
        prompt: chat.prompt.or(responses.prompt),
        completion: chat.completion.or(responses.completion),
        cached: chat.cached.or(responses.cached),
        reasoning: chat.reasoning.or(responses.reasoning),
        total: chat.total,
    })
}

/// What is told under the names of chats, and under those of responses.
#[derive(Default)]
struct Told {
    chat: Usage,
    responses: Usage,
}

/// The members that are read.
enum Key {
    Prompt(Names),
    Completion(Names),
    PromptDetails(Names),
    CompletionDetails(Names),
    Total,
    Other,
}

/// Which of OpenAI's two names a member has.
enum Names {
    Chat,
    Responses,
}

impl Told {
    const fn under(&mut self, names: &Names) -> &mut Usage {
        match names {
            Names::Chat => &mut self.chat,
            Names::Responses => &mut self.responses,
        }
    }
}

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ReadUsage)
    }
}

struct ReadUsage;

impl<'de> Visitor<'de> for ReadUsage {
    type Value = Told;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Told, M::Error> {
        let mut told = Told::default();
        while let Some(key) = map.next_key()? {
            if let Key::Other = key {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: Value = map.next_value()?;
            match key {
                Key::Prompt(names) => told.under(&names).prompt = count(&value),
                Key::Completion(names) => told.under(&names).completion = count(&value),
                Key::PromptDetails(names) => {
                    told.under(&names).cached = value.get("cached_tokens").and_then(count);
                }
                Key::CompletionDetails(names) => {
                    told.under(&names).reasoning = value.get("reasoning_tokens").and_then(count);
                }
                Key::Total => told.chat.total = count(&value),
                Key::Other => {}
            }
        }
        Ok(told)
    }
}

fn count(value: &Value) -> Option<u64> {
    value.as_u64().filter(|count| *count <= MOST)
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_identifier(ReadKey)
    }
}

struct ReadKey;

impl Visitor<'_> for ReadKey {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "prompt_tokens" => Key::Prompt(Names::Chat),
            "input_tokens" => Key::Prompt(Names::Responses),
            "completion_tokens" => Key::Completion(Names::Chat),
            "output_tokens" => Key::Completion(Names::Responses),
            "prompt_tokens_details" => Key::PromptDetails(Names::Chat),
            "input_tokens_details" => Key::PromptDetails(Names::Responses),
            "completion_tokens_details" => Key::CompletionDetails(Names::Chat),
            "output_tokens_details" => Key::CompletionDetails(Names::Responses),
            "total_tokens" => Key::Total,
            _ => Key::Other,
        })
    }
}

/// No answer has more tokens: a higher number is no count.
const MOST: u64 = 1 << 40;
