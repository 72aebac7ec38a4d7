//! The table of `docs/embedding.md`: which door keeps which promise in how many exchanges, and why not in all.

use std::collections::BTreeSet;

use super::{
    deviations::{AtGt, Deviations, Which, doors},
    format::Topic,
    promise::Promise,
    topic::{Suite, Unreadable},
};

/// The table, and below it the reasons its cells name by number.
///
/// # Errors
/// If a file cannot be read.
pub fn table(suite: &Suite) -> Result<String, Unreadable> {
    let names = suite.names()?.into_iter();
    let topics = names.map(|name| Ok((suite.read(&name)?, name)));
    let topics = topics.collect::<Result<Vec<_>, Unreadable>>()?;
    let doors = in_order(doors(suite)?);
    let lists = doors.iter().map(|door| Deviations::read(suite, door));
    let lists = lists.collect::<Result<Vec<_>, _>>()?;
    let mut reasons = Vec::new();
    let mut rows = String::new();
    for promise in Promise::ALL {
        let cells = lists.iter().map(|list| {
            let of_it = topics.iter().filter(|(topic, _)| topic.promise == promise);
            cell(list, of_it, &mut reasons)
        });
        let cells: Vec<_> = cells.collect();
        rows += &format!("| {} | {} |\n", promise.text(), cells.join(" | "));
    }
    let heads: Vec<_> = lists.iter().map(|list| &*list.door).collect();
    let rule = vec!["---"; heads.len() + 1].join(" | ");
    let mut text = format!("| promise | {} |\n| {rule} |\n{rows}\n", heads.join(" | "));
    for (number, (door, reason)) in reasons.iter().enumerate() {
        text += &format!("{}. {door}: {reason}\n", number + 1);
    }
    Ok(text + &uncompared(&lists))
}

/// How many exchanges are as the files say, and the numbers of the reasons for the others.
fn cell<'t>(
    list: &Deviations,
    topics: impl Iterator<Item = &'t (Topic, String)>,
    reasons: &mut Vec<(String, String)>,
) -> String {
    let (mut all, mut others, mut numbers) = (0, 0, BTreeSet::new());
    for (topic, name) in topics {
        for exchange in &topic.exchanges {
            if !exchange.over.iter().any(|it| list.over.contains(it)) {
                continue;
            }
            all += 1;
            if let Some(reason) = reason(list, name, &exchange.name) {
                others += 1;
                numbers.insert(number(reasons, (list.door.clone(), reason)));
            }
        }
    }
    if others == 0 {
        return format!("equal ({all} of {all})");
    }
    let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    format!("{} of {all}: {}", all - others, numbers.join(", "))
}

/// Why an exchange is otherwise, and in what, if it is.
fn reason(list: &Deviations, topic: &str, exchange: &str) -> Option<String> {
    let left_out = list.not_played.iter().find(|it| {
        it.exchanges.get(topic).is_some_and(|which| match which {
            Which::All(_) => true,
            Which::Named(names) => names.iter().any(|name| name == exchange),
        })
    });
    if let Some(it) = left_out {
        return Some(format!("not played: {}.", it.why));
    }
    let otherwise = list.otherwise.iter().find(|it| {
        let names = it.exchanges.get(topic);
        names.is_some_and(|names| names.iter().any(|name| name == exchange))
    });
    otherwise.map(|it| {
        let what = match it.gt {
            AtGt::Same => "the client sees something else",
            AtGt::Fewer => "refused",
            AtGt::Other => "GT sees something else",
        };
        format!("{what}: {}.", it.why)
    })
}

/// The number of a reason: the one it has, or the next.
fn number(reasons: &mut Vec<(String, String)>, reason: (String, String)) -> usize {
    let known = reasons.iter().position(|known| *known == reason);
    let at = known.unwrap_or_else(|| {
        reasons.push(reason);
        reasons.len() - 1
    });
    at + 1
}

/// What is not compared anywhere.
fn uncompared(lists: &[Deviations]) -> String {
    let mut text = String::new();
    for list in lists {
        let sides = [
            ("answers", &list.uncompared.answers),
            ("requests", &list.uncompared.requests),
        ];
        for (side, headers) in sides {
            for (name, why) in headers {
                text += &format!(
                    "- {}: `{name}` of {side} is not compared: {why}.\n",
                    list.door
                );
            }
        }
    }
    if text.is_empty() {
        text
    } else {
        format!("\n{text}")
    }
}

/// The nearest to the gate first; whoever is new comes last.
fn in_order(mut doors: Vec<String>) -> Vec<String> {
    doors.sort_by_key(|door| {
        let known = ORDER.iter().position(|known| known == door);
        known.unwrap_or(ORDER.len())
    });
    doors
}

const ORDER: [&str; 13] = [
    "gate",
    "tower",
    "host_http1",
    "host_http2",
    "envoy",
    "ext_proc",
    "nginx_njs",
    "nginx_auth_request",
    "traefik",
    "caddy",
    "haproxy",
    "pingora",
    "tcp",
];
