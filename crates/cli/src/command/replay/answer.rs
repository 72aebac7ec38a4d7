//! What the answers in a HAR file tell.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::Value;
use signalbox_http::{models::parse_list, refusal::Code};

use super::request::{Before, Published, Untold};

/// An answer in a HAR file.
#[derive(Deserialize)]
pub(super) struct Answered {
    pub(super) status: i64,
    #[serde(default)]
    pub(super) content: Content,
}

/// Its body.
#[derive(Default, Deserialize)]
pub(super) struct Content {
    text: Option<String>,
    encoding: Option<String>,
}

impl Content {
    /// Its text; `None` if there is none, or it cannot be decoded.
    pub(super) fn read(&self) -> Option<Cow<'_, str>> {
        let text = self.text.as_deref()?;
        match self.encoding.as_deref() {
            None | Some("") => Some(Cow::Borrowed(text)),
            Some(encoding) if encoding.eq_ignore_ascii_case("base64") => {
                let bytes = STANDARD.decode(text).ok()?;
                String::from_utf8(bytes).ok().map(Cow::Owned)
            }
            Some(_) => None,
        }
    }
}

/// What was decided, as far as the answer tells.
pub(super) fn before(path: &str, status: i64, text: Option<&str>) -> Result<Before, Untold> {
    match status {
        ..100 => Err(Untold::NoAnswer),
        100..400 if path == "/v1/models" => {
            let names = text.and_then(|text| parse_list(text.as_bytes()).ok());
            Ok(Before::List(Some(names.ok_or(Untold::NoText)?)))
        }
        100..400 => Ok(forwarded()),
        _ => match refusal(text.filter(|text| !text.is_empty()).ok_or(Untold::NoText)?) {
            // An error of GT: the request got there.
            None => Ok(forwarded()),
            Some((_, Some(code))) if is_of_host(code) => Err(Untold::OfHost),
            Some((word, Some(_))) => Ok(Before::Refuse(word)),
            Some((word, None)) => Ok(Before::RefuseOtherwise(word)),
        },
    }
}

/// Neither route nor published name stands in an answer.
const fn forwarded() -> Before {
    Before::Forward {
        route: None,
        model: Published::Unknown,
    }
}

/// The code in OpenAI's error form.
pub(super) fn refusal(text: &str) -> Option<(String, Option<Code>)> {
    let body: Value = serde_json::from_str(text).ok()?;
    let word = body.pointer("/error/code")?.as_str()?;
    let code = Code::ALL.iter().copied().find(|code| code.word() == word);
    Some((word.to_owned(), code))
}

/// What a policy has no say in.
const fn is_of_host(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidRequest
            | Code::InvalidPath
            | Code::InvalidQuery
            | Code::InvalidBody
            | Code::AmbiguousModel
            | Code::InvalidApiKey
            | Code::RequestTimeout
            | Code::BodyTooLarge
            | Code::UnsupportedMediaType
            | Code::WebsocketNotSupported
            | Code::RateLimited
            | Code::TooManyStreams
            | Code::HeadTooLarge
            | Code::ProxyCannotRewrite
            | Code::UpstreamUnreachable
            | Code::UpstreamProtocol
            | Code::UpstreamRedirect
            | Code::UpstreamCredentialRejected
            | Code::UpstreamTimeout
            | Code::NoPolicy
            | Code::Overloaded
            | Code::SpoolFailed
    )
}
