//! Start, stop, and bad neighbours.

use serde_json::json;
use signalbox_gt_sim::{Fault, Simulator, Tenant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Ask, DEADLINE, Sim};

fn chat(stream: bool) -> Ask<'static> {
    let body = json!({"model": "gt-small", "stream": stream, "messages": [{"role": "user", "content": "a"}]});
    Ask::new("POST", "/v1/chat/completions")
        .key("gtak_i")
        .json(&body)
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let sim = Sim::start().await;
    let error = Simulator::bind(sim.address, Tenant::demo())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn requests_under_way_end_before_the_simulator_does() {
    let mut sim = Sim::start().await;
    let _hold = sim.handle.hold_streams();
    let mut streaming = sim.connect().await;
    let mut open = streaming.send(chat(true)).await.unwrap();
    open.frame().await.unwrap().unwrap();
    sim.handle.fail_next(Fault::Stall);
    let mut stalling = sim.connect().await;
    let stop = sim.stop.take().unwrap();
    let handle = sim.handle.clone();
    let stalled = async move {
        handle
            .progress()
            .wait_for(|now| now.stalled == 1)
            .await
            .unwrap();
        stop.send(()).unwrap();
    };
    let (answer, ()) = tokio::join!(stalling.send(chat(false)), stalled);
    assert_eq!(answer.unwrap().read().await.unwrap().status, 200);
    assert!(
        open.read()
            .await
            .unwrap()
            .body
            .ends_with(b"data: [DONE]\n\n")
    );
    drop((streaming, stalling));
    let ended = async { while sim.tasks.join_next().await.is_some() {} };
    tokio::time::timeout(DEADLINE, ended)
        .await
        .expect("every task ends");
    assert!(
        TcpStream::connect(sim.address).await.is_err(),
        "nobody listens"
    );
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let mut sim = Sim::start().await;
    let mut client = sim.connect().await;
    for _ in 0..3 {
        client.sender.ready().await.unwrap();
        let answer = client
            .send(chat(false))
            .await
            .unwrap()
            .read()
            .await
            .unwrap();
        assert_eq!(answer.status, 200);
    }
    assert_eq!(sim.handle.requests_seen(), 3);
}

#[tokio::test]
async fn a_client_that_speaks_no_http_or_leaves_mid_body_harms_nobody() {
    let mut sim = Sim::start().await;
    for bytes in [
        "\0\0\0\0\r\n\r\n",
        "POST /api/tenant/v1/embeddings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer gtak_i\r\ncontent-length: 9\r\n\r\n{",
    ] {
        let mut socket = TcpStream::connect(sim.address).await.unwrap();
        socket.write_all(bytes.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut rest = Vec::new();
        tokio::time::timeout(DEADLINE, socket.read_to_end(&mut rest))
            .await
            .expect("an end in time")
            .ok();
    }
    assert_eq!(sim.send(chat(false)).await.status, 200);
    assert!(
        sim.handle
            .requests()
            .iter()
            .any(|request| !request.is_complete())
    );
}
