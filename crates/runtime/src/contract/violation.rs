//! In which ways an answer is outside the contract.

use crate::Detail;

/// The rule of the contract that an answer of `decide` broke. Text in it is the guest's, cut short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The code is not of the form `[a-z0-9_]{1,64}`.
    #[error("refused with code `{0}`, which is not of the form [a-z0-9_]{{1,64}}")]
    Code(String),
    /// A text of a refusal has control characters that the client did not send.
    #[error("refused with control characters in its {0}")]
    Control(&'static str),
    /// Sets one header twice.
    #[error("sets header `{0}` twice")]
    DoubledHeader(String),
    /// Drops a header that is the host's business, or that is none.
    #[error("drops header `{0}`")]
    DropHeader(String),
    /// A route with a model was forwarded before the model was known.
    #[error("forwarded to `{0}` before the model name was read")]
    ForwardUnread(String),
    /// A label that does not fit in a log line.
    #[error("gave label `{0}` of an illegal form")]
    Label(String),
    /// A list of models where none was asked for: only `GET /v1/models` gets one.
    #[error("answered with a list of models where none was asked for")]
    ListModels,
    /// The message is longer than 2 KiB.
    #[error("refused with a message of {0} bytes")]
    MessageLength(usize),
    /// The method of the route forwarded to is not the request's.
    #[error("forwarded to `{0}`, which has another method than the request")]
    Method(String),
    /// The client named a model, and the request would be forwarded without one.
    #[error("forwarded to `{0}` without a model although one was named")]
    ModelMissing(String),
    /// A name that is empty, longer than 256 bytes, or holds control characters.
    #[error("gave the name `{0}` of an illegal form")]
    ModelName(String),
    /// A model was given where the client named none, or the route takes none.
    #[error("forwarded to `{0}` with a model that was not asked for")]
    ModelUnasked(String),
    /// The description says that the route is never forwarded.
    #[error("forwarded to `{0}`, which its description does not forward")]
    NotForwarded(String),
    /// A notice that is empty, longer than 256 bytes, or no visible ASCII with spaces between.
    #[error("gave the notice `{0}`, which no header can carry")]
    Notice(String),
    /// The value of a parameter is not 1 to 128 of `A–Z a–z 0–9 - _ . ~`, or is `.` or `..`.
    #[error("gave parameter `{0}` an illegal value")]
    Parameter(String),
    /// The parameters are not those of the template, in its order.
    #[error("forwarded to `{0}` with parameters that do not fit its template")]
    Parameters(String),
    /// The query has illegal characters, or a name the route does not list, or one twice.
    #[error("forwarded with the query `{0}`, which the route does not take")]
    Query(String),
    /// Asked for the model name when it was known already, or on a route that has none.
    #[error("asked for the model name where there is none to read")]
    ReadModel,
    /// The index of the route is beyond those described.
    #[error("forwarded along route {0}, and describes fewer")]
    RouteIndex(u32),
    /// Sets a header that is the host's business, or that is none.
    #[error("sets header `{0}`")]
    SetHeader(String),
    /// Sets a header to bytes that no header may hold.
    #[error("sets header `{0}` to an illegal value")]
    SetHeaderValue(String),
    /// The status is not in 400 to 499.
    #[error("refused with status {0}")]
    Status(u16),
    /// A part of the answer is larger than the contract allows.
    #[error("gave more {0} than the contract allows")]
    TooMuch(&'static str),
    /// The route is not one that was described.
    #[error("forwarded to `{0}`, which its description does not have")]
    UnknownRoute(String),
    /// A name in a list is not one that the catalogue lists.
    #[error("listed `{0}`, which its catalogue does not list")]
    UnlistedModel(String),
    /// The answer is no value of its type, points outside the guest's memory, is not UTF-8, or is
    /// larger than the host copies.
    #[error("gave an answer that cannot be read: {0}")]
    Unreadable(Detail),
}
