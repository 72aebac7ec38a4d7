//! Connections to GT: kept, replaced when they died unused, and never a reason to ask twice.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::harness::{Ask, Gate, Gt, within};

#[test]
fn requests_one_after_the_other_share_a_connection() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for _ in 0..5 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert!(
        gt.seen().iter().all(|seen| seen.connection == 0),
        "{:?}",
        gt.seen()
    );
}

#[test]
fn a_kept_connection_that_gt_closed_is_replaced_silently() {
    let gt = Gt::answering(|_, reply| {
        reply.json(200, "{}");
        // GT says nothing of closing, and closes.
        reply.hang_up();
    });
    let gate = Gate::before(&gt);
    let no_connection = "signalbox_connections_open{side=\"upstream\"} 0\n";
    for _ in 0..20 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
        assert!(within(|| gate.handle.metrics().contains(no_connection)));
    }
    assert_eq!(gt.seen().len(), 20, "each was asked once");
}

#[test]
fn a_request_that_gt_took_and_did_not_answer_is_not_sent_again() {
    let count = AtomicUsize::new(0);
    let gt = Gt::answering(move |_, reply| {
        if count.fetch_add(1, Ordering::Relaxed) == 1 {
            reply.hang_up();
        } else {
            reply.json(200, "{}");
        }
    });
    let gate = Gate::before(&gt);
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    let lost = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(lost.refusal(), (502, "upstream_unreachable".to_owned()));
    assert_eq!(
        lost.header("x-should-retry"),
        Some("false"),
        "it may have had an effect"
    );
    assert_eq!(gt.seen().len(), 2);
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
}

#[test]
fn a_connection_that_gt_wants_closed_is_not_kept() {
    let gt = Gt::answering(|_, reply| reply.with(200, "connection: close\r\n", b"x"));
    let gate = Gate::before(&gt);
    for _ in 0..3 {
        let answer = gate.send(&Ask::chat("gpt-4o"));
        assert_eq!((answer.status, answer.header("connection")), (200, None));
    }
    let connections: Vec<usize> = gt.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 1, 2]);
}

/// How a GT goes away.
#[derive(Clone, Copy, Debug)]
enum Going {
    /// Says goodbye.
    Closes,
    /// Resets the connection.
    Resets,
}

/// When it does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    AfterAccept,
    MidHead,
    MidBody,
    AfterRequest,
    MidAnswerHead,
    AfterAnswerHead,
}

/// A GT that goes away on every connection, and how many of them it saw a request on.
fn leaving(when: When, going: Going) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            leave(&mut socket, when, &counted);
            if let Going::Resets = going {
                reset(socket);
            }
        }
    });
    (address, count)
}

/// Closes so that the other side hears of a reset.
fn reset(socket: TcpStream) {
    socket.set_nonblocking(true).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let socket = tokio::net::TcpStream::from_std(socket).unwrap();
        socket.set_zero_linger().unwrap();
    });
}

fn leave(socket: &mut TcpStream, when: When, count: &AtomicUsize) {
    if when == When::AfterAccept {
        return;
    }
    let mut one = [0];
    let mut seen = Vec::new();
    let is_there = |seen: &[u8]| match when {
        When::AfterAccept => true,
        When::MidHead => seen.len() > 10,
        When::MidBody => seen.windows(5).any(|it| it == b"\r\n\r\n{"),
        _ => seen.ends_with(b"[]}"),
    };
    while !is_there(&seen) {
        match socket.read(&mut one) {
            Ok(1) => seen.extend(one),
            _ => return,
        }
    }
    count.fetch_add(1, Ordering::SeqCst);
    let answer: &[u8] = match when {
        When::MidAnswerHead => b"HTTP/1.1 200 OK\r\ncontent-le",
        When::AfterAnswerHead => b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
        _ => b"",
    };
    let _ = socket.write_all(answer);
}

#[test]
fn a_gt_that_goes_away_at_any_moment_is_asked_at_most_once() {
    use When::{AfterAccept, AfterAnswerHead, AfterRequest, MidAnswerHead, MidBody, MidHead};
    for going in [Going::Closes, Going::Resets] {
        for when in [AfterAccept, MidHead, MidBody, AfterRequest, MidAnswerHead] {
            let (address, count) = leaving(when, going);
            let gate = Gate::builder(address).start();
            let answer = gate.send(&Ask::chat("gpt-4o"));
            let (status, code) = answer.refusal();
            assert_eq!(status, 502, "{when:?} {going:?}");
            let may_retry = answer.header("x-should-retry") == Some("true");
            let asked = count.load(Ordering::SeqCst);
            assert!(asked <= 1, "{when:?} {going:?}: asked {asked} times");
            assert!(!may_retry || asked == 0, "{when:?} {going:?} {code}");
        }
        let (address, count) = leaving(AfterAnswerHead, going);
        let gate = Gate::builder(address).start();
        let mut client = gate.connect();
        client.write(&Ask::chat("gpt-4o").bytes());
        let head = client.head();
        assert!(matches!(head.status, 200 | 502), "{head:?}");
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert!(within(|| gate.handle.requests() == 0));
    }
}

#[test]
fn interim_answers_are_not_passed_on() {
    let gt = Gt::answering(|_, reply| {
        reply.raw(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
        reply.json(200, r#"{"a":1}"#);
    });
    let gate = Gate::before(&gt);
    for _ in 0..2 {
        let answer = gate.send(&Ask::chat("gpt-4o"));
        assert_eq!((answer.status, answer.text()), (200, r#"{"a":1}"#));
        assert_eq!(answer.header("link"), None);
    }
}

#[test]
fn an_answer_that_was_not_asked_for_is_nobodys() {
    for is_late in [false, true] {
        let gt = Gt::answering(move |seen, reply| {
            let mine = format!(r#"{{"a":{}}}"#, seen.connection);
            let length = mine.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{mine}");
            let other = answer.replace(&mine, &mine.replace("a", "b"));
            if is_late {
                reply.raw(answer.as_bytes());
                thread::yield_now();
                reply.raw(other.as_bytes());
            } else {
                reply.raw((answer + &other).as_bytes());
            }
        });
        let gate = Gate::before(&gt);
        for connection in 0..5 {
            let answer = gate.send(&Ask::chat("gpt-4o"));
            assert_eq!(answer.text(), format!(r#"{{"a":{connection}}}"#));
            let no_connection = "signalbox_connections_open{side=\"upstream\"} 0\n";
            assert!(within(|| gate.handle.metrics().contains(no_connection)));
        }
    }
}
