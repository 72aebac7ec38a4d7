//! A chat answer as OpenAI's chunks: the role, deltas, the reason of the end, usage if asked for, `[DONE]`.

use http::{HeaderValue, Response, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::ask::StreamOptions;
use super::{Completion, Said};
use crate::answer::{self, Body};
use crate::events::EventStream;
use crate::routes::Call;

pub(super) fn answer(
    call: &Call<'_>,
    completion: &Completion,
    options: &StreamOptions,
) -> Response<Body> {
    let events = completion.events(options);
    let body = EventStream::new(call.shared, events, options.pace.pause).boxed_unsync();
    let mut response = answer::of_type("text/event-stream", body);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

impl Completion {
    fn events(&self, options: &StreamOptions) -> Vec<String> {
        let choice = |delta: Value, reason: Option<&str>| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]);
        let mut choices = vec![choice(self.first_delta(), None)];
        let pieces = pieces(self.said.text(), options.pace.chunks);
        choices.extend(
            pieces
                .into_iter()
                .map(|piece| choice(self.delta(&piece), None)),
        );
        choices.push(choice(json!({}), Some(self.said.finish_reason())));
        let mut events: Vec<String> = choices
            .into_iter()
            .map(|choices| self.chunk(&choices, options, &Value::Null))
            .collect();
        if options.include_usage {
            events.push(self.chunk(&json!([]), options, &self.usage));
        }
        events.push("[DONE]".to_owned());
        events
    }

    fn first_delta(&self) -> Value {
        match &self.said {
            Said::Text(_) | Said::Json(_) => json!({"role": "assistant", "content": ""}),
            Said::Tool(tool) => {
                let call = json!({"index": 0, "id": self.tool_id, "type": "function", "function": tool.function("")});
                json!({"role": "assistant", "content": null, "tool_calls": [call]})
            }
        }
    }

    fn delta(&self, piece: &str) -> Value {
        match &self.said {
            Said::Text(_) | Said::Json(_) => json!({"content": piece}),
            Said::Tool(_) => {
                json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
            }
        }
    }

    fn chunk(&self, choices: &Value, options: &StreamOptions, usage: &Value) -> String {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "choices": choices,
        });
        // With usage asked for, OpenAI gives the field in every chunk.
        if options.include_usage
            && let Some(fields) = chunk.as_object_mut()
        {
            fields.insert("usage".to_owned(), usage.clone());
        }
        chunk.to_string()
    }
}

/// The text in words with the space after them, or in exactly `count` pieces; those that no character is left for
/// are a space, which no JSON and no reader minds.
fn pieces(text: &str, count: Option<usize>) -> Vec<String> {
    let Some(count) = count else {
        return text.split_inclusive(' ').map(str::to_owned).collect();
    };
    let characters: Vec<char> = text.chars().collect();
    let (size, longer) = (characters.len() / count, characters.len() % count);
    let mut rest = characters.into_iter();
    let piece = |index| {
        let size = size + usize::from(index < longer);
        if size == 0 {
            " ".to_owned()
        } else {
            rest.by_ref().take(size).collect()
        }
    };
    (0..count).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn text_is_cut_into_words_or_into_a_number_of_pieces() {
        assert_eq!(pieces("a bc d", None), ["a ", "bc ", "d"]);
        assert_eq!(pieces("äbcde", Some(2)), ["äbc", "de"]);
        assert_eq!(pieces("ab", Some(4)), ["a", "b", " ", " "]);
    }
}
