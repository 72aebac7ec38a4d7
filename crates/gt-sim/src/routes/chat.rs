//! `POST /v1/chat/completions`: says what was asked, in one piece or in many.

mod ask;
mod stream;

use http::HeaderValue;
use serde_json::{Value, json};

use crate::answer;
use crate::failure::Answer;
use crate::fields::Fields;
use crate::inbound::Inbound;
use crate::key::Scope;
use crate::refusal::Refusal;
use crate::routes::conversations::{self, Turn};
use crate::routes::tools::ToolCall;
use crate::routes::{CONVERSATION, Call, clip, schema};
use crate::shared::unix_now;
use crate::tenant::Modality;

use ask::Ask;

pub(crate) async fn complete(call: &Call<'_>, inbound: &mut Inbound) -> Answer {
    call.access.inference()?;
    call.access.scope(Scope::Chat)?;
    let conversation = call.conversation()?;
    if let Some(id) = conversation {
        conversations::exists(call, id)?;
    }
    let fields = inbound.json(call.headers).await?;
    let ask = Ask::parse(&fields, call.shared.tenant.pace)?;
    let model = call.model(&fields, Modality::Chat)?;
    let said = Said::new(&fields, &ask)?;
    let turn = conversation
        .map(|id| conversations::add_turn(call, id, &ask.message))
        .transpose()?;
    let completion = Completion::new(call, model, &ask, said.with(turn));
    let mut response = match ask.stream {
        Some(stream) => stream::answer(call, &completion, &stream),
        None => answer::json(&completion.whole()),
    };
    if let Some(id) = conversation.and_then(|id| HeaderValue::from_str(id).ok()) {
        response.headers_mut().insert(CONVERSATION, id);
    }
    Ok(response)
}

/// What the assistant says or calls.
enum Said {
    Text(String),
    /// JSON by `response_format`; nothing may be added to it.
    Json(String),
    Tool(ToolCall),
}

impl Said {
    fn new(fields: &Fields, ask: &Ask) -> Result<Self, Refusal> {
        let echo = clip(&ask.message);
        if let Some(tool) = ToolCall::wanted(fields, ask.asked_now(), echo)? {
            return Ok(Self::Tool(tool));
        }
        let format = fields.find("response_format");
        Ok(
            match format
                .and_then(|format| format.get("type"))
                .and_then(Value::as_str)
            {
                None | Some("text") => Self::Text(format!("You said: {echo}")),
                Some("json_object") => Self::Json(json!({"you_said": echo}).to_string()),
                Some("json_schema") => {
                    let wanted = format.and_then(|format| format.pointer("/json_schema/schema"));
                    let missing =
                        || Refusal::field("response_format", "`json_schema.schema` is required");
                    Self::Json(schema::example(wanted.ok_or_else(missing)?, echo).to_string())
                }
                Some(_) => {
                    return Err(Refusal::field(
                        "response_format",
                        "the type is text, json_object or json_schema",
                    ));
                }
            },
        )
    }

    fn with(self, turn: Option<Turn>) -> Self {
        match (self, turn) {
            (Self::Text(text), Some(turn)) => {
                let Turn {
                    number,
                    first_message,
                } = turn;
                Self::Text(format!(
                    "{text} (turn {number} of this conversation, which began with: {first_message})"
                ))
            }
            (said, _) => said,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Json(text) => text,
            Self::Tool(tool) => &tool.arguments,
        }
    }

    const fn finish_reason(&self) -> &'static str {
        match self {
            Self::Tool(_) => "tool_calls",
            Self::Text(_) | Self::Json(_) => "stop",
        }
    }
}

/// What it took: words stand for tokens. The details are those that were asked for.
fn usage(ask: &Ask, spoken: u64) -> Value {
    let prompt = ask.words as u64;
    let reasoning = ask.reasoning.map(|words| words.min(MOST_REASONING));
    let completion = spoken + reasoning.unwrap_or_default();
    let mut usage = json!({
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
    });
    let details = [
        (
            "prompt_tokens_details",
            "cached_tokens",
            ask.cached.map(|words| words.min(prompt)),
        ),
        ("completion_tokens_details", "reasoning_tokens", reasoning),
    ];
    for (name, count, words) in details {
        if let (Some(words), Some(members)) = (words, usage.as_object_mut()) {
            members.insert(name.to_owned(), json!({count: words}));
        }
    }
    usage
}

/// More than any test needs.
const MOST_REASONING: u64 = 1_000_000;

/// An answer and what stands around it.
struct Completion {
    id: String,
    tool_id: String,
    created: u64,
    model: String,
    said: Said,
    usage: Value,
}

impl Completion {
    fn new(call: &Call<'_>, model: &str, ask: &Ask, said: Said) -> Self {
        let number = call.shared.answer_number();
        let spoken = said.text().split_whitespace().count();
        Self {
            id: format!("chatcmpl-{number:016x}"),
            tool_id: format!("call_{number:016x}"),
            created: unix_now(),
            model: model.to_owned(),
            said,
            usage: usage(ask, spoken as u64),
        }
    }

    fn whole(&self) -> Value {
        let message = match &self.said {
            Said::Text(text) | Said::Json(text) => {
                json!({"role": "assistant", "content": text, "refusal": null})
            }
            Said::Tool(tool) => json!({
                "role": "assistant", "content": null, "refusal": null,
                "tool_calls": [{"id": self.tool_id, "type": "function", "function": tool.function(&tool.arguments)}],
            }),
        };
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": self.model,
            "choices": [{
                "index": 0, "message": message, "logprobs": null, "finish_reason": self.said.finish_reason(),
            }],
            "usage": self.usage,
        })
    }
}
