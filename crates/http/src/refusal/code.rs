//! Every code a refusal of Signalbox itself can have, with its status and what to say by default.

/// Writes the enum and its tables from one list, so that they cannot disagree.
macro_rules! codes {
    ($($variant:ident = $word:literal, $status:literal, $message:literal;)*) => {
        /// The stable word of a refusal: programs match on it, `docs/errors.md` explains it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $word, "`, status ", $status)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the statuses.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// What to say where there is nothing more exact to say.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }
        }
    };
}

codes! {
    InvalidRequest = "invalid_request", 400,
        "The request is not one this gate accepts. Check its method, headers and framing.";
    InvalidPath = "invalid_path", 400,
        "The path is not plain. Send the route as GT documents it, without escapes, `;`, `//` or dot segments.";
    InvalidQuery = "invalid_query", 400,
        "The query is ambiguous. Name each parameter once, and put the model in the body.";
    InvalidBody = "invalid_body", 400,
        "The body is not one valid JSON object in UTF-8. Send exactly one.";
    AmbiguousModel = "ambiguous_model", 400,
        "The body names the model more than once. Send one `model`, in lower case.";
    MissingModel = "missing_model", 400,
        "The body has no `model`. Send one of the names `GET /v1/models` lists.";
    MissingConversation = "missing_conversation", 400,
        "This route needs the `X-GT-Conversation-Id` header. `POST /v1/conversations` returns one.";
    MissingHeader = "missing_header", 400,
        "The request lacks a header the route needs. Send it with a value.";
    AboveCeiling = "above_ceiling", 400,
        "The body asks for more than may be asked for here. Ask for less.";
    UnclearParameter = "unclear_parameter", 400,
        "The body has a limited parameter twice, in another case or with another type. Send it once, as documented.";
    InvalidApiKey = "invalid_api_key", 401,
        "No valid API key. Send `Authorization: Bearer <key>` once, with a key of this gate that is neither expired nor revoked.";
    InsufficientScope = "insufficient_scope", 403,
        "This key lacks a scope the route needs. Ask whoever issued it for one that has it.";
    PurposeNotAllowed = "purpose_not_allowed", 403,
        "This key is for another purpose. Use a key whose purpose is the route's.";
    DatasetNotAllowed = "dataset_not_allowed", 403,
        "This key may not upload to this dataset. Ask whoever issued it to add the dataset.";
    ConversationNotAllowed = "conversation_not_allowed", 403,
        "This key may not use conversations. Leave out `X-GT-Conversation-Id`, or use a key for conversations.";
    CallerNotAllowed = "caller_not_allowed", 403,
        "This route is for other keys. Ask whoever issued this one for a key that may call it.";
    UnknownRoute = "unknown_route", 404,
        "There is no such route. Check the base URL: it ends in `/api/tenant/v1` for OpenAI-style clients.";
    RouteNotSupported = "route_not_supported", 404,
        "This route is not supported for this client.";
    GtExtensionRoute = "gt_extension_route", 404,
        "This is a GT extension that does not pass through this policy. Call GT directly.";
    ModelNotFound = "model_not_found", 404,
        "The model does not exist or this key may not use it here. `GET /v1/models` lists the names it may use.";
    MethodNotAllowed = "method_not_allowed", 405,
        "The route exists, but not with this method.";
    RequestTimeout = "request_timeout", 408,
        "The request did not arrive in time. Send it without a pause.";
    BodyTooLarge = "body_too_large", 413,
        "The body is larger than this gate accepts. Send less, or ask for a higher limit.";
    UnsupportedMediaType = "unsupported_media_type", 415,
        "The body's type is not what the route takes. Send `content-type: application/json` and no `content-encoding`.";
    WebsocketNotSupported = "websocket_not_supported", 426,
        "This gate serves no WebSocket. Send the request over plain HTTP; streams come as server-sent events.";
    RateLimited = "rate_limited", 429,
        "This key has spent its requests for now. Wait as long as `retry-after` says.";
    TooManyStreams = "too_many_streams", 429,
        "This key has as many requests open as it may. Wait until one ends.";
    HeadTooLarge = "head_too_large", 431,
        "The request's head is too large. Send fewer or shorter headers.";
    ProxyCannotRewrite = "proxy_cannot_rewrite", 501,
        "The proxy before this gate cannot do what the policy wants done with this request. Tell the operator.";
    UpstreamUnreachable = "upstream_unreachable", 502,
        "GT could not be reached. Try again, and tell the operator if it stays so.";
    UpstreamProtocol = "upstream_protocol", 502,
        "GT answered with something this gate cannot pass on. Tell the operator.";
    UpstreamRedirect = "upstream_redirect", 502,
        "GT answered with a redirect, which is never followed. Tell the operator: the upstream URL is probably wrong.";
    UpstreamCredentialRejected = "upstream_credential_rejected", 502,
        "GT did not accept the gate's own credential. Your key is fine; tell the operator.";
    PolicyFailed = "policy_failed", 503,
        "The policy could not decide, so the request is refused. Tell the operator.";
    PolicyTimeout = "policy_timeout", 503,
        "The policy took too long to decide, so the request is refused. Tell the operator.";
    NoPolicy = "no_policy", 503,
        "The policy of this key is not loaded. Try again, and tell the operator if it stays so.";
    Overloaded = "overloaded", 503,
        "The gate has too much to do right now. Try again as `retry-after` says.";
    SpoolFailed = "spool_failed", 503,
        "The gate cannot hold this form on its disk. Send `model` before the file, then nothing is held; and tell the operator.";
    UpstreamTimeout = "upstream_timeout", 504,
        "GT did not answer in time. It may still be at work on the request.";
}
