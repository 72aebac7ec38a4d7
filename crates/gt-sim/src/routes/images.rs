//! `POST /v1/images/generations`: one pixel of a colour that depends on the prompt.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::answer;
use crate::encode;
use crate::failure::Answer;
use crate::inbound::Inbound;
use crate::key::Scope;
use crate::refusal::Refusal;
use crate::routes::{Call, fingerprint};
use crate::shared::unix_now;
use crate::tenant::Modality;

pub(crate) async fn generate(call: &Call<'_>, inbound: &mut Inbound) -> Answer {
    call.access.inference()?;
    call.access.scope(Scope::Image)?;
    let fields = inbound.json(call.headers).await?;
    let prompt = fields.text("prompt")?;
    let count = fields.optional_number("n")?.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(Refusal::field("n", "`n` is 1 to 10").into());
    }
    let format = fields.word("response_format", &["url", "b64_json"])?;
    call.model(&fields, Modality::Images)?;
    let data: Vec<Value> = (0..count)
        .map(|index| image(prompt, index, format))
        .collect();
    Ok(answer::json(&json!({"created": unix_now(), "data": data})))
}

fn image(prompt: &str, index: u64, format: &str) -> Value {
    let [red, green, blue, ..] = fingerprint(format!("{index}{prompt}").as_bytes());
    let encoded = STANDARD.encode(encode::png([red, green, blue]));
    match format {
        "b64_json" => json!({"b64_json": encoded}),
        _ => json!({"url": format!("data:image/png;base64,{encoded}")}),
    }
}
