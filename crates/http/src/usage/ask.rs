//! Asking GT to say at the end of a stream what it took.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::json::asks_for_a_stream;

/// The member that asks, and the comma behind it.
pub const ASKING: &[u8] = br#""stream_options":{"include_usage":true},"#;

/// The canonical paths whose streams can be asked: OpenAI has the member on these.
pub const ASKABLE: [&str; 2] = ["/v1/chat/completions", "/v1/completions"];

/// Where [`ASKING`] has to stand in a request that asks for a stream and says nothing of
/// `stream_options` itself, in whatever case; `None` of any other.
///
/// The body is one JSON object: [`crate::json::find_model`] has said so.
#[must_use]
pub fn place_to_ask(body: &[u8]) -> Option<usize> {
    if !asks_for_a_stream(body) {
        return None;
    }
    let Asks { stream, is_clear } = serde_json::from_slice(body).ok()?;
    if !(is_clear && stream == Some(true)) {
        return None;
    }
    let brace = body.iter().position(|&byte| byte == b'{')?;
    Some(brace + 1)
}

/// What a request says of its stream.
struct Asks {
    stream: Option<bool>,
    /// Nothing that a reader could take for `stream` or `stream_options` stands beside that.
    is_clear: bool,
}

enum Key {
    Stream,
    Confusing,
    Other,
}

impl<'de> Deserialize<'de> for Asks {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ReadAsks)
    }
}

struct ReadAsks;

impl<'de> Visitor<'de> for ReadAsks {
    type Value = Asks;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Asks, M::Error> {
        let mut asks = Asks {
            stream: None,
            is_clear: true,
        };
        while let Some(key) = map.next_key()? {
            if let Key::Stream = key {
                asks.is_clear &= asks.stream.is_none();
                asks.stream = Some(map.next_value::<Value>()? == Value::Bool(true));
                continue;
            }
            asks.is_clear &= matches!(key, Key::Other);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(asks)
    }
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
        if key == "stream" {
            return Ok(Key::Stream);
        }
        // Some decoders fold case, beyond ASCII too, and some readers' strings end at NUL.
        let folded = key.split('\0').next().unwrap_or_default().to_uppercase();
        Ok(match folded.as_str() {
            "STREAM" | "STREAM_OPTIONS" => Key::Confusing,
            _ => Key::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_asked_that_says_nothing_itself() {
        for body in [
            r#"{"model":"m","stream":true}"#,
            "\n {\"stream\" : true , \"model\":\"m\"}",
            r#"{"stream":true,"messages":[{"stream_options":{}}],"x":{"stream":false}}"#,
        ] {
            let place = place_to_ask(body.as_bytes()).unwrap();
            let (before, after) = body.split_at(place);
            let asked = [before.as_bytes(), ASKING, after.as_bytes()].concat();
            let mut asked: Value = serde_json::from_slice(&asked).unwrap();
            let options = asked.as_object_mut().unwrap().remove("stream_options");
            assert_eq!(options, Some(serde_json::json!({"include_usage": true})));
            let as_sent: Value = serde_json::from_str(body).unwrap();
            assert_eq!(asked, as_sent, "nothing else differs");
            // It was asked once, and is not again.
            assert_eq!(
                place_to_ask(&[before.as_bytes(), ASKING, after.as_bytes()].concat()),
                None
            );
        }
    }

    #[test]
    fn what_is_no_stream_or_says_something_itself_is_left() {
        for body in [
            "",
            "[]",
            r#"{"model":"m"}"#,
            r#"{"stream":false}"#,
            r#"{"stream":"true"}"#,
            r#"{"stream":1}"#,
            r#"{"x":{"stream":true}}"#,
            r#"{"stream":true,"stream_options":null}"#,
            r#"{"stream":true,"stream_options":{"include_usage":false}}"#,
            r#"{"stream_options":{},"stream":true}"#,
            r#"{"stream":true,"stream_\u006fptions":{}}"#,
            r#"{"stream":true,"Stream_Options":{}}"#,
            "{\"stream\":true,\"\u{17f}tream_option\u{17f}\":{}}",
            r#"{"stream":true,"stream_options\u0000":{}}"#,
            r#"{"stream":true,"Stream":false}"#,
            r#"{"stream":true,"stream":true}"#,
            r#"{"stream":true"#,
        ] {
            assert_eq!(place_to_ask(body.as_bytes()), None, "{body}");
        }
    }
}
