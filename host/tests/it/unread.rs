//! Clients that do not take what they asked for. Their answers end in time, with everything they hold
//! at GT, and nobody else's do.

use std::io::Read as _;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use h2::Reason;
use signalbox_host::config::KeySource;

use crate::harness::http2::{Frames, Taken, block};
use crate::harness::{Ask, Gate, Gt, keyring, within};

const STREAM: &str = r#"{"model":"gpt-4o","stream":true}"#;
const SETTINGS_WINDOW: u16 = 4;
const WINDOW_UPDATE: u8 = 8;
const PING: u8 = 6;

/// A GT that streams until nobody takes it, and tells of that.
fn endless() -> (Gt, mpsc::Receiver<()>) {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let gt = Gt::answering(move |_, reply| {
        let event = format!("data: {{\"text\":\"{}\"}}\n\n", "x".repeat(4_000));
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        reply.events();
        while reply.raw(chunk.as_bytes()) {}
        tell.lock().unwrap().send(()).unwrap();
        reply.hang_up();
    });
    (gt, told)
}

fn hears(told: &mpsc::Receiver<()>) {
    told.recv_timeout(Duration::from_secs(30))
        .expect("GT still streams to nobody");
}

fn impatient(gt: &Gt) -> Gate {
    Gate::builder(gt.address)
        .config(|config| config.times.answer_idle = Duration::from_millis(50).into())
        .start()
}

/// A connection whose streams have windows of so many bytes.
fn with_window(gate: &Gate, bytes: u32) -> Frames {
    let mut frames = Frames::connect(gate.address);
    let mut setting = SETTINGS_WINDOW.to_be_bytes().to_vec();
    setting.extend(bytes.to_be_bytes());
    frames.write(Frames::SETTINGS, 0, 0, &setting);
    frames
}

fn chat_head(key: &str) -> Vec<u8> {
    block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "gate.example"),
        (":path", "/v1/chat/completions"),
        ("authorization", &format!("Bearer token-{key}")),
        ("content-type", "application/json"),
    ])
}

fn asks_for_a_stream(frames: &mut Frames, stream: u32, key: &str) {
    frames.write(
        Frames::HEADERS,
        Frames::END_HEADERS,
        stream,
        &chat_head(key),
    );
    frames.write(Frames::DATA, Frames::END_STREAM, stream, STREAM.as_bytes());
}

fn list_head(key: Option<&str>) -> Vec<u8> {
    let token = key.map(|key| format!("Bearer token-{key}"));
    let mut head = vec![
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "gate.example"),
        (":path", "/v1/models"),
    ];
    head.extend(token.as_deref().map(|token| ("authorization", token)));
    block(&head)
}

fn asks_for_a_list(frames: &mut Frames, stream: u32, key: Option<&str>) {
    let flags = Frames::END_HEADERS | Frames::END_STREAM;
    frames.write(Frames::HEADERS, flags, stream, &list_head(key));
}

#[test]
fn a_stream_without_a_window_ends_at_gt_too_and_its_connection_goes_on() {
    let (gt, told) = endless();
    let gate = impatient(&gt);
    let mut frames = with_window(&gate, 0);
    asks_for_a_stream(&mut frames, 1, "all");
    assert_eq!(frames.taken(1), Taken::Reset(Reason::INTERNAL_ERROR));
    hears(&told);
    assert!(within(|| gate.handle.requests() == 0));
    // Room for one whole list.
    let window = 100_000_u32.to_be_bytes();
    asks_for_a_list(&mut frames, 5, Some("all"));
    frames.write(WINDOW_UPDATE, 0, 5, &window);
    assert_eq!(frames.taken(5), Taken::Answered(None));
}

#[test]
fn an_answer_that_is_taken_byte_by_byte_ends_too() {
    let (gt, told) = endless();
    let gate = impatient(&gt);
    let mut frames = with_window(&gate, 1);
    asks_for_a_stream(&mut frames, 1, "all");
    let mut taken = 0;
    loop {
        let (kind, _, stream, payload) = frames.read().expect("the connection goes on");
        match kind {
            Frames::DATA => {
                assert_eq!(payload.len(), 1);
                taken += 1;
                // What it takes in all is not worth a new beginning of its time.
                if taken < 500 {
                    let one = 1_u32.to_be_bytes();
                    // Its stream may be over by then.
                    let update = Frames::frame(WINDOW_UPDATE, 0, stream, &one);
                    frames.try_write(&update).unwrap();
                }
            }
            Frames::RESET => break,
            _ => {}
        }
    }
    hears(&told);
}

#[test]
fn an_own_answer_ends_when_nobody_takes_it() {
    let gate = impatient(&Gt::chatty());
    for key in [Some("all"), None] {
        let mut frames = with_window(&gate, 0);
        asks_for_a_list(&mut frames, 1, key);
        assert_eq!(frames.taken(1), Taken::Reset(Reason::INTERNAL_ERROR));
    }
    assert!(within(|| gate.handle.requests() == 0));
}

#[test]
fn of_many_refusals_that_nobody_takes_most_are_heads_alone() {
    let gate = Gate::before(&Gt::chatty());
    let mut frames = with_window(&gate, 0);
    let streams: Vec<u32> = (1..200).step_by(2).collect();
    for stream in &streams {
        asks_for_a_list(&mut frames, *stream, None);
    }
    let (mut whole, mut waiting) = (0, 0);
    while whole + waiting < streams.len() {
        let (kind, flags, ..) = frames.read().expect("the connection goes on");
        match (kind, flags & Frames::END_STREAM) {
            (Frames::HEADERS, 0) => waiting += 1,
            (Frames::HEADERS, _) => whole += 1,
            _ => {}
        }
    }
    assert_eq!((whole, waiting), (96, 4));
    // Whoever has a key is told all.
    asks_for_a_list(&mut frames, 201, Some("all"));
    let head = loop {
        let (kind, flags, stream, _) = frames.read().expect("the connection goes on");
        if kind == Frames::HEADERS && stream == 201 {
            break flags & Frames::END_STREAM;
        }
    };
    assert_eq!(head, 0);
}

#[test]
fn a_connection_of_http1_that_takes_nothing_ends_at_gt_too() {
    let (gt, told) = endless();
    let gate = impatient(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("x").json(STREAM).bytes());
    hears(&told);
    assert!(within(|| gate.handle.requests() == 0));
}

#[test]
fn pings_that_nobody_hears_answered_end_their_connection() {
    let gate = impatient(&Gt::chatty());
    let mut frames = Frames::connect(gate.address);
    let ping = Frames::frame(PING, 0, 0, &[7; 8]);
    let pings = ping.repeat(1_000);
    let mut written = 0;
    while written < 256 << 20 && frames.try_write(&pings).is_ok() {
        written += pings.len();
    }
    assert!(written < 256 << 20, "it takes pings for ever");
}

/// A gate whose keys come from a file, and how to revoke the key `chat`.
fn revocable(gt: &Gt) -> (Gate, impl Fn(&Gate), tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.yaml");
    std::fs::write(&file, keyring()).unwrap();
    let keys = KeySource::File(file.clone());
    let gate = Gate::builder(gt.address)
        .config(|config| config.keys = keys)
        .start();
    let revoke = move |gate: &Gate| {
        let revoked = keyring().replace("id: chat,", "id: chat, revoked: true,");
        std::fs::write(&file, revoked).unwrap();
        gate.handle.reload_keys().unwrap();
    };
    (gate, revoke, folder)
}

fn cuts_of_keys(gate: &Gate) -> bool {
    let metrics = gate.handle.metrics();
    let mut lines = metrics.lines();
    lines.any(|line| line.contains(r#"cause="key_ended""#) && line.ends_with(" 1"))
}

#[test]
fn a_revoked_keys_stream_ends_although_nobody_reads_it_over_http1() {
    let (gt, told) = endless();
    let (gate, revoke, _folder) = revocable(&gt);
    let mut client = gate.connect();
    client.write(&Ask::chat("x").key("chat").json(STREAM).bytes());
    assert_eq!(client.head().status, 200);
    revoke(&gate);
    hears(&told);
    assert!(within(|| cuts_of_keys(&gate)));
}

#[test]
fn a_revoked_keys_stream_ends_although_nobody_reads_it_over_http2() {
    let (gt, told) = endless();
    let (gate, revoke, _folder) = revocable(&gt);
    let mut frames = with_window(&gate, 10_000);
    asks_for_a_stream(&mut frames, 1, "chat");
    // All it has room for.
    let mut taken = 0;
    while taken < 10_000 {
        let (kind, _, _, payload) = frames.read().expect("the connection goes on");
        taken += if kind == Frames::DATA {
            payload.len()
        } else {
            0
        };
    }
    revoke(&gate);
    assert_eq!(frames.taken(1), Taken::Reset(Reason::INTERNAL_ERROR));
    hears(&told);
    assert!(within(|| cuts_of_keys(&gate)));
}

#[test]
fn requests_whose_answers_nobody_takes_are_not_read_for_ever() {
    let gate = Gate::before(&Gt::chatty());
    let list = Ask::get("/v1/models").bytes().repeat(1_000);
    let mut client = gate.connect();
    client.gives_up_after(Duration::from_secs(1));
    let mut written = 0;
    while written < 64 << 20 && client.try_write(&list).is_ok() {
        written += list.len();
    }
    assert!(written < 64 << 20, "they are read for ever");
}

#[test]
fn an_answer_that_only_the_system_takes_ends_too() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let gt = Gt::before_body(move |_, reader, reply| {
        reply.events();
        // More than the client's system takes, less than the gate's.
        reply.raw(format!("{:x}\r\n{}\r\n", 400_000, "x".repeat(400_000)).as_bytes());
        let pause = Duration::from_millis(20);
        reader.get_ref().set_read_timeout(Some(pause)).unwrap();
        // From now on a little at a time, until the gate closes.
        while reply.raw(b"8\r\ndata: x\n\r\n") {
            if matches!(reader.read(&mut [0; 1_000]), Ok(0)) {
                break;
            }
        }
        tell.lock().unwrap().send(()).unwrap();
        reply.hang_up();
    });
    let gate = Gate::builder(gt.address)
        .config(|config| config.times.answer_idle = Duration::from_secs(1).into())
        .start();
    let mut client = gate.connect();
    client.receives_little();
    client.write(&Ask::chat("x").json(STREAM).bytes());
    // The system takes half a minute to be sure.
    let ended = told.recv_timeout(Duration::from_secs(120));
    ended.expect("GT still streams to nobody");
}

#[test]
fn a_key_that_is_revoked_while_its_body_comes_sends_nothing() {
    let gt = Gt::chatty();
    let (gate, revoke, _folder) = revocable(&gt);
    let ask = Ask::chat("gpt-4o").key("chat").bytes();
    let (first, last) = ask.split_at(ask.len() - 1);
    let mut client = gate.connect();
    client.write(first);
    assert!(within(|| gate.handle.requests() == 1));
    revoke(&gate);
    // As long as what is cut takes to be cut.
    let open = std::time::Instant::now();
    assert!(within(|| open.elapsed() >= signalbox_gate::LOOK));
    client.write(last);
    assert_eq!(client.answer().refusal().1, "invalid_api_key");
    assert!(gt.seen().is_empty());
}

#[test]
fn an_own_answer_of_a_revoked_key_ends_too() {
    let gt = Gt::chatty();
    let (gate, revoke, _folder) = revocable(&gt);
    let mut frames = with_window(&gate, 0);
    asks_for_a_list(&mut frames, 1, Some("chat"));
    loop {
        let (kind, ..) = frames.read().expect("the connection goes on");
        if kind == Frames::HEADERS {
            break;
        }
    }
    revoke(&gate);
    assert_eq!(frames.taken(1), Taken::Reset(Reason::INTERNAL_ERROR));
}

#[test]
fn a_body_that_goes_on_or_is_taken_back_after_its_length_is_not_whole() {
    let cancel = Frames::frame(3, 0, 1, &8_u32.to_be_bytes());
    let more = Frames::frame(Frames::DATA, Frames::END_STREAM, 1, b"more");
    for after in [cancel, more] {
        let gt = Gt::chatty();
        let gate = Gate::before(&gt);
        let mut frames = Frames::connect(gate.address);
        let body = r#"{"model":"gpt-4o","messages":[]}"#;
        let head = block(&[
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "gate.example"),
            (":path", "/v1/chat/completions"),
            ("authorization", "Bearer token-all"),
            ("content-type", "application/json"),
            ("content-length", &body.len().to_string()),
        ]);
        frames.write(Frames::HEADERS, Frames::END_HEADERS, 1, &head);
        frames.write(Frames::DATA, 0, 1, body.as_bytes());
        assert!(within(|| gate.handle.requests() == 1));
        frames.try_write(&after).unwrap();
        assert!(within(|| gate.handle.requests() == 0));
        assert!(gt.seen().is_empty(), "GT has it");
    }
}
