//! What the simulator says no with: OpenAI's error shape. GT documents none; the codes are ours.

use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;

use crate::answer::{self, Body};
use crate::key::{Purpose, Scope};

/// A request refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: &'static str,
    message: String,
    param: Option<String>,
    allow: Option<Method>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: String) -> Self {
        let kind = match status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            StatusCode::INTERNAL_SERVER_ERROR => "server_error",
            _ => "invalid_request_error",
        };
        Self {
            status,
            kind,
            code,
            message,
            param: None,
            allow: None,
        }
    }

    fn param(mut self, name: &str) -> Self {
        self.param = Some(name.to_owned());
        self
    }

    pub(crate) fn unknown_url(method: &Method, path: &str) -> Self {
        let message = format!("unknown url `{method} {path}`: routes are under `/api/tenant/v1/`");
        Self::new(StatusCode::NOT_FOUND, "unknown_url", message)
    }

    pub(crate) fn method_not_allowed(allow: Method) -> Self {
        let message = format!("this route takes {allow} only");
        let mut refusal = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            message,
        );
        refusal.allow = Some(allow);
        refusal
    }

    pub(crate) fn invalid_key() -> Self {
        let message = "send one valid key as `Authorization: Bearer gtak_…`".to_owned();
        Self::new(StatusCode::UNAUTHORIZED, "invalid_api_key", message)
    }

    pub(crate) fn purpose(purpose: Purpose) -> Self {
        let word = match purpose {
            Purpose::Inference => "an inference key",
            Purpose::Upload => "an upload key",
            Purpose::Conversation => "a conversation key without the links for it",
        };
        Self::new(
            StatusCode::FORBIDDEN,
            "purpose_not_allowed",
            format!("this route is not for {word}"),
        )
    }

    pub(crate) fn scope(missing: Scope) -> Self {
        let message = format!("the key lacks the scope `{}`", missing.word());
        Self::new(StatusCode::FORBIDDEN, "missing_scope", message)
    }

    pub(crate) fn dataset_not_allowed(target: &str) -> Self {
        let message = format!("the key has no dataset target `{target}`");
        Self::new(StatusCode::FORBIDDEN, "dataset_not_allowed", message)
    }

    pub(crate) fn dataset_not_found(target: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "dataset_not_found",
            format!("there is no dataset target `{target}`"),
        )
    }

    pub(crate) fn conversation_uploads() -> Self {
        let message =
            "the key does not allow conversation-scoped uploads: link an upload key".to_owned();
        Self::new(
            StatusCode::FORBIDDEN,
            "conversation_uploads_not_allowed",
            message,
        )
    }

    pub(crate) fn missing_conversation() -> Self {
        let message = "send `X-GT-Conversation-Id`; `POST /v1/conversations` makes one".to_owned();
        Self::new(StatusCode::BAD_REQUEST, "missing_conversation", message)
    }

    pub(crate) fn conversation_not_found() -> Self {
        let message = "this key has no conversation with that id".to_owned();
        Self::new(StatusCode::NOT_FOUND, "conversation_not_found", message)
    }

    pub(crate) fn file_not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "file_not_found",
            "this key uploaded no file with that id".to_owned(),
        )
    }

    pub(crate) fn media_type(expected: &str) -> Self {
        let message = format!("send one `content-type: {expected}` and no `content-encoding`");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            message,
        )
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("a JSON body is at most {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    }

    pub(crate) fn body(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_body", message.into())
    }

    pub(crate) fn field(name: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_value", message.into()).param(name)
    }

    pub(crate) fn model_not_found(name: &str) -> Self {
        let message = format!("the model `{name}` does not exist or the key has no access to it");
        Self::new(StatusCode::NOT_FOUND, "model_not_found", message).param("model")
    }

    pub(crate) fn model_not_supported(name: &str) -> Self {
        let message = format!("`{name}` cannot be used on this route");
        Self::new(StatusCode::BAD_REQUEST, "model_not_supported", message).param("model")
    }

    pub(crate) fn no_randomness() -> Self {
        let message = "the system gives no random bytes".to_owned();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    pub(crate) fn response(self) -> Response<Body> {
        let error = json!({"error": {
            "message": self.message, "type": self.kind, "param": self.param, "code": self.code,
        }});
        let mut response = answer::json(&error);
        *response.status_mut() = self.status;
        if let Some(allow) = self
            .allow
            .and_then(|method| HeaderValue::from_str(method.as_str()).ok())
        {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        response
    }
}
