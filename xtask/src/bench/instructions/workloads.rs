//! What is counted: each workload over what it is asked for.
//!
//! How many requests one count is over depends on what a request takes: those before them, a
//! quarter as many, are not counted, so that tables, pools and caches are what they stay.

/// What is spoken on both sides of the gate; each has a gate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setup {
    Http1,
    Http2,
    Tls,
}

impl Setup {
    pub(super) const ALL: [Self; 3] = [Self::Http1, Self::Http2, Self::Tls];

    /// As the driver knows it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
            Self::Tls => "tls",
        }
    }

    /// As people know it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Tls => "HTTP/1.1, TLS",
        }
    }
}

/// Requests that are all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Workload {
    pub(super) name: &'static str,
    pub(super) requests: u32,
    setups: &'static [Setup],
    is_quick: bool,
}

impl Workload {
    pub(super) fn warm_up(&self) -> u32 {
        self.requests.div_ceil(4)
    }
}

/// What of one setup is asked for.
pub(super) fn chosen(setup: Setup, only: &[String], quick: bool) -> Vec<Workload> {
    let is_named =
        |workload: &&Workload| only.is_empty() || only.iter().any(|name| name == workload.name);
    ALL.iter()
        .filter(|workload| workload.setups.contains(&setup))
        .filter(|workload| !quick || (workload.is_quick && setup == Setup::Http1))
        .filter(is_named)
        .copied()
        .collect()
}

/// The first name that is no workload's.
pub(super) fn unknown(only: &[String]) -> Option<&String> {
    let is_known = |name: &&String| ALL.iter().any(|workload| workload.name == *name);
    only.iter().find(|name| !is_known(name))
}

/// The names, for those who wrote another.
pub(super) fn names() -> String {
    let names: Vec<&str> = ALL.iter().map(|workload| workload.name).collect();
    names.join(", ")
}

const fn workload(name: &'static str, requests: u32) -> Workload {
    Workload {
        name,
        requests,
        setups: &Setup::ALL,
        is_quick: false,
    }
}

const fn quick(name: &'static str, requests: u32) -> Workload {
    Workload {
        is_quick: true,
        ..workload(name, requests)
    }
}

/// One new connection for each request.
const fn handshake(name: &'static str) -> Workload {
    Workload {
        setups: &[Setup::Tls],
        ..workload(name, 40)
    }
}

const ALL: &[Workload] = &[
    quick("chat-small", 100),
    workload("chat-1mb", 8),
    quick("sse-500", 4),
    workload("embeddings-1mb", 8),
    quick("refused-key", 100),
    quick("refused-policy", 100),
    workload("models", 100),
    workload("form-1mb", 8),
    handshake("client-handshake-full"),
    handshake("client-handshake-resumed"),
    handshake("upstream-handshake-full"),
    handshake("upstream-handshake-resumed"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(setup: Setup, only: &[&str], quick: bool) -> Vec<&'static str> {
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        let chosen = chosen(setup, &only, quick);
        chosen.iter().map(|workload| workload.name).collect()
    }

    #[test]
    fn handshakes_are_counted_where_there_is_tls() {
        assert_eq!(names_of(Setup::Http1, &[], false).len(), 8);
        assert_eq!(names_of(Setup::Http2, &[], false).len(), 8);
        assert_eq!(names_of(Setup::Tls, &[], false).len(), 12);
    }

    #[test]
    fn quick_is_three_kinds_of_request_over_plain_http1() {
        let quick = ["chat-small", "sse-500", "refused-key", "refused-policy"];
        assert_eq!(names_of(Setup::Http1, &[], true), quick);
        assert!(names_of(Setup::Tls, &[], true).is_empty());
    }

    #[test]
    fn names_choose_and_an_unknown_one_is_found() {
        assert_eq!(names_of(Setup::Http2, &["models"], false), ["models"]);
        let only = ["models".to_owned(), "model".to_owned()];
        assert_eq!(unknown(&only), only.get(1));
    }
}
