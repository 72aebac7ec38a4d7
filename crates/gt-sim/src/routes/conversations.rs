//! `POST /v1/conversations`, and the turns chat adds.

use http::HeaderValue;
use serde_json::json;

use crate::answer;
use crate::failure::Answer;
use crate::inbound::Inbound;
use crate::lock::lock;
use crate::refusal::Refusal;
use crate::routes::{CONVERSATION, Call, clip};
use crate::shared::{Conversation, random_id, unix_now};
use crate::tenant::Modality;

pub(crate) async fn create(call: &Call<'_>, inbound: &mut Inbound) -> Answer {
    call.access.inference()?;
    let fields = inbound.json(call.headers).await?;
    let title = fields.optional_text("title")?;
    let model = call.model(&fields, Modality::Conversations)?;
    let id = random_id("conv_")?;
    let conversation = Conversation {
        key: call.access.key.clone(),
        turns: 0,
        first_message: String::new(),
    };
    lock(&call.shared.conversations).insert(&id, conversation);
    let mut response = answer::json(&json!({
        "id": id, "object": "conversation", "model": model, "title": title, "created_at": unix_now(),
    }));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(CONVERSATION, id);
    }
    Ok(response)
}

/// What a chat answer says about its conversation.
pub(super) struct Turn {
    pub(super) number: usize,
    pub(super) first_message: String,
}

/// Whether this key has the conversation.
pub(super) fn exists(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    with(call, id, |_| ())
}

/// Adds what the user said.
pub(super) fn add_turn(call: &Call<'_>, id: &str, message: &str) -> Result<Turn, Refusal> {
    with(call, id, |conversation| {
        if conversation.turns == 0 {
            conversation.first_message = clip(message).to_owned();
        }
        conversation.turns += 1;
        Turn {
            number: conversation.turns,
            first_message: conversation.first_message.clone(),
        }
    })
}

fn with<T>(
    call: &Call<'_>,
    id: &str,
    change: impl FnOnce(&mut Conversation) -> T,
) -> Result<T, Refusal> {
    let mut conversations = lock(&call.shared.conversations);
    let own = conversations
        .entry(id)
        .filter(|conversation| conversation.key == call.access.key);
    own.map(change).ok_or_else(Refusal::conversation_not_found)
}
