//! Which of a client's headers go to GT.

use signalbox_http::head;
use signalbox_policy::gt::CONVERSATION_HEADER;

use crate::request::client_head::length_bit;

/// Which of a client's headers go to GT: [`head::request_header_passes`] with what the policy says,
/// as a plan keeps it. Of most names their length alone tells that they are none of these.
#[derive(Debug)]
pub(crate) struct AllowedHeaders {
    /// In lower case, as heads have them.
    names: Vec<Box<str>>,
    /// One bit for each length that one of them has.
    lengths: u64,
    /// Of the many names that only begin in a known way.
    dropped: Vec<String>,
}

impl AllowedHeaders {
    /// `listed` are those the route passes on beside the ones that every route does, `dropped` those
    /// the decision takes away.
    pub(crate) fn new(listed: &[String], dropped: &[String], takes_conversation: bool) -> Self {
        let passes = |name: &&str| {
            head::request_header_passes(name, listed, takes_conversation) && !is_in(dropped, name)
        };
        let names = head::passing_names()
            .iter()
            .copied()
            .chain([CONVERSATION_HEADER])
            .chain(listed.iter().map(String::as_str))
            .filter(passes);
        let names: Vec<Box<str>> = names.map(|name| name.to_ascii_lowercase().into()).collect();
        Self {
            lengths: names.iter().fold(0, |all, name| all | length_bit(name)),
            names,
            dropped: dropped.to_vec(),
        }
    }

    /// Whether a header of this name goes to GT.
    pub(crate) fn have(&self, name: &str) -> bool {
        let has_length = self.lengths & length_bit(name) != 0;
        has_length && self.names.iter().any(|one| **one == *name)
            || head::is_sdk_header(name) && !is_in(&self.dropped, name)
    }
}

fn is_in(names: &[String], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &[
        "accept",
        "accept-encoding",
        "accept-language",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "idempotency-key",
        "openai-api-key",
        "openai-organization",
        "traceparent",
        "tracestate",
        "user-agent",
        "x-custom",
        "x-forwarded-for",
        "x-gt-conversation-id",
        "x-gt-user",
        "x-request-id",
        "x-signalbox-decision",
        "x-stainless-lang",
        "x-stainless-token",
    ];

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn it_is_the_allow_list_without_what_is_dropped() {
        let others = [&[], &["no name", ""][..]];
        let upper: Vec<String> = NAMES.iter().map(|name| name.to_uppercase()).collect();
        let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
        let lists = others.into_iter().chain([NAMES, &upper]);
        let lists: Vec<Vec<String>> = lists
            .chain(NAMES.iter().map(std::slice::from_ref))
            .map(texts)
            .collect();
        for (listed, dropped) in lists.iter().flat_map(|a| lists.iter().map(move |b| (a, b))) {
            for takes_conversation in [false, true] {
                let allowed = AllowedHeaders::new(listed, dropped, takes_conversation);
                for name in NAMES {
                    let passes = head::request_header_passes(name, listed, takes_conversation)
                        && !is_in(dropped, name);
                    assert_eq!(allowed.have(name), passes, "{name} {listed:?}");
                }
            }
        }
    }
}
