//! `POST /v1/embeddings`: eight numbers made from a hash of the input.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::answer;
use crate::failure::Answer;
use crate::fields::Fields;
use crate::inbound::Inbound;
use crate::key::Scope;
use crate::refusal::Refusal;
use crate::routes::{Call, fingerprint};
use crate::tenant::Modality;

pub(crate) async fn embed(call: &Call<'_>, inbound: &mut Inbound) -> Answer {
    call.access.inference()?;
    call.access.scope(Scope::Embed)?;
    let fields = inbound.json(call.headers).await?;
    let inputs = inputs(fields.required("input")?)?;
    let encoding = fields.word("encoding_format", &["float", "base64"])?;
    let dimensions = dimensions(&fields)?;
    let model = call.model(&fields, Modality::Embeddings)?;
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let vector = vector(input, dimensions);
            let embedding = if encoding == "base64" {
                base64(&vector)
            } else {
                json!(vector)
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let tokens: usize = inputs.iter().map(Input::tokens).sum();
    Ok(answer::json(&json!({
        "object": "list", "data": data, "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })))
}

/// One thing to embed.
#[derive(Debug, PartialEq)]
enum Input {
    Text(String),
    Tokens(Vec<u64>),
}

impl Input {
    fn tokens(&self) -> usize {
        match self {
            Self::Text(text) => text.split_whitespace().count(),
            Self::Tokens(tokens) => tokens.len(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Tokens(tokens) => tokens
                .iter()
                .flat_map(|token| token.to_le_bytes())
                .collect(),
        }
    }
}

/// A string, an array of strings, an array of tokens, or an array of such arrays.
fn inputs(value: &Value) -> Result<Vec<Input>, Refusal> {
    let many = |items: &[Value], one: fn(&Value) -> Option<Input>| {
        items.iter().map(one).collect::<Option<Vec<_>>>()
    };
    let inputs = match value.as_array().map(Vec::as_slice) {
        None => text(value).map(|text| vec![text]),
        Some([]) => None,
        Some([Value::String(_), ..]) => many(value.as_array().map_or(&[], Vec::as_slice), text),
        Some([Value::Number(_), ..]) => tokens(value).map(|tokens| vec![tokens]),
        Some(items) => many(items, tokens),
    };
    let wanted =
        "`input` is a string, an array of strings, or tokens; none of them empty, at most 2048";
    inputs
        .filter(|inputs| inputs.len() <= INPUTS)
        .ok_or_else(|| Refusal::field("input", wanted))
}

fn text(value: &Value) -> Option<Input> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(|text| Input::Text(text.to_owned()))
}

fn tokens(value: &Value) -> Option<Input> {
    let items = value.as_array().filter(|items| !items.is_empty())?;
    items
        .iter()
        .map(Value::as_u64)
        .collect::<Option<Vec<_>>>()
        .map(Input::Tokens)
}

fn dimensions(fields: &Fields) -> Result<usize, Refusal> {
    let given = fields
        .optional_number("dimensions")?
        .map_or(Some(DIMENSIONS), |given| given.try_into().ok());
    given
        .filter(|given| (1..=DIMENSIONS).contains(given))
        .ok_or_else(|| Refusal::field("dimensions", "`dimensions` is 1 to 8"))
}

/// Of unit length, as clients expect.
fn vector(input: &Input, dimensions: usize) -> Vec<f32> {
    let hash = fingerprint(&input.bytes());
    let raw = hash
        .chunks_exact(2)
        .take(dimensions)
        .map(|pair| match *pair {
            // Halves keep every number away from zero, and so the length.
            [low, high] => f32::from(i16::from_le_bytes([low, high])) + 0.5,
            _ => 0.5,
        });
    let raw: Vec<f32> = raw.collect();
    let length = raw.iter().map(|number| number * number).sum::<f32>().sqrt();
    raw.into_iter().map(|number| number / length).collect()
}

fn base64(vector: &[f32]) -> Value {
    let bytes: Vec<u8> = vector
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    json!(STANDARD.encode(bytes))
}

const DIMENSIONS: usize = 8;

/// OpenAI's limit.
const INPUTS: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_has_four_forms() {
        let text = |text: &str| Input::Text(text.to_owned());
        for (value, expected) in [
            (json!("a"), Some(vec![text("a")])),
            (json!(["a", "b"]), Some(vec![text("a"), text("b")])),
            (json!([1, 2]), Some(vec![Input::Tokens(vec![1, 2])])),
            (
                json!([[1], [2, 3]]),
                Some(vec![Input::Tokens(vec![1]), Input::Tokens(vec![2, 3])]),
            ),
            (json!(""), None),
            (json!([]), None),
            (json!([[]]), None),
            (json!(["a", 1]), None),
            (json!([1, "a"]), None),
            (json!([-1]), None),
            (json!({}), None),
            (json!(vec!["a"; 2049]), None),
        ] {
            assert_eq!(inputs(&value).ok(), expected, "{value}");
        }
    }
}
