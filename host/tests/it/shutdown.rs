//! The way out: nobody new, everybody to the end, and what does not end is cut and counted.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use crate::harness::{Ask, Gate, Gt, within};

/// A GT that answers when told to.
fn told_when() -> (Gt, mpsc::Sender<()>) {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        let _ = may_go_on.lock().unwrap().recv();
        reply.json(200, "{}");
    });
    (gt, go_on)
}

fn patient(gt: &Gt) -> Gate {
    let long = Duration::from_secs(30).into();
    Gate::builder(gt.address)
        .config(|config| config.times.drain = long)
        .start()
}

#[test]
fn a_request_under_way_is_answered_and_its_connection_closed() {
    let (gt, go_on) = told_when();
    let mut gate = patient(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| gt.seen().len() == 1));
    gate.tell_to_stop();
    assert!(within(|| gate.handle.status().status == "draining"));
    go_on.send(()).unwrap();
    let answer = client.answer();
    assert_eq!(
        (answer.status, answer.header("connection")),
        (200, Some("close"))
    );
    assert!(client.is_closed());
    let exit = gate.exit();
    assert_eq!((exit.cut_requests, exit.cut_connections), (0, 0));
}

#[test]
fn an_idle_connection_does_not_hold_the_host() {
    let gt = Gt::chatty();
    let gate = patient(&gt);
    let mut idle = gate.connect();
    assert_eq!(idle.send(&Ask::chat("gpt-4o")).status, 200);
    let exit = gate.exit();
    assert_eq!((exit.cut_requests, exit.cut_connections), (0, 0));
    assert!(idle.is_closed());
}

#[test]
fn nobody_new_is_accepted() {
    let gate = patient(&Gt::chatty());
    let address = gate.address;
    gate.exit();
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn a_stream_that_does_not_end_is_cut_with_an_error_event_and_counted() {
    let gt = Gt::answering(|_, reply| {
        reply.events();
        reply.chunk("data: {}\n\n");
        std::thread::park();
    });
    let gate = Gate::before(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("gpt-4o").bytes());
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().as_deref(), Some(&b"data: {}\n\n"[..]));
    let exit = gate.exit();
    assert_eq!((exit.cut_requests, exit.cut_connections), (1, 1));
    let event = String::from_utf8(client.chunk().unwrap()).unwrap();
    assert!(event.contains(r#""code":"overloaded""#), "{event}");
    assert_eq!(client.chunk(), None);
}
