//! What must not be shown: tokens, wherever a recording has them.

use signalbox_http::percent::{self, Plus};

/// The tokens of one request.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Those in the headers that carry one.
    pub(super) fn of<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let values = headers.filter(|(name, _)| {
            CARRIERS
                .iter()
                .any(|carrier| name.eq_ignore_ascii_case(carrier))
        });
        let tokens = values.map(|(_, value)| {
            // The first word is the scheme, if there is another.
            let value = value.trim();
            let token = value.split_once(char::is_whitespace);
            token.map_or(value, |(_, token)| token.trim())
        });
        Self(
            tokens
                .filter(|token| !token.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
        )
    }

    /// A text without them, nor with anything else that looks like a token.
    pub(super) fn masked(&self, text: &str) -> String {
        let long = self.0.iter().filter(|token| token.len() >= LONG);
        let text = long.fold(text.to_owned(), |text, token| replaced(&text, token));
        text.split_inclusive(is_end)
            .map(|part| {
                let word = part.trim_end_matches(|c: char| is_end(c) || c == ',');
                match (self.hidden(word), part.strip_prefix(word)) {
                    (Some(mask), Some(end)) => format!("{mask}{end}"),
                    _ => part.to_owned(),
                }
            })
            .collect()
    }

    /// What is shown in place of a word that is a token, or holds one.
    fn hidden(&self, word: &str) -> Option<&'static str> {
        let plain = percent::decode(word, Plus::IsPlus);
        let plain = plain.as_deref().unwrap_or(word.as_bytes());
        let plain = String::from_utf8_lossy(plain).to_ascii_lowercase();
        if plain.contains(OWN) {
            return Some(OWN_MASK);
        }
        let is_of_request = self
            .0
            .iter()
            .any(|token| plain == *token || (token.len() >= LONG && plain.contains(token)));
        (is_of_request || looks_like_token(&plain)).then_some(MASK)
    }
}

/// A text without a token that is in lower case.
fn replaced(text: &str, token: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    // Lower case of ASCII leaves every place what it was.
    while let Some(at) = rest.to_ascii_lowercase().find(token) {
        let (Some(before), Some(after)) = (rest.get(..at), rest.get(at + token.len()..)) else {
            break;
        };
        let is_own = token.starts_with(OWN);
        shown.push_str(before);
        shown.push_str(if is_own { OWN_MASK } else { MASK });
        rest = after;
    }
    shown + rest
}

/// Whether a word in lower case begins as keys of well-known APIs do, and is as long.
fn looks_like_token(word: &str) -> bool {
    let is_long = word.len() >= 16 && word.bytes().any(|byte| byte.is_ascii_digit());
    is_long && BEGINNINGS.iter().any(|begin| word.starts_with(begin))
}

const fn is_end(c: char) -> bool {
    matches!(c, '/' | '?' | '&' | '"') || c.is_ascii_whitespace()
}

/// The headers in which clients send tokens.
const CARRIERS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
];

const BEGINNINGS: [&str; 8] = ["sk-", "ghp_", "akia", "aiza", "xoxb-", "eyj", "hf_", "gsk_"];

/// How the gate's own tokens begin.
const OWN: &str = "gtak_";

const OWN_MASK: &str = "gtak_…";

const MASK: &str = "…";

/// A shorter token may be part of any word, so it is looked for as a whole word.
const LONG: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_masked_wherever_they_stand() {
        let headers = [
            ("Authorization", "Bearer s3cret/of+one=="),
            ("x-api-key", "chat"),
            ("cookie", "completions"),
        ];
        let secrets = Secrets::of(headers.into_iter());
        for (text, shown) in [
            ("POST /v1/chat/completions", "POST /v1/…/completions"),
            ("/v1/chats", "/v1/chats"),
            ("/v1/gtak_abc/files?x", "/v1/gtak_…/files?x"),
            ("/v1/GTAK%5fabc", "/v1/gtak_…"),
            ("/v1/a-gtak_abc&b", "/v1/gtak_…&b"),
            ("list gtak_a, gpt-4o", "list gtak_…, gpt-4o"),
            ("s3cret/of+one==", "…"),
            ("x-S3CRET/of+one==-y", "x-…-y"),
            ("/v1/s3cret%2Fof+one%3D%3D", "/v1/…"),
            ("sk-0123456789abcdef", "…"),
            ("sk-learn", "sk-learn"),
            ("forward  as größe, ", "forward  as größe, "),
            ("100%", "100%"),
            ("", ""),
        ] {
            assert_eq!(secrets.masked(text), shown, "{text}");
        }
    }
}
