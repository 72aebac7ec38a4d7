//! The order of checks: the list in `docs/design.md`, held to what the gate does, any two at a time.

use std::path::Path;
use std::sync::Arc;

use http::Version;
use signalbox_gate::Framed;

use crate::door::{Asked, play};
use crate::fixture::{Engine, POLICY, gate_of, head};

/// How a request breaks rules: what several breaks have in common can be set once.
#[derive(Clone, Copy, Debug, Default)]
struct Broken {
    target: Option<&'static str>,
    key: Option<Key>,
    is_conversing: bool,
    head: bool,
    syntax: bool,
    path: bool,
    query: bool,
    method: bool,
    encoding: bool,
    length: bool,
    body: bool,
    model: bool,
    ceiling: bool,
}

/// Keys from the one that may least: each breaks the rules of those after it as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Nobody,
    WrongPurpose,
    NoScope,
    NoDataset,
    NoConversation,
    /// It lacks nothing, but may ask once a minute.
    Spent,
}

impl Key {
    fn name(self, target: &str) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::WrongPurpose if target.starts_with("/v1/datasets/") => "no-upload",
            Self::WrongPurpose => "wrong-purpose",
            Self::NoScope => "no-scope",
            Self::NoDataset => "no-dataset",
            Self::NoConversation => "inferring",
            Self::Spent => "spent",
        }
    }
}

const CHAT: &str = "/v1/chat/completions";
const EMBEDDINGS: &str = "/v1/embeddings";
const CONVERSATION_FILES: &str = "/v1/conversations/files";

/// Each check of the list: what it refuses with, and how a request fails it; `None` if that cannot be
/// together with what is broken already.
type Break = fn(Broken) -> Option<Broken>;
const CHECKS: &[(&str, &str, Break)] = &[
    ("head", "head_too_large", |it| {
        Some(Broken { head: true, ..it })
    }),
    ("syntax", "invalid_request", |it| {
        Some(Broken { syntax: true, ..it })
    }),
    ("key", "invalid_api_key", |it| with_key(it, Key::Nobody)),
    ("path", "invalid_path", |it| {
        Some(Broken { path: true, ..it })
    }),
    ("query", "invalid_query", |it| {
        Some(Broken { query: true, ..it })
    }),
    ("route", "unknown_route", |it| at("/v1/nothing", it)),
    ("method", "method_not_allowed", |it| {
        Some(Broken { method: true, ..it })
    }),
    ("verdict", "route_not_supported", |it| {
        at("/v1/audio/speech", it)
    }),
    ("purpose", "purpose_not_allowed", |it| {
        with_key(it, Key::WrongPurpose)
    }),
    ("scope", "insufficient_scope", |it| {
        with_key(it, Key::NoScope)
    }),
    ("dataset", "dataset_not_allowed", |it| {
        with_key(at("/v1/datasets/other/files", it)?, Key::NoDataset)
    }),
    ("conversation", "conversation_not_allowed", |it| {
        with_key(
            Broken {
                is_conversing: true,
                ..it
            },
            Key::NoConversation,
        )
    }),
    ("caller", "caller_not_allowed", |it| at(EMBEDDINGS, it)),
    ("header", "missing_conversation", |it| {
        at(CONVERSATION_FILES, it)
    }),
    ("type", "unsupported_media_type", |it| {
        Some(Broken {
            encoding: true,
            ..it
        })
    }),
    ("length", "body_too_large", |it| {
        Some(Broken { length: true, ..it })
    }),
    ("rate", "rate_limited", |it| with_key(it, Key::Spent)),
    ("body", "invalid_body", |it| {
        at(CHAT, Broken { body: true, ..it })
    }),
    ("model", "model_not_found", |it| {
        at(CHAT, Broken { model: true, ..it })
    }),
    ("ceiling", "above_ceiling", |it| {
        at(
            CHAT,
            Broken {
                ceiling: true,
                ..it
            },
        )
    }),
];

/// Neighbours that no request can break both of, beside those whose paths differ: a conversation is
/// refused only if it is named, and missing only if it is not.
const EXCLUSIVE: &[[&str; 2]] = &[["route", "method"], ["caller", "header"]];

/// The policy of the fixture, with a route that is for others and a ceiling.
fn policy() -> String {
    let limited = POLICY.replace(
        "published: support-agent}",
        "published: support-agent, ceilings: {n: 1}}",
    );
    let routes = POLICY.lines().filter_map(|line| {
        let (route, _) = line.strip_prefix("  ")?.split_once(": {verdict")?;
        (!route.contains(EMBEDDINGS)).then(|| format!("\"{route}\""))
    });
    let routes: Vec<_> = routes.collect();
    let routes = routes.join(", ");
    format!("{limited}callers:\n  everyone: {{routes: [{routes}]}}\n")
}

fn at(target: &'static str, it: Broken) -> Option<Broken> {
    let is_free = it.target.is_none_or(|other| other == target);
    is_free.then_some(Broken {
        target: Some(target),
        ..it
    })
}

fn with_key(it: Broken, key: Key) -> Option<Broken> {
    // The key that is spent lacks nothing else, and one that lacks something is never spent.
    let goes = |other: Key| other == Key::Nobody || (other == Key::Spent) == (key == Key::Spent);
    let key = match it.key {
        Some(other) if key != Key::Nobody && !goes(other) => return None,
        Some(other) => other.min(key),
        None => key,
    };
    Some(Broken {
        key: Some(key),
        ..it
    })
}

impl Broken {
    /// Whether what is broken is so for one request: its parts fit.
    fn is_possible(&self) -> bool {
        let lacks = |key| self.key == Some(key);
        let target = self.target.unwrap_or(CHAT);
        match target {
            // What is no route has no methods.
            "/v1/nothing" => !self.method,
            // It takes any scope, and has to name a conversation.
            CONVERSATION_FILES => !self.is_conversing && !lacks(Key::NoScope),
            _ => true,
        }
    }

    fn asked(&self) -> Asked {
        let target = self.target.unwrap_or(CHAT);
        let key = self.key.map_or("all", |key| key.name(target));
        let key = format!("Bearer token-{key}");
        let mut uri = target.to_owned();
        if self.path {
            uri.insert(0, '/');
            uri = uri.replace("//", "/%2e/");
        }
        if self.query {
            uri.push_str("?model=x");
        }
        let long = "x".repeat(70_000);
        let mut headers = vec![
            ("content-type", "application/json"),
            ("authorization", &key),
        ];
        if self.encoding {
            headers.push(("content-encoding", "gzip"));
        }
        if self.is_conversing {
            headers.push(("x-gt-conversation-id", "conv_1"));
        }
        if self.head {
            headers.push(("x-long", &long));
        }
        let method = if self.method { "PUT" } else { "POST" };
        let model = if self.model { "nobody" } else { "gpt-4o" };
        let answers = if self.ceiling { 2 } else { 1 };
        let messages = if self.body { "[" } else { "[]" };
        let body = format!(r#"{{"model":"{model}","n":{answers},"messages":{messages}}}"#);
        let mut asked = Asked::new(head(method, &uri, &headers), body.as_bytes());
        if self.head {
            asked.head.version = Version::HTTP_2;
        }
        if self.syntax {
            asked.framing = Framed::Twice;
        }
        if self.length {
            asked.declared = Some(1 << 40);
        }
        asked
    }
}

#[test]
fn of_two_broken_rules_the_first_in_the_list_is_named() {
    let documented = documented();
    let names: Vec<_> = CHECKS.iter().map(|(name, ..)| *name).collect();
    let rows: Vec<_> = documented.iter().map(|(name, _)| &**name).collect();
    assert_eq!(rows, names, "{PAGE}");
    for ((name, code, _), (_, codes)) in CHECKS.iter().zip(&documented) {
        assert!(codes.contains(code), "{PAGE}, {name}: {codes}");
    }
    for engine in [Engine::Known, Engine::Unknown] {
        let gate = gate_of(&policy(), &Arc::default(), engine, |_, _| {});
        let spend = Broken {
            key: Some(Key::Spent),
            ..Broken::default()
        };
        let upstream = crate::door::Upstream::json(200, "{}");
        assert_eq!(play(&gate, spend.asked(), &[upstream]).status, 200);
        for (index, (name, code, breaks)) in CHECKS.iter().enumerate() {
            let once = breaks(Broken::default()).unwrap();
            assert_eq!(play(&gate, once.asked(), &[]).code(), *code, "{name}");
            for (later, (other, _, breaks_too)) in CHECKS.iter().enumerate().skip(index + 1) {
                let both = breaks_too(once).filter(Broken::is_possible);
                if later == index + 1 {
                    let is_exclusive = EXCLUSIVE.contains(&[name, other]);
                    assert_eq!(both.is_none(), is_exclusive, "{name}, {other}");
                }
                let Some(both) = both else { continue };
                for comes_whole in [false, true] {
                    let mut asked = both.asked();
                    asked.comes_whole = comes_whole && !both.length;
                    let told = play(&gate, asked, &[]);
                    assert_eq!(told.code(), *code, "{name} before {other}: {both:?}");
                    assert_eq!(told.sent, []);
                }
            }
        }
    }
}

const PAGE: &str = "docs/design.md";

/// The checks in the order of the page's list, each with what it refuses with.
fn documented() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join(PAGE)).unwrap();
    let (_, section) = page.split_once("## Order of checks\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let cells = rows.skip(2).map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        (cells[2].to_owned(), cells[5].to_owned())
    });
    cells.collect()
}
