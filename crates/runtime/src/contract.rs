//! The table of legal answers: what the contract allows `decide` to say.
//!
//! | the request's model | legal |
//! | --- | --- |
//! | `unread` | a route without a model: forward, list models, or refuse |
//! | `unread` | a route with a model: ask for it, or refuse |
//! | `absent` | forward without a model, or refuse |
//! | `named` | forward with a model, or refuse |
//!
//! An answer that passed can be acted on without another look at its form. What the caller's key
//! allows is not looked at here: those are the host's fences.

mod headers;
mod violation;

pub(crate) use self::headers::{is_name, is_reserved};
pub use self::violation::Violation;

use std::collections::HashSet;

use signalbox_policy::{
    BodyMember, Decision, Forward, ListMode, ModelSource, Refusal, Request, RequestedModel,
    RouteDescription, limits,
};

use crate::{detail, interface::Surface};

/// Checks an answer against the table.
pub(crate) fn check(
    decision: &Decision,
    request: &Request<'_>,
    surface: &Surface,
) -> Result<(), Violation> {
    match decision {
        Decision::Forward(forward) => check_forward(forward, request, surface),
        Decision::ListModels(mode) => check_list(mode, request, surface),
        Decision::ReadModel => check_read(request, surface),
        Decision::Refuse(refusal) => check_refusal(refusal, request),
    }
}

impl Surface {
    /// Whether a host would act on an answer to a request, by the table of legal answers. What the
    /// caller's key allows is not looked at.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn check(&self, decision: &Decision, request: &Request<'_>) -> Result<(), Violation> {
        check(decision, request, self)
    }
}

fn check_forward(
    forward: &Forward,
    request: &Request<'_>,
    surface: &Surface,
) -> Result<(), Violation> {
    let Some(route) = surface.description.route(forward.route) else {
        return Err(Violation::RouteIndex(forward.route.0));
    };
    let name = || quote(&route.name());
    if !route.forwarded {
        return Err(Violation::NotForwarded(name()));
    }
    if route.method != request.method {
        return Err(Violation::Method(name()));
    }
    let takes_model = route.model != ModelSource::None;
    match (request.model, &forward.model) {
        (RequestedModel::Unread, _) if takes_model => return Err(Violation::ForwardUnread(name())),
        (RequestedModel::Named(_), None) => return Err(Violation::ModelMissing(name())),
        (RequestedModel::Named(_), Some(_)) if takes_model => {}
        (_, Some(_)) => return Err(Violation::ModelUnasked(name())),
        (RequestedModel::Unread | RequestedModel::Absent, None) => {}
    }
    check_names(forward, request)?;
    check_parameters(forward, route)?;
    check_query(forward, route)?;
    check_headers(forward)?;
    check_notice(forward)?;
    check_labels(forward)
}

/// What the client wrote itself may go back to it, and to GT unchanged, whatever it looks like: a
/// client must not be able to make an honest policy look broken.
fn check_names(forward: &Forward, request: &Request<'_>) -> Result<(), Violation> {
    let is_written = |name: &str| request.model == RequestedModel::Named(name);
    let mut names = forward.model.iter().chain(&forward.response_model);
    match names.find(|name| !is_model_name(name) && !is_written(name)) {
        Some(name) => Err(Violation::ModelName(quote(name))),
        None => Ok(()),
    }
}

fn check_parameters(forward: &Forward, route: &RouteDescription) -> Result<(), Violation> {
    let given = forward.parameters.iter().map(|(name, _)| name.as_str());
    if !parameters(&route.template).eq(given) {
        return Err(Violation::Parameters(quote(&route.name())));
    }
    match forward
        .parameters
        .iter()
        .find(|(_, value)| !is_segment(value))
    {
        Some((name, _)) => Err(Violation::Parameter(quote(name))),
        None => Ok(()),
    }
}

fn check_query(forward: &Forward, route: &RouteDescription) -> Result<(), Violation> {
    let Some(query) = &forward.query else {
        return Ok(());
    };
    let violation = || Violation::Query(quote(query));
    // Visible ASCII without `#`: nothing that could end the request line or start a fragment.
    if query.len() > MAX_QUERY
        || query
            .bytes()
            .any(|byte| !byte.is_ascii_graphic() || byte == b'#')
    {
        return Err(violation());
    }
    let mut seen = HashSet::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        if !route.query.iter().any(|listed| listed == name) || !seen.insert(name) {
            return Err(violation());
        }
    }
    Ok(())
}

fn check_headers(forward: &Forward) -> Result<(), Violation> {
    let bytes = |size: usize, header: &signalbox_policy::HeaderBuf| {
        size.saturating_add(header.name.len())
            .saturating_add(header.value.len())
    };
    if forward.set_headers.iter().fold(0, bytes) > MAX_HEADER_BYTES
        || forward.set_headers.len() > MAX_HEADERS
        || forward.drop_headers.len() > MAX_HEADERS
    {
        return Err(Violation::TooMuch("headers"));
    }
    for (position, header) in forward.set_headers.iter().enumerate() {
        let name = header.name.as_str();
        if !is_name(name) || is_reserved(name) {
            return Err(Violation::SetHeader(quote(name)));
        }
        if !headers::is_value(&header.value) {
            return Err(Violation::SetHeaderValue(quote(name)));
        }
        if forward
            .set_headers
            .iter()
            .take(position)
            .any(|earlier| earlier.name == name)
        {
            return Err(Violation::DoubledHeader(quote(name)));
        }
    }
    match forward
        .drop_headers
        .iter()
        .find(|name| !is_name(name) || is_reserved(name))
    {
        Some(name) => Err(Violation::DropHeader(quote(name))),
        None => Ok(()),
    }
}

/// It becomes a header of the response: nothing in it may end a line, or need a decoder.
fn check_notice(forward: &Forward) -> Result<(), Violation> {
    let is_legal = |notice: &String| {
        let is_shown = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        (1..=limits::NOTICE).contains(&notice.len())
            && notice.bytes().all(is_shown)
            && notice.trim_ascii() == notice
    };
    match forward.notice.iter().find(|notice| !is_legal(notice)) {
        Some(notice) => Err(Violation::Notice(quote(notice))),
        None => Ok(()),
    }
}

fn check_labels(forward: &Forward) -> Result<(), Violation> {
    if forward.labels.len() > MAX_LABELS {
        return Err(Violation::TooMuch("labels"));
    }
    let is_legal = |(name, value): &&(String, String)| {
        is_word(name) && value.len() <= MAX_NAME && !value.chars().any(char::is_control)
    };
    match forward.labels.iter().find(|label| !is_legal(label)) {
        Some((name, _)) => Err(Violation::Label(quote(name))),
        None => Ok(()),
    }
}

/// There is a model name to read: the host goes by the route it finds in the description.
fn check_read(request: &Request<'_>, surface: &Surface) -> Result<(), Violation> {
    let has_model = |route: &RouteDescription| {
        route.model != ModelSource::None
            && route.method == request.method
            && takes(&route.template, request.path)
    };
    let is_first = request.model == RequestedModel::Unread;
    if is_first && surface.description.routes.iter().any(has_model) {
        return Ok(());
    }
    Err(Violation::ReadModel)
}

fn check_list(mode: &ListMode, request: &Request<'_>, surface: &Surface) -> Result<(), Violation> {
    let is_list = (request.method, request.path) == ("GET", "/v1/models");
    if !is_list || request.model != RequestedModel::Unread {
        return Err(Violation::ListModels);
    }
    let ListMode::Only(names) = mode else {
        return Ok(());
    };
    match names
        .iter()
        .find(|name| !surface.catalogue.get(name).is_some_and(|it| it.is_listed))
    {
        Some(name) => Err(Violation::UnlistedModel(quote(name))),
        None => Ok(()),
    }
}

fn check_refusal(refusal: &Refusal, request: &Request<'_>) -> Result<(), Violation> {
    if !(400..=499).contains(&refusal.status) {
        return Err(Violation::Status(refusal.status));
    }
    if !is_word(&refusal.code) {
        return Err(Violation::Code(quote(&refusal.code)));
    }
    if refusal.message.len() > MAX_MESSAGE {
        return Err(Violation::MessageLength(refusal.message.len()));
    }
    if refusal.reason.len() > MAX_MESSAGE {
        return Err(Violation::TooMuch("reason"));
    }
    if refusal
        .param
        .as_ref()
        .is_some_and(|param| param.len() > MAX_NAME)
    {
        return Err(Violation::TooMuch("param"));
    }
    let texts = [
        ("message", Some(&refusal.message)),
        ("reason", Some(&refusal.reason)),
        ("param", refusal.param.as_ref()),
    ];
    let is_printable = |text: &String| {
        let mut controls = text.chars().filter(|c| c.is_control());
        controls.all(|c| is_sent(request, c))
    };
    match texts
        .into_iter()
        .find(|(_, text)| !text.is_none_or(is_printable))
    {
        Some((name, _)) => Err(Violation::Control(name)),
        None => Ok(()),
    }
}

/// Whether a character is in what the client sent, which a refusal may quote. As with names, a
/// client must not be able to make an honest policy look broken.
fn is_sent(request: &Request<'_>, c: char) -> bool {
    let named = match request.model {
        RequestedModel::Named(name) => Some(name),
        RequestedModel::Unread | RequestedModel::Absent => None,
    };
    let head = [Some(request.path), request.query, named];
    let members = request.body_members.iter();
    let told = members.filter_map(|(_, value)| match value {
        BodyMember::Text(text) => Some(*text),
        BodyMember::Integer(_) | BodyMember::Unclear(_) => None,
    });
    let mut texts = head.into_iter().flatten().chain(told);
    texts.any(|text| text.contains(c))
        || (request.headers.iter()).any(|header| {
            let mut bytes = [0; 4];
            let c = c.encode_utf8(&mut bytes).as_bytes();
            header.value.windows(c.len()).any(|found| found == c)
        })
}

/// Whether a path is one of a template's.
fn takes(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let fits = template.split('/').all(|part| {
        segments
            .next()
            .is_some_and(|segment| part == segment || part.starts_with('{'))
    });
    fits && segments.next().is_none()
}

/// The names of a template's parameters, in order.
pub(crate) fn parameters(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter_map(|segment| {
        segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
    })
}

/// Whether a text can stand for one segment of a path without a second meaning.
pub(crate) fn is_segment(text: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    (1..=128).contains(&text.len())
        && text.bytes().all(is_unreserved)
        && text != "."
        && text != ".."
}

/// Whether a text can be a model's name, written or published.
pub(crate) fn is_model_name(name: &str) -> bool {
    is_line(name, MAX_NAME)
}

/// Whether a text is one line for people.
pub(crate) fn is_line(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Whether a text is of the form `[a-z0-9_]{1,64}`.
pub(crate) fn is_word(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(is_legal)
}

fn quote(text: &str) -> String {
    detail::excerpt(text, 100)
}

const MAX_NAME: usize = 256;
const MAX_MESSAGE: usize = 2 << 10;
/// Less than servers commonly take for a whole request line.
const MAX_QUERY: usize = 4 << 10;
const MAX_HEADERS: usize = 32;
const MAX_HEADER_BYTES: usize = 16 << 10;
const MAX_LABELS: usize = 16;

#[cfg(test)]
mod tests;
