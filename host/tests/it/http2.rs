//! HTTP/2 towards clients: everything that holds over HTTP/1 holds here.

mod attacks;
mod curl;
mod heads;

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;

use crate::harness::http2::{Http2, head, run, whole};
use crate::harness::{Ask, Client, Gate, Gt};

#[test]
fn a_chat_goes_through_and_says_nothing_of_connections() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let answer = run(async {
        let mut client = Http2::connect(gate.address).await;
        client.send(&Ask::chat("gpt-4o")).await
    });
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), r#"{"id":"c1","model":"gpt-4o"}"#);
    for name in ["connection", "keep-alive", "transfer-encoding", "upgrade"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    let seen = gt.only();
    assert_eq!(seen.line, "POST /api/tenant/v1/chat/completions HTTP/1.1");
    assert_eq!(seen.text(), r#"{"model":"support-agent","messages":[]}"#);
    assert_eq!(seen.header("host"), Some(gt.address.to_string().as_str()));
}

#[test]
fn both_versions_are_spoken_on_one_port_in_any_pieces() {
    let gate = Gate::before(&Gt::chatty());
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    // Up to its third byte a method could become the beginning of HTTP/2.
    let mut slow = gate.connect();
    for byte in Ask::plain("PRICE", "/").bytes() {
        slow.write(&[byte]);
    }
    assert_eq!(slow.answer().refusal().0, 401);
    run(async {
        let mut client = Http2::connect(gate.address).await;
        assert_eq!(client.send(&Ask::chat("gpt-4o")).await.status, 200);
    });
}

#[test]
fn an_offer_of_http2_is_not_taken_up_and_goes_nowhere() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let ask = Ask::chat("gpt-4o")
        .header("connection", "Upgrade, HTTP2-Settings")
        .header("upgrade", "h2c")
        .header("http2-settings", "AAMAAABkAAQAAP__");
    let mut client = gate.connect();
    for _ in 0..2 {
        assert_eq!(client.send(&ask).status, 200);
    }
    for seen in gt.seen() {
        for name in ["connection", "upgrade", "http2-settings"] {
            assert_eq!(seen.header(name), None, "{name}");
        }
    }
}

#[test]
fn where_http2_is_off_its_beginning_ends_the_connection() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.http2 = false)
        .start();
    let mut client = gate.connect();
    client.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    assert!(client.is_closed());
}

#[test]
fn refusals_have_their_shape_and_the_connection_goes_on() {
    let gate = Gate::before(&Gt::chatty());
    run(async {
        let mut client = Http2::connect(gate.address).await;
        for (ask, status, code) in [
            (Ask::chat("gpt-5"), 404, "model_not_found"),
            (Ask::chat("gpt-4o").key("nobody"), 401, "invalid_api_key"),
            (Ask::post("/v1/nothing").json("{}"), 404, "unknown_route"),
            (Ask::get("/v1/chat/completions"), 405, "method_not_allowed"),
            (Ask::get("//v1/models"), 400, "invalid_path"),
            (Ask::get("/v1/%2e%2e/models"), 400, "invalid_path"),
        ] {
            let answer = client.send(&ask).await;
            assert_eq!(answer.refusal(), (status, code.to_owned()));
            assert!(answer.header("x-signalbox-decision").is_some());
        }
        assert_eq!(client.send(&Ask::chat("gpt-4o")).await.status, 200);
    });
}

#[test]
fn a_refusal_is_read_although_the_body_still_comes_and_then_the_stream_is_reset() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.limits.discard = signalbox_host::config::Size::of(100_000))
        .start();
    run(async {
        let mut client = Http2::connect(gate.address).await;
        let ask = Ask::post("/v1/nothing").header("content-type", "application/json");
        let (answer, mut body) = client.open(&ask, false).await;
        body.send_data(Bytes::from(vec![b'x'; 10_000]), false)
            .unwrap();
        let answer = whole(answer.await.unwrap()).await;
        assert_eq!(answer.refusal(), (404, "unknown_route".to_owned()));
        // Read on for a while, and no longer.
        let reason = loop {
            body.reserve_capacity(50_000);
            let room = std::future::poll_fn(|context| body.poll_capacity(context)).await;
            match room {
                Some(Ok(room)) => {
                    let piece = Bytes::from(vec![b'x'; room]);
                    if body.send_data(piece, false).is_err() {
                        break std::future::poll_fn(|context| body.poll_reset(context)).await;
                    }
                }
                _ => break std::future::poll_fn(|context| body.poll_reset(context)).await,
            }
        };
        assert_eq!(reason.unwrap(), Reason::NO_ERROR);
        assert_eq!(client.send(&Ask::chat("gpt-4o")).await.status, 200);
    });
}

#[test]
fn a_client_that_takes_its_request_back_ends_gts_work() {
    let (told, gone) = mpsc::channel();
    let told = Mutex::new(told);
    let gt = Gt::before_body(move |_, reader, reply| {
        reply.events();
        reply.chunk("data: {}\n\n");
        let mut rest = Vec::new();
        // Ends when the connection does.
        let _ = std::io::Read::read_to_end(reader, &mut rest);
        told.lock().unwrap().send(()).unwrap();
    });
    let gate = Gate::before(&gt);
    run(async {
        let mut client = Http2::connect(gate.address).await;
        let ask = Ask::chat("gpt-4o");
        let (answer, mut body) = client.open(&ask, false).await;
        body.send_data(ask.payload(), true).unwrap();
        let mut answer = answer.await.unwrap().into_body();
        assert_eq!(answer.data().await.unwrap().unwrap(), "data: {}\n\n");
        body.send_reset(Reason::CANCEL);
        drop(answer);
        assert_eq!(client.send(&Ask::get("/v1/models")).await.status, 200);
    });
    gone.recv_timeout(Duration::from_secs(30)).unwrap();
}

#[test]
fn streams_run_beside_each_other_up_to_the_limit() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        let _ = may_go_on.lock().unwrap().recv();
        reply.json(200, "{}");
    });
    let gate = Gate::builder(gt.address)
        .config(|config| config.limits.streams_per_connection = 3)
        .start();
    run(async {
        let mut client = Http2::connect(gate.address).await;
        let mut answers = Vec::new();
        for _ in 0..3 {
            let ask = Ask::chat("gpt-4o");
            let (answer, mut body) = client.open(&ask, false).await;
            body.send_data(ask.payload(), true).unwrap();
            answers.push(answer);
        }
        // A client may ask before it has heard how much it may.
        while gt.seen().is_empty() || client.most_streams() == usize::MAX {
            tokio::task::yield_now().await;
        }
        assert_eq!(client.most_streams(), 3);
        for _ in 0..3 {
            go_on.send(()).unwrap();
        }
        for answer in answers {
            assert_eq!(whole(answer.await.unwrap()).await.status, 200);
        }
    });
}

#[test]
fn a_drain_lets_streams_end_and_takes_no_new_ones() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        reply.events();
        reply.chunk("data: {}\n\n");
        let _ = may_go_on.lock().unwrap().recv();
        reply.chunk("data: [DONE]\n\n");
        reply.chunk("");
    });
    let mut gate = Gate::builder(gt.address)
        .config(|config| config.times.drain = Duration::from_secs(30).into())
        .start();
    run(async {
        let mut client = Http2::connect(gate.address).await;
        let ask = Ask::chat("gpt-4o");
        let (answer, mut body) = client.open(&ask, false).await;
        body.send_data(ask.payload(), true).unwrap();
        let mut answer = answer.await.unwrap().into_body();
        assert_eq!(answer.data().await.unwrap().unwrap(), "data: {}\n\n");
        gate.tell_to_stop();
        // The connection is told, and from then on it takes nothing new.
        loop {
            match client.try_open(&Ask::get("/v1/models"), true).await {
                Ok((answer, _)) => drop(answer.await),
                Err(error) => break assert!(error.is_go_away(), "{error}"),
            }
        }
        go_on.send(()).unwrap();
        let mut rest = Vec::new();
        while let Some(piece) = answer.data().await {
            rest.extend_from_slice(&piece.unwrap());
        }
        assert_eq!(String::from_utf8(rest).unwrap(), "data: [DONE]\n\n");
        client.ended().await.unwrap();
    });
    let exit = gate.exit();
    assert_eq!((exit.cut_requests, exit.cut_connections), (0, 0));
}

#[test]
fn a_connection_without_requests_is_told_to_end_and_one_with_a_stream_is_not() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        reply.events();
        reply.chunk("data: {}\n\n");
        let _ = may_go_on.lock().unwrap().recv();
        reply.chunk("");
    });
    let gate = Gate::builder(gt.address)
        .config(|config| {
            config.times.connection_idle = Duration::from_millis(50).into();
            config.times.head = Duration::from_millis(50).into();
        })
        .start();
    run(async {
        let mut busy = Http2::connect(gate.address).await;
        let ask = Ask::chat("gpt-4o");
        let (answer, mut body) = busy.open(&ask, false).await;
        body.send_data(ask.payload(), true).unwrap();
        let mut answer = answer.await.unwrap().into_body();
        assert!(answer.data().await.unwrap().is_ok());
        let mut idle = Http2::connect(gate.address).await;
        idle.is_ended().await.unwrap();
        go_on.send(()).unwrap();
        while let Some(rest) = answer.data().await {
            assert_eq!(rest.unwrap(), "", "it ends as it should");
        }
    });
}

#[test]
fn a_body_that_does_not_come_is_refused_in_time() {
    let gate = Gate::builder(Gt::chatty().address)
        .config(|config| config.times.body_idle = Duration::from_millis(50).into())
        .start();
    run(async {
        let mut client = Http2::connect(gate.address).await;
        let (answer, mut body) = client.open(&Ask::chat("gpt-4o"), false).await;
        body.send_data(Bytes::from_static(b"{"), false).unwrap();
        let answer = whole(answer.await.unwrap()).await;
        assert_eq!(answer.refusal(), (408, "request_timeout".to_owned()));
    });
}

#[test]
fn head_is_answered_without_a_body_where_the_host_answers_and_nowhere_else() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let ask = |target| Ask::plain("HEAD", target).key("all");
    let get = gate.send(&Ask::get("/v1/models"));
    let mut one = gate.connect();
    one.write(&ask("/v1/models").bytes());
    let over_http1 = one.head();
    let over_http2 = run(async {
        let mut client = Http2::connect(gate.address).await;
        let (answer, _) = client.open(&ask("/v1/models"), true).await;
        whole(answer.await.unwrap()).await
    });
    for answer in [over_http1, over_http2] {
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("content-length"),
            get.header("content-length")
        );
        assert_eq!(answer.header("content-type"), get.header("content-type"));
        assert_eq!(answer.body, b"");
    }
    one.write(&ask("/v1/files/file-1").bytes());
    let refused = one.head();
    assert_eq!(
        (refused.status, refused.header("allow")),
        (405, Some("GET"))
    );
    // The answer had no body: the next one is where it belongs.
    assert_eq!(one.send(&Ask::get("/v1/models")).status, 200);
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn many_streams_at_once_are_all_answered() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    run(async {
        let mut client = Http2::connect(gate.address).await;
        let mut answers = Vec::new();
        for _ in 0..100 {
            let ask = Ask::chat("gpt-4o");
            let (answer, mut body) = client.open(&ask, false).await;
            body.send_data(ask.payload(), true).unwrap();
            answers.push(answer);
        }
        for answer in answers {
            let answer = answer.await.unwrap();
            assert_eq!(head(&answer).status, 200);
            assert_eq!(
                whole(answer).await.text(),
                r#"{"id":"c1","model":"gpt-4o"}"#
            );
        }
    });
    assert_eq!(gt.seen().len(), 100);
}

#[test]
fn an_upload_larger_than_the_windows_streams_through() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let sent: Arc<[u8]> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    run(async {
        let mut client = Http2::connect(gate.address).await;
        let ask = Ask::post("/v1/datasets/briefs/files").header("content-type", "text/plain");
        let (answer, mut body) = client.open(&ask, false).await;
        let mut rest = Bytes::copy_from_slice(&sent);
        while !rest.is_empty() {
            body.reserve_capacity(rest.len().min(100_000));
            let room = std::future::poll_fn(|context| body.poll_capacity(context)).await;
            let piece = rest.split_to(room.unwrap().unwrap().min(rest.len()));
            body.send_data(piece, rest.is_empty()).unwrap();
        }
        assert_eq!(whole(answer.await.unwrap()).await.status, 200);
    });
    assert_eq!(gt.only().body, *sent);
}

#[test]
fn what_was_said_before_hyper_looked_is_not_lost() {
    let gate = Gate::before(&Gt::chatty());
    // More than is read ahead, in one write.
    let large = Ask::chat("gpt-4o").header("x-filler", &"x".repeat(20_000));
    let mut client = Client::connect(gate.address);
    assert_eq!(client.send(&large).status, 200);
    assert_eq!(client.send(&large).status, 200);
}
