//! An answer given without asking GT, in the shape OpenAI's clients show to people.
//!
//! Every refusal of every door is built here, so that its body, its `type` word and what it says
//! about trying again follow from its code alone.

mod code;

use std::borrow::Cow;

pub use code::Code;

use crate::quote::quoted;

/// An answer given without asking GT.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    status: u16,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    param: Option<String>,
    retry: Retry,
    allow: Option<String>,
}

/// What a client is told about sending the same request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retry {
    /// The same request will be refused again, or may already have had an effect.
    Never,
    /// Nothing was done: the client's library may try again by itself after so many seconds.
    Soon(u64),
    /// A person or program decides; nothing is gained before so many seconds have passed.
    NotBefore(u64),
}

impl Refusal {
    /// A refusal with a message of its own: what is wrong, and what to do next.
    ///
    /// `invalid_api_key` says the same whatever went wrong with the key, so it ignores `message`.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let message = match code {
            Code::InvalidApiKey => Cow::Borrowed(code.message()),
            _ => message.into(),
        };
        let retry = match code {
            Code::Overloaded | Code::NoPolicy => Retry::Soon(1),
            Code::RateLimited => Retry::NotBefore(1),
            _ => Retry::Never,
        };
        Self {
            status: code.status(),
            code: Cow::Borrowed(code.word()),
            message,
            param: None,
            retry,
            allow: None,
        }
    }

    /// A refusal with its code's own message.
    #[must_use]
    pub fn of(code: Code) -> Self {
        Self::new(code, code.message())
    }

    /// The one message for a name that is unknown, unpublished or not on the key: whoever asks must
    /// not learn which.
    #[must_use]
    pub fn model_not_found(name: &str) -> Self {
        let message = format!(
            "The model `{name}` does not exist or this key may not use it here. \
             `GET /v1/models` lists the names it may use."
        );
        Self::new(Code::ModelNotFound, message).param("model")
    }

    /// A refusal a policy decided on, already checked against the contract.
    #[must_use]
    pub fn from_policy(status: u16, code: &str, message: &str, param: Option<&str>) -> Self {
        Self {
            status,
            code: Cow::Owned(code.to_owned()),
            message: Cow::Owned(message.to_owned()),
            param: param.map(str::to_owned),
            retry: Retry::Never,
            allow: None,
        }
    }

    /// Names the field at fault.
    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Sets when to try again.
    ///
    /// For `overloaded`, `no_policy` and `rate_limited` it replaces the default of one second. For
    /// `upstream_unreachable` it says that nothing of the body was sent, and for `spool_failed` that
    /// this may pass: only then may a client's library repeat the request by itself. Every other code
    /// is final, and stays so.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry = match (self.retry, self.code.as_ref()) {
            (Retry::Soon(_), _) => Retry::Soon(seconds),
            (Retry::NotBefore(_), _) => Retry::NotBefore(seconds),
            (Retry::Never, "upstream_unreachable") if self.status == 502 => Retry::Soon(seconds),
            (Retry::Never, "spool_failed") if self.status == 503 => Retry::Soon(seconds),
            (Retry::Never, _) => Retry::Never,
        };
        self
    }

    /// Names the methods the route has: a 405 must carry them.
    #[must_use]
    pub fn allow(mut self, methods: impl Into<String>) -> Self {
        self.allow = Some(methods.into());
        self
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What is wrong and what to do next.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The field at fault, if it is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.param.as_deref()
    }

    /// OpenAI's word for the kind of error; it follows from the status, as do the exceptions the
    /// SDKs raise.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.status {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        }
    }

    /// The JSON body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut body = br#"{"error":{"message":"#.to_vec();
        body.extend(quoted(&self.message));
        body.extend(br#","type":"#);
        body.extend(quoted(self.kind()));
        body.extend(br#","param":"#);
        match &self.param {
            Some(param) => body.extend(quoted(param)),
            None => body.extend(b"null"),
        }
        body.extend(br#","code":"#);
        body.extend(quoted(&self.code));
        body.extend(b"}}");
        body
    }

    /// The headers that belong to it. `content-length` is the door's.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let (should_retry, after) = match self.retry {
            Retry::Never => (false, None),
            Retry::Soon(seconds) => (true, Some(seconds)),
            Retry::NotBefore(seconds) => (false, Some(seconds)),
        };
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-should-retry", should_retry.to_string()),
        ];
        headers.extend(after.map(|seconds| ("retry-after", seconds.to_string())));
        headers.extend(self.allow.clone().map(|methods| ("allow", methods)));
        headers.extend((self.status == 401).then(|| ("www-authenticate", "Bearer".to_owned())));
        if self.code == Code::WebsocketNotSupported.word() {
            // RFC 9110 asks for both with a 426.
            headers.push(("upgrade", "HTTP/1.1".to_owned()));
            headers.push(("connection", "upgrade".to_owned()));
        }
        headers
    }

    /// The same inside a stream that has begun: one event with no name, which is where the SDKs look
    /// for `error`. It may be added between two events alone: see
    /// [`EventBoundary`](crate::restamp::EventBoundary).
    #[must_use]
    pub fn sse_event(&self) -> Vec<u8> {
        let mut event = b"\n\ndata: ".to_vec();
        event.extend(self.body());
        event.extend(b"\n\n");
        event
    }
}

#[cfg(test)]
mod tests;
