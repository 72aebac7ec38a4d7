//! What a refusal says: each names what is wrong and what to do next.
//!
//! Text is joined from pieces, not formatted: the formatting machinery would be half the engine.

use alloc::{string::String, string::ToString, vec::Vec};

use super::Check;
use crate::{Purposes, Refusal, Request, RouteRule, gt::CONVERSATION_HEADER};

/// A refusal, and the check that failed.
#[derive(Debug)]
pub(crate) struct Refused {
    #[cfg_attr(
        not(feature = "document"),
        expect(dead_code, reason = "only explanations ask")
    )]
    pub(crate) check: Check,
    pub(crate) refusal: Refusal,
}

pub(super) fn unknown_route(request: &Request<'_>, nearest: Option<RouteRule<'_>>) -> Refused {
    let mut message = join(&[
        "There is no route ",
        clip(request.method),
        " ",
        clip(request.path),
        ".",
    ]);
    if let Some(route) = nearest {
        message += &join(&[" The nearest is ", route.method, " ", route.template, "."]);
    }
    refused(
        Check::Route,
        404,
        "unknown_route",
        &message,
        None,
        "no template matches the path",
    )
}

pub(super) fn method_not_allowed<'a>(
    request: &Request<'_>,
    taken: impl Iterator<Item = &'a str>,
) -> Refused {
    let taken: Vec<&str> = taken.collect();
    let message = join(&[
        clip(request.path),
        " takes ",
        &taken.join(", "),
        ", not ",
        clip(request.method),
        ".",
    ]);
    refused(
        Check::Method,
        405,
        "method_not_allowed",
        &message,
        None,
        "method not in the policy",
    )
}

pub(super) fn route_not_supported(route: &RouteRule<'_>) -> Refused {
    let message = join(&[
        &route_name(route),
        " is not supported here",
        &because(route),
    ]);
    refused(
        Check::Verdict,
        404,
        "route_not_supported",
        &message,
        None,
        "verdict: not_supported",
    )
}

/// A route that GT has and this policy does not forward: an extension, or a native route an
/// operator closed.
pub(super) fn route_refused(route: &RouteRule<'_>) -> Refused {
    let name = route_name(route);
    if route.verdict == crate::Verdict::Native {
        let message = join(&[&name, " is closed by this policy", &because(route)]);
        return refused(
            Check::Verdict,
            404,
            "route_not_supported",
            &message,
            None,
            CLOSED,
        );
    }
    let message = join(&[
        &name,
        " is a GT extension and does not pass here. Call GT itself",
        &because(route),
    ]);
    refused(
        Check::Verdict,
        404,
        "gt_extension_route",
        &message,
        None,
        CLOSED,
    )
}

pub(super) fn purpose_not_allowed(route: &RouteRule<'_>) -> Refused {
    let message = join(&[
        &route_name(route),
        " needs a key with the purpose ",
        &purposes(route.purposes),
        ". This key was made for something else.",
    ]);
    refused(
        Check::Purpose,
        403,
        "purpose_not_allowed",
        &message,
        None,
        "purpose not on the key",
    )
}

pub(super) fn insufficient_scope(route: &RouteRule<'_>, missing: &str) -> Refused {
    let message = join(&[
        &route_name(route),
        " needs the scope `",
        missing,
        "`, which this key does not hold. Use a key that has it.",
    ]);
    refused(
        Check::Scope,
        403,
        "insufficient_scope",
        &message,
        None,
        "scope not on the key",
    )
}

pub(super) fn dataset_not_allowed(dataset: &str) -> Refused {
    let message = join(&[
        "The dataset `",
        clip(dataset),
        "` is not on this key. Use a key that names it as a target.",
    ]);
    refused(
        Check::Dataset,
        403,
        "dataset_not_allowed",
        &message,
        None,
        "dataset not on the key",
    )
}

pub(super) fn conversation_not_allowed() -> Refused {
    let message = join(&[
        "`",
        CONVERSATION_HEADER,
        "` needs a key with the purpose `conversation`. Use such a key, or leave the header out.",
    ]);
    let param = Some(CONVERSATION_HEADER);
    let reason = "conversation header without the purpose";
    refused(
        Check::Conversation,
        403,
        "conversation_not_allowed",
        &message,
        param,
        reason,
    )
}

pub(super) fn missing_conversation(route: &RouteRule<'_>) -> Refused {
    let message = join(&[
        &route_name(route),
        " needs the header `",
        CONVERSATION_HEADER,
        "`. Create a conversation with POST /v1/conversations first.",
    ]);
    let param = Some(CONVERSATION_HEADER);
    let reason = "required header absent";
    refused(
        Check::RequiredHeader,
        400,
        "missing_conversation",
        &message,
        param,
        reason,
    )
}

pub(super) fn missing_header(route: &RouteRule<'_>, name: &str) -> Refused {
    let message = join(&[
        &route_name(route),
        " needs the header `",
        name,
        "`. Send it with a value.",
    ]);
    let reason = "required header absent";
    refused(
        Check::RequiredHeader,
        400,
        "missing_header",
        &message,
        Some(name),
        reason,
    )
}

pub(super) fn caller_not_allowed(route: &RouteRule<'_>) -> Refused {
    let message = join(&[
        &route_name(route),
        " is not for this key. Ask whoever runs this gate for a key that may call it.",
    ]);
    let reason = "no rule under `callers` lets this key call the route";
    refused(
        Check::Caller,
        403,
        "caller_not_allowed",
        &message,
        None,
        reason,
    )
}

pub(super) fn above_ceiling(member: &str, asked: &str, most: &str) -> Refused {
    let message = join(&[
        "`",
        member,
        "` is ",
        clip(asked),
        ", and at most ",
        most,
        " may be asked for here. Ask for less, or leave it out.",
    ]);
    let reason = "above a ceiling";
    refused(
        Check::Ceilings,
        400,
        "above_ceiling",
        &message,
        Some(member),
        reason,
    )
}

/// `wanted` is what the member has to be.
pub(super) fn unclear_parameter(member: &str, wanted: &str) -> Refused {
    let message = join(&[
        "`",
        member,
        "` must be there once at most, written like this, and be ",
        wanted,
        ": what may be asked for is limited here.",
    ]);
    let reason = "a member with a ceiling is unclear";
    refused(
        Check::Ceilings,
        400,
        "unclear_parameter",
        &message,
        Some(member),
        reason,
    )
}

pub(super) fn missing_model(route: &RouteRule<'_>) -> Refused {
    let message = join(&[
        "The body of ",
        &route_name(route),
        " has no `model`. Name one that `GET /v1/models` lists.",
    ]);
    let reason = "no model in the body";
    refused(
        Check::ModelPresent,
        400,
        "missing_model",
        &message,
        Some("model"),
        reason,
    )
}

/// Word for word what `signalbox-http` says where the host finds no model: a client cannot tell one
/// from the other. A test between the two crates compares them.
pub(super) fn model_not_found(check: Check, written: &str) -> Refused {
    let message = join(&[
        "The model `",
        clip(written),
        "` does not exist or this key may not use it here. \
         `GET /v1/models` lists the names it may use.",
    ]);
    let reason = match check {
        Check::ModelEndpoint => "the model's `for` does not have this route",
        Check::ModelForCaller => "the model is not for this caller",
        Check::ModelOnKey => "model not on the key",
        _ => "no rule for the model",
    };
    refused(
        check,
        404,
        "model_not_found",
        &message,
        Some("model"),
        reason,
    )
}

fn route_name(route: &RouteRule<'_>) -> String {
    join(&[route.method, " ", route.template])
}

/// The reason a document gives, as the end of a sentence.
fn because(route: &RouteRule<'_>) -> String {
    match route.because {
        Some(because) if because.ends_with(['.', '!', '?']) => join(&[": ", because]),
        Some(because) => join(&[": ", because, "."]),
        None => ".".to_string(),
    }
}

fn purposes(purposes: Purposes) -> String {
    let words: Vec<String> = purposes
        .iter()
        .map(|it| join(&["`", it.word(), "`"]))
        .collect();
    words.join(" or ")
}

fn refused(
    check: Check,
    status: u16,
    code: &str,
    message: &str,
    param: Option<&str>,
    reason: &str,
) -> Refused {
    let refusal = Refusal {
        status,
        code: code.to_string(),
        message: clip_to(message, LONGEST_MESSAGE).to_string(),
        param: param.map(ToString::to_string),
        reason: reason.to_string(),
    };
    Refused { check, refusal }
}

/// A number in decimal.
pub(super) fn decimal(number: u64) -> String {
    let mut digits = Vec::new();
    let mut rest = number;
    loop {
        digits.push(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(*digit))
        .collect()
}

fn join(pieces: &[&str]) -> String {
    pieces.concat()
}

/// What a client sent, short enough to be quoted.
fn clip(text: &str) -> &str {
    clip_to(text, 256)
}

fn clip_to(text: &str, longest: usize) -> &str {
    let mut end = longest.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

const CLOSED: &str = "action: refuse";

/// The contract's limit for a message, in bytes.
const LONGEST_MESSAGE: usize = 2048;
