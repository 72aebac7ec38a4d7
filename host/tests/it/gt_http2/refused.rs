//! What GT refuses to begin with goes out again; what it may have begun with does not.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use h2::Reason;
use signalbox_host::config::Http2;

use super::{before, chatty};
use crate::harness::{Ask, Call, Gate, Gt2};

#[test]
fn a_stream_that_gt_refuses_is_asked_again() {
    let gt = Gt2::answering(|call: Call| async move {
        match call.number {
            0 => call.reset(Reason::REFUSED_STREAM),
            _ => chatty(call).await,
        }
    });
    let gate = before(&gt);
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    assert_eq!(gt.seen().len(), 2);
}

#[test]
fn a_gt_that_refuses_every_stream_is_believed() {
    let gt = Gt2::answering(|call: Call| async move { call.reset(Reason::REFUSED_STREAM) });
    let answer = before(&gt).send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("true"));
    assert_eq!(gt.seen().len(), 4);
}

#[test]
fn an_upload_that_gt_refuses_is_the_clients_to_send_again() {
    let gt = Gt2::answering(|call: Call| async move { call.reset(Reason::REFUSED_STREAM) });
    let upload = Ask::post("/v1/datasets/briefs/files").body(&[b'x'; 1_000]);
    let answer = before(&gt).send(&upload);
    assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("true"));
    assert_eq!(gt.seen().len(), 1, "its body is gone");
}

#[test]
fn a_stream_that_gt_broke_off_is_not_asked_again() {
    for reason in [Reason::INTERNAL_ERROR, Reason::CANCEL, Reason::NO_ERROR] {
        let gt = Gt2::answering(move |call: Call| async move { call.reset(reason) });
        let answer = before(&gt).send(&Ask::chat("gpt-4o"));
        assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert_eq!(gt.seen().len(), 1, "{reason}");
    }
}

/// Reads HTTP/2 frames by hand until the head of a request is there.
fn until_headers(socket: &mut std::net::TcpStream) -> Option<()> {
    let mut preface = [0; 24];
    socket.read_exact(&mut preface).ok()?;
    // Our settings: none.
    socket.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).ok()?;
    loop {
        let mut head = [0; 9];
        socket.read_exact(&mut head).ok()?;
        let [_, a, b, kind, ..] = head;
        let mut payload = vec![0; usize::from(a) << 8 | usize::from(b)];
        socket.read_exact(&mut payload).ok()?;
        if kind == 1 {
            return Some(());
        }
    }
}

/// A GT whose first connection says goodbye with `last` as the last stream it took, and whose
/// others answer.
fn goodbye(last: u8) -> (std::net::SocketAddr, Arc<AtomicUsize>, Gt2) {
    let second = Gt2::answering(chatty);
    let behind = second.address;
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            if counted.fetch_add(1, Ordering::SeqCst) > 0 {
                let mut far = std::net::TcpStream::connect(behind).unwrap();
                let (mut back, mut there) = (far.try_clone().unwrap(), socket.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut back, &mut there));
                thread::spawn(move || std::io::copy(&mut socket, &mut far));
                continue;
            }
            until_headers(&mut socket).unwrap();
            let goaway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, 0];
            socket.write_all(&goaway).unwrap();
            let _ = socket.shutdown(std::net::Shutdown::Write);
            let _ = socket.read_to_end(&mut Vec::new());
        }
    });
    (address, count, second)
}

fn before_goodbye(address: std::net::SocketAddr) -> Gate {
    Gate::builder(address)
        .config(|config| config.upstream.http2 = Http2::PriorKnowledge)
        .start()
}

#[test]
fn what_a_connection_that_goes_away_did_not_take_is_asked_elsewhere() {
    let (address, count, second) = goodbye(0);
    let gate = before_goodbye(address);
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    assert_eq!((count.load(Ordering::SeqCst), second.seen().len()), (2, 1));
}

#[test]
fn what_a_connection_that_goes_away_took_is_not_asked_again() {
    let (address, _, second) = goodbye(1);
    let answer = before_goodbye(address).send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert_eq!(second.seen().len(), 0);
}

#[test]
fn what_does_not_speak_http2_is_a_protocol_error() {
    let gt = crate::harness::Gt::chatty();
    let answer = before_goodbye(gt.address).send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal().0, 502);
    assert_eq!(
        gt.seen()
            .iter()
            .filter(|it| it.line.contains("chat"))
            .count(),
        0
    );
}
