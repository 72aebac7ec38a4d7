//! Faults on demand.

use serde_json::{Value, json};
use signalbox_gt_sim::{After, Break, Fault};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Answer, Ask, DEADLINE, Sim};

fn models() -> Ask<'static> {
    Ask::new("GET", "/v1/models").key("gtak_i")
}

fn stream() -> Ask<'static> {
    let body = json!({"model": "gt-small", "stream": true, "messages": [{"role": "user", "content": "a b c"}]});
    Ask::new("POST", "/v1/chat/completions")
        .key("gtak_i")
        .json(&body)
}

/// The bytes of an answer to `GET /v1/models`, and how the connection ended.
async fn raw(sim: &Sim) -> (String, std::io::Result<usize>) {
    let mut socket = TcpStream::connect(sim.address).await.unwrap();
    let request = "GET /api/tenant/v1/models HTTP/1.1\r\nhost: gt.test\r\nauthorization: Bearer gtak_i\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(DEADLINE, socket.read_to_end(&mut bytes))
        .await
        .expect("an end in time");
    (String::from_utf8(bytes).unwrap(), ended)
}

#[tokio::test]
async fn one_request_gets_the_given_answer_and_the_next_does_not() {
    let mut sim = Sim::start().await;
    let headers = vec![
        ("x-a".to_owned(), "1".to_owned()),
        ("set-cookie".to_owned(), "c=d".to_owned()),
    ];
    sim.handle.fail_next(Fault::Answer {
        status: 429,
        headers,
        body: b"slow down".to_vec(),
    });
    sim.handle.fail_next(Fault::status(503, "{}"));
    let first = sim.send(models()).await;
    assert_eq!(
        (first.status, first.body.as_slice(), first.header("x-a")),
        (429, b"slow down".as_slice(), "1")
    );
    assert_eq!(sim.send(models()).await.status, 503);
    assert_eq!(sim.send(models()).await.status, 200);
}

#[tokio::test]
async fn a_fault_may_wait_for_one_path() {
    let mut sim = Sim::start().await;
    sim.handle
        .fail_next_at("/api/tenant/v1/chat/completions", Fault::status(500, "{}"));
    assert_eq!(sim.send(models()).await.status, 200);
    assert_eq!(sim.send(stream()).await.status, 500);
}

#[tokio::test]
async fn a_redirect_has_a_location() {
    let mut sim = Sim::start().await;
    sim.handle
        .fail_next(Fault::Redirect("https://elsewhere.test/".to_owned()));
    let answer = sim.send(models()).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (307, "https://elsewhere.test/")
    );
}

#[tokio::test]
async fn a_stalled_answer_goes_on_when_released() {
    let mut sim = Sim::start().await;
    sim.handle.fail_next(Fault::Stall);
    let mut client = sim.connect().await;
    let handle = sim.handle.clone();
    let release = async {
        sim.until(|now| now.stalled == 1).await;
        handle.release_stalled();
    };
    let (answer, ()) = tokio::join!(client.send(models()), release);
    assert_eq!(answer.unwrap().status, 200);
    sim.until(|now| now.stalled == 0).await;
}

#[tokio::test]
async fn a_stall_ends_when_the_client_leaves() {
    let mut sim = Sim::start().await;
    sim.handle.fail_next(Fault::Stall);
    let mut client = sim.connect().await;
    tokio::select! {
        _ = client.send(models()) => panic!("no answer was due"),
        () = sim.until(|now| now.stalled == 1) => {}
    }
    drop(client);
    sim.until(|now| now.stalled == 0).await;
}

#[tokio::test]
async fn a_connection_may_close_before_the_answer() {
    let mut sim = Sim::start().await;
    for (fault, bodies) in [(Fault::CloseBeforeAnswer, 1), (Fault::CloseAtHead, 0)] {
        sim.handle.clear();
        sim.handle.fail_next(fault);
        let mut client = sim.connect().await;
        assert!(client.send(stream()).await.is_err());
        assert_eq!(sim.handle.requests_seen(), 1);
        assert_eq!(sim.handle.progress().borrow().bodies, bodies);
    }
    assert_eq!(
        sim.send(models()).await.status,
        200,
        "the simulator goes on"
    );
}

#[tokio::test]
async fn raw_bytes_stand_in_for_an_answer() {
    let sim = Sim::start().await;
    sim.handle
        .fail_next(Fault::Raw(b"HTTP/9.9 nonsense\r\n\r\n".to_vec()));
    let (text, ended) = raw(&sim).await;
    assert_eq!(
        (text.as_str(), ended.is_ok()),
        ("HTTP/9.9 nonsense\r\n\r\n", true)
    );
}

#[tokio::test]
async fn a_stream_may_break_after_some_events() {
    let mut sim = Sim::start().await;
    for by in [Break::Close, Break::Reset] {
        sim.handle.fail_next(Fault::BreakBody {
            after: After::Events(3),
            by,
        });
        let mut open = sim.connect().await.send(stream()).await.unwrap();
        for _ in 0..3 {
            assert!(open.frame().await.unwrap().unwrap().starts_with(b"data: {"));
        }
        assert!(open.frame().await.unwrap().is_err(), "{by:?}");
    }
    sim.until(|now| now.streams_cancelled == 2).await;
}

#[tokio::test]
async fn a_closed_body_ends_and_a_reset_one_does_not() {
    let sim = Sim::start().await;
    sim.handle.fail_next(Fault::BreakBody {
        after: After::Bytes(8),
        by: Break::Close,
    });
    let (text, ended) = raw(&sim).await;
    assert!(
        text.ends_with("\r\n\r\n8\r\n{\"data\":\r\n") || text.ends_with("8\r\n{\"object\r\n"),
        "{text}"
    );
    assert!(ended.is_ok());
    sim.handle.fail_next(Fault::BreakBody {
        after: After::Bytes(8),
        by: Break::Reset,
    });
    let (_, ended) = raw(&sim).await;
    assert_eq!(
        ended.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset
    );
}

#[tokio::test]
async fn a_stalled_body_stays_open_until_the_client_leaves() {
    let mut sim = Sim::start().await;
    sim.handle.fail_next(Fault::BreakBody {
        after: After::Events(1),
        by: Break::Stall,
    });
    let mut client = sim.connect().await;
    let mut open = client.send(stream()).await.unwrap();
    open.frame().await.unwrap().unwrap();
    assert_eq!(sim.handle.progress().borrow().streams_open, 1);
    drop((client, open));
    sim.until(|now| now.streams_open == 0 && now.streams_cancelled == 1)
        .await;
}

#[tokio::test]
async fn a_gzip_answer_holds_the_answer() {
    let mut sim = Sim::start().await;
    let plain = sim.send(models()).await;
    sim.handle.fail_next(Fault::Gzip);
    let Answer {
        status,
        headers,
        body,
    } = sim.send(models()).await;
    assert_eq!(
        (status, &headers["content-encoding"]),
        (200, &"gzip".parse().unwrap())
    );
    // One stored block: ten bytes of head, five of the block's, then the content.
    assert!(body.starts_with(b"\x1f\x8b\x08"));
    assert_eq!(&body[15..15 + plain.body.len()], plain.body);
    assert_eq!(headers["content-length"], body.len().to_string());
}

#[tokio::test]
async fn a_content_length_may_lie_both_ways() {
    let mut sim = Sim::start().await;
    let whole = sim.send(models()).await.body;
    sim.handle.fail_next(Fault::WrongLength(10));
    let short = sim.send(models()).await;
    assert_eq!(short.body, whole[..10]);
    assert!(serde_json::from_slice::<Value>(&short.body).is_err());
    sim.handle
        .fail_next(Fault::WrongLength(whole.len() as u64 + 1));
    let open = sim.connect().await.send(models()).await.unwrap();
    assert!(open.read().await.is_err());
}
