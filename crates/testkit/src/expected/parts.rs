//! The parts of an answer, by what they are.

use std::collections::BTreeMap;

use signalbox_cases::Answer;
use signalbox_policy::Forward;

/// Each part of an answer, by what it is.
pub(super) type Parts = BTreeMap<String, String>;

pub(super) fn parts(answer: &Answer) -> Parts {
    match answer {
        Answer::Forward {
            route,
            path,
            forward,
        } => of_forward(route, path, forward),
        Answer::List(names) => some([("list", Some(in_order(names.clone())))]),
        Answer::ReadModel => some([("read", Some("the model".to_owned()))]),
        Answer::Refuse {
            status,
            code,
            message,
            param,
            reason,
        } => some([
            ("refuse", Some(code.clone())),
            ("status", Some(status.to_string())),
            ("message", Some(message.clone())),
            ("param", param.clone()),
            ("reason", Some(reason.clone())),
        ]),
    }
}

fn of_forward(route: &str, path: &str, forward: &Forward) -> Parts {
    let mut parts = some([
        ("forward", Some(route.to_owned())),
        ("path", Some(path.to_owned())),
        ("query", forward.query.clone()),
        ("model", forward.model.clone()),
        ("response model", forward.response_model.clone()),
        ("notice", forward.notice.clone()),
    ]);
    let set = forward.set_headers.iter().map(|header| {
        let value = String::from_utf8_lossy(&header.value).into_owned();
        (format!("set header {}", header.name), value)
    });
    parts.extend(set);
    let dropped = forward.drop_headers.iter();
    parts.extend(dropped.map(|name| (format!("drop header {name}"), "yes".to_owned())));
    let labels = forward.labels.iter();
    parts.extend(labels.map(|(name, value)| (format!("label {name}"), value.clone())));
    parts
}

fn some<const N: usize>(parts: [(&str, Option<String>); N]) -> Parts {
    let some = parts.into_iter();
    some.filter_map(|(what, value)| Some((what.to_owned(), value?)))
        .collect()
}

pub(super) fn in_order(mut names: Vec<String>) -> String {
    names.sort();
    names.join(", ")
}

/// Those that say which kind of answer it is.
pub(super) const KINDS: [&str; 4] = ["forward", "list", "read", "refuse"];
