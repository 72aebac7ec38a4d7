//! Between the contract's generated types, of each version, and Signalbox's own words.
//!
//! Nothing is lost on the way, in either direction, with two exceptions the contract asks for:
//! only the headers, the body's members and the caller's lists that a description asked for cross
//! over; and a policy is told nothing that its version has no word for.

#[macro_use]
mod alike;
#[cfg(test)]
mod tests;
pub(crate) mod v0_1;
pub(crate) mod v0_2;

use signalbox_policy as own;

/// A request as a guest is to see it, whatever its version. Holds the lists; every string stays where
/// it was.
#[derive(Debug)]
pub(crate) struct Lowered<'a> {
    request: &'a own::Request<'a>,
    headers: Vec<own::Header<'a>>,
    body_members: Vec<(&'a str, own::BodyMember<'a>)>,
    scopes: Vec<&'a str>,
    labels: Vec<(&'a str, &'a str)>,
    models: List<'a>,
    published: List<'a>,
    datasets: List<'a>,
}

#[derive(Debug)]
enum List<'a> {
    Unasked,
    All,
    Only(Vec<&'a str>),
}

impl<'a> Lowered<'a> {
    pub(crate) fn new(request: &'a own::Request<'a>, asked: &own::Description) -> Self {
        let caller = request.caller;
        let is_asked = |header: &&own::Header<'_>| asked.headers.iter().any(|a| a == header.name);
        let headers = request.headers.iter().filter(is_asked).copied();
        let is_member = |(name, _): &&(&str, _)| asked.body_members.iter().any(|a| a == name);
        let members = request.body_members.iter().filter(is_member).copied();
        let labels = if asked.wants.labels {
            caller.labels.as_slice()
        } else {
            &[]
        };
        Self {
            request,
            headers: headers.collect(),
            body_members: members.collect(),
            scopes: caller.scopes.iter().map(String::as_str).collect(),
            labels: labels
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
            models: List::of(&caller.models, asked.wants.models),
            published: List::of(&caller.published, asked.wants.published),
            datasets: List::of(&caller.datasets, asked.wants.datasets),
        }
    }
}

impl<'a> List<'a> {
    fn of(names: &'a own::Names, is_asked: bool) -> Self {
        match names {
            _ if !is_asked => Self::Unasked,
            own::Names::All => Self::All,
            own::Names::Only(names) => Self::Only(names.iter().map(String::as_str).collect()),
        }
    }
}
