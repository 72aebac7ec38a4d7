//! That the player can fail: every field that is recorded counts, and what nobody recorded is a
//! failure too.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};
use signalbox_harness::conformance::{
    Door, Exchange, Fixture, HostDoor, Stage, Version, check, differences, read,
};

use super::{guests, host};

#[test]
fn a_change_of_any_recorded_field_is_found() {
    for name in ["conversations", "swaps", "connections"] {
        let topic = read(name);
        let stages = Version::ALL.map(|version| (version, Stage::open(&topic, &guests(), &host)));
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

/// A host behind something that does not tell the truth.
#[derive(Debug)]
struct Lying {
    host: HostDoor,
    address: SocketAddr,
    record: fn(Option<Value>) -> Option<Value>,
    /// Where GT is asked once more for each record.
    asks: Option<SocketAddr>,
}

impl Lying {
    /// The host, each piece of whose answers is changed.
    fn relayed(fixture: &Fixture, change: fn(&str) -> String) -> Self {
        let host = HostDoor::open(fixture);
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (address, behind) = (listener.local_addr().unwrap(), host.address());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                thread::spawn(move || relay(&client, behind, change));
            }
        });
        Self {
            host,
            address,
            record: |record| record,
            asks: None,
        }
    }
}

impl Door for Lying {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn swap(&self, policy: &str, component: &[u8]) {
        self.host.swap(policy, component);
    }

    fn record(&self, decision: &str) -> Option<Value> {
        if let Some(gt) = self.asks {
            let mut gt = TcpStream::connect(gt).unwrap();
            gt.write_all(b"GET /one/more HTTP/1.1\r\n\r\n").unwrap();
            // GT closes a connection that nobody expected.
            assert_eq!(gt.read(&mut [0]).unwrap(), 0);
        }
        (self.record)(self.host.record(decision))
    }
}

fn relay(client: &TcpStream, host: SocketAddr, change: fn(&str) -> String) {
    let host = TcpStream::connect(host).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| pass_on(client, &host, |piece| piece.to_vec()));
        pass_on(&host, client, |piece| match std::str::from_utf8(piece) {
            Ok(text) => change(text).into_bytes(),
            Err(_) => piece.to_vec(),
        });
    });
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream, change: impl Fn(&[u8]) -> Vec<u8>) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&change(&buffer[..length])).is_err() {
            break;
        }
    }
    // The other side may have closed it.
    drop(to.shutdown(Shutdown::Write));
}

/// Every exchange of a file fails over HTTP/1.1, and says this.
fn assert_found(says: &str, open: impl Fn(&Fixture) -> Lying) {
    let topic = "embeddings";
    let wrong = check(topic, &guests(), &|fixture| Box::new(open(fixture)));
    let saying = wrong.iter().filter(|line| line.contains(says)).count();
    assert!(saying >= read(topic).exchanges.len(), "{says}: {wrong:#?}");
}

fn plainly(text: &str) -> String {
    text.to_owned()
}

#[test]
fn a_relay_that_changes_nothing_is_not_found() {
    let wrong = check("embeddings", &guests(), &|fixture| {
        Box::new(Lying::relayed(fixture, plainly))
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_header_more_is_found() {
    assert_found("+ \"x-more: 1\"", |fixture| {
        Lying::relayed(fixture, |text| {
            text.replace("HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nx-more: 1\r\n")
        })
    });
}

#[test]
fn a_header_less_is_found() {
    assert_found("- \"content-type: application/json\"", |fixture| {
        Lying::relayed(fixture, |text| {
            text.replace("content-type: application/json\r\n", "")
        })
    });
}

#[test]
fn bytes_after_an_answer_are_found() {
    assert_found("more than the answers came", |fixture| {
        Lying::relayed(fixture, |text| {
            text.replace("\r\n0\r\n\r\n", "\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
        })
    });
}

#[test]
fn a_record_that_is_missing_is_found() {
    assert_found("/client_saw/0/record", |fixture| Lying {
        record: |_| None,
        ..Lying::relayed(fixture, plainly)
    });
}

#[test]
fn a_record_of_another_decision_is_found() {
    assert_found("/client_saw/0/record/id", |fixture| Lying {
        record: |record| {
            let mut record = record?;
            record["id"] = json!("00000000000000000000000000000000");
            Some(record)
        },
        ..Lying::relayed(fixture, plainly)
    });
}

#[test]
fn a_request_more_at_gt_is_found() {
    assert_found("GET /one/more", |fixture| {
        let text = fixture.configuration();
        let (_, rest) = text.split_once("http://").unwrap();
        let (gt, _) = rest.split_once('/').unwrap();
        Lying {
            asks: Some(gt.parse().unwrap()),
            ..Lying::relayed(fixture, plainly)
        }
    });
}
