//! HTTP/2 to GT: many requests on one connection, each of which ends by itself.

mod refused;

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use signalbox_host::config::Http2;

use crate::harness::{Ask, Call, Gate, GateBuilder, Gt2, within};

const STREAM: &str = r#"{"model":"gpt-4o","stream":true}"#;
const PATIENCE: Duration = Duration::from_secs(30);

fn builder(gt: &Gt2) -> GateBuilder {
    Gate::builder(gt.address).config(|config| config.upstream.http2 = Http2::PriorKnowledge)
}

fn before(gt: &Gt2) -> Gate {
    builder(gt).start()
}

async fn chatty(mut call: Call) {
    if call.body().await.is_some() {
        call.json(r#"{"id":"c1","model":"support-agent"}"#);
    }
}

/// A channel into and out of an answer that waits.
fn gate_of_answers() -> (mpsc::Sender<()>, Arc<tokio::sync::Semaphore>) {
    let places = Arc::new(tokio::sync::Semaphore::new(0));
    let (go_on, may_go_on) = mpsc::channel();
    let opened = Arc::clone(&places);
    thread::spawn(move || {
        while let Ok(()) = may_go_on.recv() {
            opened.add_permits(1);
        }
    });
    (go_on, places)
}

#[test]
fn a_request_arrives_whole_and_its_answer_is_restamped() {
    let gt = Gt2::answering(|mut call: Call| async move {
        let body = call.body().await.unwrap();
        assert_eq!(body, br#"{"model":"support-agent","messages":[]}"#);
        call.json(r#"{"id":"c1","model":"support-agent"}"#);
    });
    let answer = before(&gt).send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.text(), r#"{"id":"c1","model":"gpt-4o"}"#);
    let seen = &gt.seen()[0];
    let uri = format!("http://{}/api/tenant/v1/chat/completions", gt.address);
    assert_eq!(seen.uri, uri);
    assert_eq!(seen.headers["authorization"], "Bearer gtak_inference");
    assert_eq!(seen.headers["content-length"], "39");
    assert!(!seen.headers.contains_key("host"), "{:?}", seen.headers);
}

#[test]
fn requests_at_a_time_share_a_connection() {
    let (go_on, places) = gate_of_answers();
    let gt = Gt2::answering(move |call| {
        let places = Arc::clone(&places);
        async move {
            places.acquire().await.unwrap().forget();
            chatty(call).await;
        }
    });
    let gate = before(&gt);
    let mut clients: Vec<_> = (0..20).map(|_| gate.connect()).collect();
    for client in &mut clients {
        client.write(&Ask::chat("gpt-4o").bytes());
    }
    assert!(within(|| gt.seen().len() == 20));
    assert_eq!(gt.connections(), 1);
    for client in &mut clients {
        go_on.send(()).unwrap();
        let _ = client;
    }
    for client in &mut clients {
        assert_eq!(client.answer().status, 200);
    }
}

#[test]
fn a_connection_gets_no_more_streams_than_gt_takes() {
    let (go_on, places) = gate_of_answers();
    let open = Arc::new(Mutex::new(Vec::<usize>::new()));
    let most = Arc::new(AtomicUsize::new(0));
    let (counted, highest) = (Arc::clone(&open), Arc::clone(&most));
    let gt = Gt2::serving(None, 2, move |call| {
        let (places, open, most) = (
            Arc::clone(&places),
            Arc::clone(&counted),
            Arc::clone(&highest),
        );
        async move {
            open.lock().unwrap().push(call.number);
            most.fetch_max(open.lock().unwrap().len(), Ordering::SeqCst);
            if call.number > 0 {
                places.acquire().await.unwrap().forget();
            }
            open.lock().unwrap().pop();
            chatty(call).await;
        }
    });
    let gate = before(&gt);
    // The first answer comes with what GT grants.
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    let mut clients: Vec<_> = (0..5).map(|_| gate.connect()).collect();
    for client in &mut clients {
        client.write(&Ask::chat("gpt-4o").bytes());
    }
    assert!(within(|| gt.seen().len() == 6), "{:?}", gt.seen().len());
    assert!(gt.connections() >= 3, "two streams a connection");
    let of = |connection| {
        gt.seen()
            .iter()
            .filter(|it| it.connection == connection)
            .count()
    };
    assert!(of(0) <= 3 && of(1) <= 2 && of(2) <= 2);
    for _ in 0..5 {
        go_on.send(()).unwrap();
    }
    for client in &mut clients {
        assert_eq!(client.answer().status, 200);
    }
}

/// Waits for the end of a stream; the answer is whatever `before` does.
fn ending(
    before: impl Fn(&mut Call) -> Option<h2::SendStream<Bytes>> + Send + 'static,
) -> (Gt2, mpsc::Receiver<Reason>) {
    let (tell, told) = mpsc::channel();
    let gt = Gt2::answering(move |mut call: Call| {
        let begun = before(&mut call);
        let tell = tell.clone();
        async move {
            tell.send(call.ended(begun).await).unwrap();
        }
    });
    (gt, told)
}

#[test]
fn a_client_that_goes_away_before_the_answer_ends_its_stream_alone() {
    let (gt, told) = ending(|_| None);
    let gate = before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| gt.seen().len() == 1));
    drop(client);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Reason::CANCEL));
    assert!(within(|| gate.handle.requests() == 0));
    let mut second = gate.connect();
    second.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| gt.seen().len() == 2));
    assert_eq!(gt.connections(), 1);
}

#[test]
fn a_client_that_goes_away_within_a_stream_of_events_ends_it() {
    let (gt, told) = ending(|call| {
        let mut stream = call.head("text/event-stream");
        let event = Bytes::from_static(b"data: {\"model\":\"support-agent\"}\n\n");
        stream.send_data(event, false).unwrap();
        Some(stream)
    });
    let gate = before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("x").json(STREAM).bytes());
    assert_eq!(client.head().status, 200);
    assert!(client.chunk().is_some());
    drop(client);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Reason::CANCEL));
    assert!(within(|| gate.handle.requests() == 0));
}

#[test]
fn a_client_that_goes_away_within_an_upload_ends_it() {
    let (tell, told) = mpsc::channel();
    let gt = Gt2::answering(move |mut call: Call| {
        let tell = tell.clone();
        async move {
            while let Some(piece) = call.piece().await {
                if let Err(error) = piece {
                    tell.send(error.reason()).unwrap();
                    return;
                }
            }
        }
    });
    let gate = before(&gt);
    let ask = Ask::post("/v1/datasets/briefs/files").body(&[b'x'; 100_000]);
    let mut client = gate.connect();
    client.write(&ask.bytes()[..ask.head().len() + 50_000]);
    assert!(within(|| gt.seen().len() == 1));
    drop(client);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Some(Reason::CANCEL)));
}

#[test]
fn an_answer_that_never_begins_ends_its_stream() {
    let (gt, told) = ending(|_| None);
    let gate = builder(&gt)
        .config(|config| config.times.first_byte = Duration::from_millis(50).into())
        .start();
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (504, "upstream_timeout".to_owned()));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Reason::CANCEL));
}

#[test]
fn an_answer_that_goes_quiet_ends_its_stream() {
    let (gt, told) = ending(|call| Some(call.head("text/event-stream")));
    let gate = builder(&gt)
        .config(|config| config.times.answer_idle = Duration::from_millis(50).into())
        .start();
    let answer = gate.send(&Ask::chat("x").json(STREAM));
    let code = r#""code":"upstream_timeout""#;
    assert!(answer.text().contains(code), "{}", answer.text());
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Reason::CANCEL));
}

#[test]
fn a_stream_of_events_that_gt_resets_ends_with_an_error_event() {
    let (go_on, places) = gate_of_answers();
    let gt = Gt2::answering(move |mut call: Call| {
        let places = Arc::clone(&places);
        async move {
            let mut stream = call.head("text/event-stream");
            let event = Bytes::from_static(b"data: {\"model\":\"support-agent\"}\n\n");
            stream.send_data(event, false).unwrap();
            places.acquire().await.unwrap().forget();
            stream.send_reset(Reason::INTERNAL_ERROR);
        }
    });
    let gate = before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("x").json(STREAM).bytes());
    assert_eq!(client.head().status, 200);
    assert!(client.chunk().is_some());
    go_on.send(()).unwrap();
    let mut rest = Vec::new();
    while let Some(chunk) = client.chunk() {
        rest.extend(chunk);
    }
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.contains(r#""code":"upstream_protocol""#), "{rest}");
    let counted = r#"signalbox_upstream_failures_total{cause="broken_answer"} 1"#;
    assert!(within(|| gate.handle.metrics().contains(counted)));
}

#[test]
fn an_answer_shorter_than_its_length_is_not_taken_for_whole() {
    let gt = Gt2::answering(|mut call: Call| async move {
        let mut stream = call.head_of("audio/mpeg", Some(100));
        let _ = stream.send_data(Bytes::from_static(b"x"), true);
    });
    let gate = before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    // The connection is cut: before the head, or within the body.
    let mut came = Vec::new();
    let _ = std::io::Read::read_to_end(&mut client.writer(), &mut came);
    let mut parts = came.splitn(2, |byte| *byte == b'\n');
    let line = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let is_whole = came.windows(4).position(|it| it == b"\r\n\r\n");
    let is_whole = is_whole.is_some_and(|end| came.len() - end - 4 >= 100);
    assert!(!is_whole || line.contains(" 502 "), "{line}");
    assert!(within(|| gate.handle.requests() == 0));
    let counted = "signalbox_upstream_failures_total{";
    assert!(gate.handle.metrics().contains(counted));
}

#[test]
fn an_answer_that_gt_cancels_is_not_taken_for_whole() {
    for reason in [Reason::CANCEL, Reason::NO_ERROR] {
        let (go_on, places) = gate_of_answers();
        let gt = Gt2::answering(move |mut call: Call| {
            let places = Arc::clone(&places);
            async move {
                let mut stream = call.head("text/event-stream");
                let event = Bytes::from_static(b"data: {}\n\n");
                stream.send_data(event, false).unwrap();
                places.acquire().await.unwrap().forget();
                stream.send_reset(reason);
            }
        });
        let gate = before(&gt);
        let mut client = gate.connect();
        client.write(&Ask::chat("x").json(STREAM).bytes());
        assert_eq!(client.head().status, 200);
        let mut events = client.chunk().unwrap();
        go_on.send(()).unwrap();
        while let Some(chunk) = client.chunk() {
            events.extend(chunk);
        }
        let events = String::from_utf8(events).unwrap();
        assert!(events.contains(r#""code":"upstream_protocol""#), "{events}");
    }
}

#[test]
fn a_stream_is_waited_for_where_there_may_be_no_further_connection() {
    let (go_on, places) = gate_of_answers();
    let gt = Gt2::serving(None, 2, move |call| {
        let places = Arc::clone(&places);
        async move {
            if call.number > 0 {
                places.acquire().await.unwrap().forget();
            }
            chatty(call).await;
        }
    });
    let gate = builder(&gt)
        .config(|config| {
            config.limits.upstream_connections = 1;
            config.times.connect = PATIENCE.into();
        })
        .start();
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    let mut clients: Vec<_> = (0..6).map(|_| gate.connect()).collect();
    for client in &mut clients {
        client.write(&Ask::chat("gpt-4o").bytes());
    }
    for _ in 0..6 {
        go_on.send(()).unwrap();
    }
    for client in &mut clients {
        assert_eq!(client.answer().status, 200);
    }
    assert_eq!((gt.connections(), gt.seen().len()), (1, 7));
}

#[test]
fn an_upload_waits_for_gt_and_arrives_whole() {
    let (go_on, places) = gate_of_answers();
    let gt = Gt2::answering(move |mut call: Call| {
        let places = Arc::clone(&places);
        async move {
            places.acquire().await.unwrap().forget();
            let length = call.body().await.unwrap().len();
            call.json(&format!(r#"{{"length":{length}}}"#));
        }
    });
    let gate = before(&gt);
    let ask = Ask::post("/v1/datasets/briefs/files").body(&vec![b'x'; 32 << 20]);
    let mut client = gate.connect();
    let mut writer = client.writer();
    let written = Arc::new(AtomicUsize::new(0));
    let progress = Arc::clone(&written);
    let sending = thread::spawn(move || {
        for piece in ask.bytes().chunks(64 << 10) {
            writer.write_all(piece).unwrap();
            progress.fetch_add(piece.len(), Ordering::SeqCst);
        }
    });
    assert!(within(|| gt.seen().len() == 1));
    // GT takes nothing: what the client can send is what fits between the two.
    let mut last = usize::MAX;
    while last != written.load(Ordering::SeqCst) {
        last = written.load(Ordering::SeqCst);
        thread::park_timeout(Duration::from_millis(200));
    }
    assert!(last < 24 << 20, "{last} bytes were taken from the client");
    go_on.send(()).unwrap();
    sending.join().unwrap();
    assert_eq!(client.answer().text(), r#"{"length":33554432}"#);
}

#[test]
fn interim_answers_and_trailers_are_not_passed_on() {
    let gt = Gt2::answering(|mut call: Call| async move {
        call.body().await.unwrap();
        call.early_hints();
        let mut stream = call.head("application/json");
        stream
            .send_data(Bytes::from_static(b"{\"a\":1}"), false)
            .unwrap();
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-checksum", "1".parse().unwrap());
        stream.send_trailers(trailers).unwrap();
    });
    let answer = before(&gt).send(&Ask::chat("gpt-4o"));
    assert_eq!((answer.status, answer.text()), (200, r#"{"a":1}"#));
    assert_eq!(answer.header("link"), None);
}

#[test]
fn a_slow_reader_holds_up_nobody_else() {
    let gt = Gt2::answering(|mut call: Call| async move {
        if call.number > 0 {
            return chatty(call).await;
        }
        call.body().await.unwrap();
        let mut stream = call.head("text/event-stream");
        let event = Bytes::from(format!("data: {}\n\n", "x".repeat(60_000)));
        for _ in 0..1_000 {
            stream.reserve_capacity(event.len());
            while stream.capacity() < event.len() {
                match std::future::poll_fn(|context| stream.poll_capacity(context)).await {
                    Some(Ok(_)) => {}
                    _ => return,
                }
            }
            stream.send_data(event.clone(), false).unwrap();
        }
    });
    let gate = before(&gt);
    let mut slow = gate.connect();
    slow.write(&Ask::chat("x").json(STREAM).bytes());
    assert_eq!(slow.head().status, 200);
    for _ in 0..20 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert_eq!(gt.connections(), 1);
}
