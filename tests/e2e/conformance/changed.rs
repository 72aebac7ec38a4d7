//! Every field that is recorded counts: with any of them changed, an exchange fails.

use serde_json::{Value, json};
use signalbox_harness::conformance::{Exchange, Version, differences, read, stage};

use super::{guests, host};

#[test]
fn a_change_of_any_recorded_field_is_found() {
    for name in ["conversations", "swaps", "connections"] {
        let topic = read(name);
        let stages = Version::ALL.map(|version| (version, stage(&topic, &guests(), &host)));
        for exchange in &topic.exchanges {
            let came: Vec<_> = stages
                .iter()
                .filter(|(version, _)| exchange.over.contains(version))
                .map(|(version, stage)| (*version, stage.play(exchange, *version).unwrap()))
                .collect();
            let is_found = |changed: &Exchange| {
                let mut over = came.iter();
                over.any(|(version, came)| !differences(changed, *version, came).is_empty())
            };
            assert!(!is_found(exchange), "{}", exchange.name);
            let changed = changes(&serde_json::to_value(exchange).unwrap());
            assert!(changed.len() > 10, "{}", exchange.name);
            for (place, changed) in changed {
                assert!(is_found(&changed), "{}: {place}", exchange.name);
            }
        }
    }
}

/// The exchange with one thing changed that was recorded, for each such thing and way to change it.
fn changes(exchange: &Value) -> Vec<(String, Exchange)> {
    let mut places = Vec::new();
    recorded("", exchange, false, &mut places);
    let mut changed = Vec::new();
    for place in places {
        for change in CHANGES {
            let mut other = exchange.clone();
            let has_changed = change(other.pointer_mut(&place).unwrap());
            // What is not of the format any more cannot be expected.
            let other = serde_json::from_value(other);
            if has_changed && let Ok(other) = other {
                changed.push((place.clone(), other));
            }
        }
    }
    changed
}

/// The places of everything below `then`.
fn recorded(at: &str, value: &Value, is_below: bool, places: &mut Vec<String>) {
    if is_below {
        places.push(at.to_owned());
    }
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            recorded(
                &format!("{at}/{name}"),
                member,
                is_below || name == "then",
                places,
            );
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(number, item)| {
            recorded(&format!("{at}/{number}"), item, is_below, places);
        }),
        _ => {}
    }
}

/// Each says whether it could change the value.
const CHANGES: &[fn(&mut Value) -> bool] = &[change_a_word, drop_one, add_one, forget];

fn change_a_word(value: &mut Value) -> bool {
    *value = match value {
        Value::String(text) => json!(format!("{text}x")),
        Value::Number(number) => json!(number.as_u64().unwrap() + 1),
        Value::Bool(flag) => json!(!*flag),
        Value::Null => json!("x"),
        Value::Array(_) | Value::Object(_) => return false,
    };
    true
}

fn drop_one(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.pop().is_some(),
        Value::Object(members) => {
            let name = members.keys().next().cloned();
            name.and_then(|name| members.remove(&name)).is_some()
        }
        _ => false,
    }
}

fn add_one(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.push(items.first().cloned().unwrap_or(json!("x-new: 1"))),
        Value::Object(members) => drop(members.insert("new".to_owned(), json!(1))),
        _ => return false,
    }
    true
}

fn forget(value: &mut Value) -> bool {
    !std::mem::take(value).is_null()
}
