//! Limits of clients: connections of one address, time for a head, and what both are told.

use std::time::Duration;

use crate::harness::{Ask, Gate, Gt, within};

#[test]
fn an_address_has_so_many_connections_and_gets_them_back() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.limits.connections_per_client = 2)
        .start();
    let mut held = [gate.connect(), gate.connect()];
    for client in &mut held {
        assert_eq!(client.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert!(gate.connect().is_closed());
    drop(held);
    assert!(within(|| {
        let mut client = gate.connect();
        client.try_write(&Ask::chat("gpt-4o").bytes()).is_ok() && !client.is_closed()
    }));
}

#[test]
fn a_trusted_hop_stands_for_many_clients() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| {
            config.limits.connections_per_client = 1;
            config.forwarded.trust = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .start();
    let mut clients: Vec<_> = (0..5).map(|_| gate.connect()).collect();
    for client in &mut clients {
        assert_eq!(client.send(&Ask::chat("gpt-4o")).status, 200);
    }
}

#[test]
fn more_connections_than_there_may_be_wait_and_are_served() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.limits.connections = 1)
        .start();
    let mut first = gate.connect();
    assert_eq!(first.send(&Ask::chat("gpt-4o")).status, 200);
    let mut second = gate.connect();
    second.write(&Ask::chat("gpt-4o").bytes());
    assert_eq!(first.send(&Ask::chat("gpt-4o")).status, 200);
    drop(first);
    assert_eq!(second.answer().status, 200);
}

#[test]
fn a_head_that_does_not_end_is_refused_in_words_and_an_idle_connection_without() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.times.head = Duration::from_millis(50).into())
        .start();
    let head = b"GET /v1/models HTTP/1.1\r\nhost:";
    let mut slow = gate.connect();
    slow.write(head);
    let answer = slow.answer();
    assert_eq!(answer.refusal(), (408, "request_timeout".to_owned()));
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(slow.is_closed());
    // The same where it came in one packet with a request that was answered.
    let mut ahead = gate.connect();
    ahead.write(&[&*Ask::get("/v1/models").bytes(), head].concat());
    assert_eq!(ahead.answer().status, 200);
    assert_eq!(
        ahead.answer().refusal(),
        (408, "request_timeout".to_owned())
    );
    assert!(ahead.is_closed());
    // The same on a connection that had an answer before.
    let mut used = gate.connect();
    assert_eq!(used.send(&Ask::get("/v1/models")).status, 200);
    used.write(head);
    assert_eq!(used.answer().refusal(), (408, "request_timeout".to_owned()));
    assert!(used.is_closed());
}

#[test]
fn what_never_became_a_request_has_an_id_and_is_counted() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.times.head = Duration::from_millis(50).into())
        .start();
    let mut ids = Vec::new();
    for bytes in [
        &b"G@T / HTTP/1.1\r\n\r\n"[..],
        &Ask::get("/v1/models")
            .header("x-large", &"x".repeat(70_000))
            .bytes(),
        b"GET / HTTP/1.1\r\nhost:",
    ] {
        let mut client = gate.connect();
        client.write(bytes);
        let answer = client.answer();
        assert!(answer.header("x-request-id").is_some());
        ids.push(answer.header("x-signalbox-decision").unwrap().to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let metrics = gate.handle.metrics();
    for (code, count) in [
        ("invalid_request", 1),
        ("head_too_large", 1),
        ("request_timeout", 1),
    ] {
        let counted = metrics.lines().find(|line| {
            line.starts_with("signalbox_requests_total") && line.contains(&format!("\"{code}\""))
        });
        let counted = counted.unwrap_or_else(|| panic!("no {code} in {metrics}"));
        assert!(counted.ends_with(&format!(" {count}")), "{counted}");
    }
}

#[test]
fn over_the_requests_there_may_be_a_client_is_told_when_to_come_again() {
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        let _ = may_go_on.lock().unwrap().recv();
        reply.json(200, "{}");
    });
    let gate = Gate::builder(gt.address)
        .config(|config| config.limits.requests = 1)
        .start();
    let mut first = gate.connect();
    first.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| gt.seen().len() == 1));
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (503, "overloaded".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("x-should-retry"), Some("true"));
    go_on.send(()).unwrap();
    assert_eq!(first.answer().status, 200);
}

#[test]
fn a_length_beside_chunks_is_refused_however_it_comes() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let twice = [
        Ask::chat("gpt-4o").chunked(5).header("content-length", "3"),
        Ask::chat("gpt-4o")
            .chunked(5)
            .without("transfer-encoding")
            .header("content-length", "3")
            .header("Transfer-Encoding", "chunked"),
    ];
    for ask in &twice {
        let mut whole = gate.connect();
        assert_eq!(
            whole.send(ask).refusal(),
            (400, "invalid_request".to_owned())
        );
        assert!(whole.is_closed());
        let mut pieces = gate.connect();
        for byte in ask.head() {
            pieces.write(&[byte]);
        }
        assert_eq!(
            pieces.answer().refusal(),
            (400, "invalid_request".to_owned())
        );
        for before in [
            Ask::chat("gpt-4o"),
            Ask::chat("gpt-4o").chunked(7),
            Ask::get("/v1/models"),
        ] {
            let mut second = gate.connect();
            assert_eq!(second.send(&before).status, 200);
            assert_eq!(
                second.send(ask).refusal(),
                (400, "invalid_request".to_owned())
            );
        }
    }
    let plain = gt.seen().len();
    let mut client = gate.connect();
    for _ in 0..3 {
        assert_eq!(client.send(&Ask::chat("gpt-4o").chunked(5)).status, 200);
        assert_eq!(client.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert_eq!(gt.seen().len(), plain + 6);
}

#[test]
fn chunks_right_behind_another_request_are_read_as_if_they_came_alone() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let chunked = Ask::chat("gpt-4o").chunked(5);
    let twice = Ask::chat("gpt-4o").chunked(5).header("content-length", "3");
    let mut client = gate.connect();
    let asked = [
        Ask::get("/v1/models"),
        chunked,
        Ask::get("/v1/models"),
        twice,
    ];
    client.write(&asked.map(|ask| ask.bytes()).concat());
    for _ in 0..3 {
        assert_eq!(client.answer().status, 200);
    }
    assert_eq!(
        client.answer().refusal(),
        (400, "invalid_request".to_owned())
    );
    assert_eq!(gt.seen().len(), 1);
}
