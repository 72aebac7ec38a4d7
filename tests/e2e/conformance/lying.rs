//! What nobody recorded is a failure too: a door that adds something, or leaves something out.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};
use signalbox_harness::conformance::{Door, Fixture, HostDoor, check};

use super::guests;

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

/// Exchange after exchange of a file fails over HTTP/1.1, and says this; after three that cannot be
/// played the rest is left out.
fn assert_found(says: &str, open: impl Fn(&Fixture) -> Lying) {
    let topic = "embeddings";
    let wrong = check(topic, &guests(), &|fixture| Box::new(open(fixture)));
    let saying = wrong.iter().filter(|line| line.contains(says)).count();
    assert!(saying >= 3, "{says}: {wrong:#?}");
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
