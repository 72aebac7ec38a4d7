//! Bodies that stream: nothing of them is held, whoever is slow, and what may not come is not read.

use std::io::Read;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use signalbox_host::config::Size;

use crate::harness::{Ask, Form, Gate, Gt, PATIENCE, keyring, within};

const UPLOADS: [&str; 2] = ["/v1/datasets/briefs/files", "/v1/conversations/files"];

/// An upload, of whatever length its head says.
fn upload(target: &str) -> Ask {
    let ask = Ask::post(target).header("content-type", "multipart/form-data; boundary=b");
    match target {
        "/v1/conversations/files" => ask.header("x-gt-conversation-id", "conv_1"),
        _ => ask,
    }
}

/// A GT that reads nothing before it is told to, and answers how much it read then.
fn hesitant() -> (Gt, mpsc::Sender<()>) {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::before_body(move |seen, reader, reply| {
        may_go_on.lock().unwrap().recv().unwrap();
        let length: u64 = seen.header("content-length").unwrap().parse().unwrap();
        let read = std::io::copy(&mut reader.take(length), &mut std::io::sink()).unwrap();
        reply.json(200, &format!("{{\"read\":{read}}}"));
    });
    (gt, go_on)
}

#[test]
fn a_gt_that_stops_reading_stops_the_client() {
    let file = Form::new().field("model", "gpt-4o").file(b"").open();
    let file = &file[..file.len() - 2];
    let grown = ("support-agent".len() - "gpt-4o".len()) as u64;
    let end = [b"\r\n", &Form::new().bytes()[..]].concat();
    for (ask, begun, end, grown) in [
        (upload(UPLOADS[0]), &b""[..], &b""[..], 0),
        (upload(UPLOADS[1]), b"", b"", 0),
        (Form::asking(b""), file, &end, grown),
    ] {
        let (gt, go_on) = hesitant();
        let gate = Gate::before(&gt);
        let length = begun.len() as u64 + LARGE + end.len() as u64;
        let ask = ask.without("content-length");
        let ask = ask.header("content-length", &length.to_string());
        let mut client = gate.connect();
        client.write(&[&ask.head(), begun].concat());
        // The client writes until nobody takes any more.
        client.gives_up_after(Duration::from_millis(500));
        let written = client.write_what_is_taken(LARGE);
        assert!(written < MAY_BE_UNDER_WAY, "{written} bytes are on the way");
        client.gives_up_after(PATIENCE);
        go_on.send(()).unwrap();
        client.write(&vec![b'x'; usize::try_from(LARGE - written).unwrap()]);
        client.write(end);
        let answer = client.answer();
        assert_eq!(answer.text(), format!("{{\"read\":{}}}", length + grown));
        assert!(within(|| gate.held() == (0, 0)));
    }
}

#[test]
fn what_may_not_come_is_refused_before_any_of_it() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for (ask, code) in [
        (upload("/v1/datasets/other/files"), "dataset_not_allowed"),
        (
            upload("/v1/datasets/other/files").key("upload"),
            "dataset_not_allowed",
        ),
        (upload(UPLOADS[0]).key("chat"), "purpose_not_allowed"),
        (upload(UPLOADS[1]).key("upload"), "purpose_not_allowed"),
        (upload(UPLOADS[1]).key("chat"), "purpose_not_allowed"),
        (
            upload(UPLOADS[1]).without("x-gt-conversation-id"),
            "missing_conversation",
        ),
        (upload(UPLOADS[0]).key("revoked"), "invalid_api_key"),
    ] {
        for ask in [ask.clone(), ask.header("expect", "100-continue")] {
            // Only the head comes, ever.
            let mut client = gate.connect();
            client.write(&ask.header("content-length", "1000000").head());
            let answer = client.answer();
            assert_eq!(answer.refusal().1, code, "no 100 came before");
        }
    }
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn an_upload_is_told_to_go_on_once_it_is_decided() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for target in UPLOADS {
        let ask = upload(target)
            .body(b"hello")
            .header("expect", "100-continue");
        let mut client = gate.connect();
        client.write(&ask.head());
        assert_eq!(client.answer().status, 100);
        client.write(b"hello");
        assert_eq!(client.answer().status, 200);
        let seen = gt.seen().pop().unwrap();
        assert_eq!((seen.text(), seen.header("expect")), ("hello", None));
    }
}

#[test]
fn a_conversation_is_named_both_ways() {
    let gt = Gt::answering(|_, reply| {
        let headers = "content-type: application/json\r\nx-gt-conversation-id: conv_2\r\n";
        reply.with(200, headers, br#"{"id":"file_1"}"#);
    });
    let gate = Gate::before(&gt);
    let asks = [
        upload(UPLOADS[1]).body(b"x"),
        Ask::chat("gpt-4o").header("x-gt-conversation-id", "conv_1"),
        Ask::post("/v1/conversations").json(r#"{"model":"gpt-4o"}"#),
    ];
    for (at, ask) in asks.iter().enumerate() {
        let answer = gate.send(ask);
        assert_eq!(answer.header("x-gt-conversation-id"), Some("conv_2"));
        let seen = gt.seen().pop().unwrap();
        let sent = (at < 2).then_some("conv_1");
        assert_eq!(seen.header("x-gt-conversation-id"), sent, "{}", seen.line);
    }
}

#[test]
fn what_streams_has_a_limit_of_its_own() {
    let gt = Gt::chatty();
    let limits = "limits: {body_mb: 1, upload_mb: 3}";
    let keys = keyring().replace("limits: {body_mb: 1}", limits);
    let keys = keys.replace("preset: chat-client, models: all, limits: {body_mb", "group: test, purposes: [inference, upload], scopes: ['inference:transcribe', 'datasets:write'], datasets: [briefs], models: all, limits: {body_mb");
    let gate = Gate::builder(gt.address)
        .config(|config| config.keys = signalbox_host::config::KeySource::Text(keys))
        .start();
    let form = |mib: usize| {
        let content = vec![b'x'; (mib << 20) - 1_000];
        Form::new().field("model", "gpt-4o").file(&content).ask()
    };
    let raw = |mib: usize| upload(UPLOADS[0]).body(&vec![b'x'; mib << 20]);
    for ask in [form(3), raw(3)] {
        let chunked = ask.clone().chunked(100_000);
        for ask in [ask, chunked] {
            assert_eq!(gate.send(&ask.key("small")).status, 200);
        }
    }
    for ask in [form(5), raw(4)] {
        let chunked = ask.clone().chunked(100_000);
        for ask in [ask, chunked] {
            let answer = gate.send(&ask.key("small"));
            assert_eq!(answer.refusal(), (413, "body_too_large".to_owned()));
        }
    }
    assert!(within(|| gate.held() == (0, 0)));
}

#[test]
fn a_key_without_a_limit_for_uploads_has_the_hosts() {
    let gt = Gt::chatty();
    let gate = Gate::builder(gt.address)
        .config(|config| {
            config.key_limits.body = Size::mib(1);
            config.limits.upload_body = Size::mib(3);
        })
        .start();
    let raw = |mib: usize| upload(UPLOADS[0]).body(&vec![b'x'; mib << 20]);
    assert_eq!(gate.send(&raw(3)).status, 200);
    assert_eq!(gate.send(&raw(4)).refusal().0, 413);
}

/// Kilobytes of this process in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.unwrap().parse().unwrap()
}

/// The most memory this process has had when somebody looked.
#[derive(Clone, Default)]
struct Peak(Arc<Mutex<u64>>);

impl Peak {
    fn look(&self) {
        let mut most = self.0.lock().unwrap();
        *most = resident().max(*most);
    }

    fn most(&self) -> u64 {
        *self.0.lock().unwrap()
    }
}

/// A GT that looks at the memory while it reads, and answers how much it read.
fn counting(peak: &Peak) -> Gt {
    let peak = peak.clone();
    Gt::before_body(move |seen, reader, reply| {
        let length: u64 = seen.header("content-length").unwrap().parse().unwrap();
        let mut read = 0;
        let mut piece = vec![0; 1 << 20];
        while read < length {
            let next = (length - read).min(piece.len() as u64);
            let next = usize::try_from(next).unwrap();
            reader.read_exact(&mut piece[..next]).unwrap();
            read += next as u64;
            peak.look();
        }
        reply.json(200, &format!("{{\"read\":{read}}}"));
    })
}

const IN_A_CHILD: &str = "SIGNALBOX_TEST_UPLOADS";

/// Sends a body with so many MiB before `between` and so many after it.
fn send_large(gate: &Gate, peak: &Peak, ask: Ask, parts: [(&[u8], u64); 3]) -> u64 {
    let length = parts
        .iter()
        .map(|(bytes, mib)| bytes.len() as u64 + (mib << 20))
        .sum::<u64>();
    let ask = ask
        .without("content-length")
        .header("content-length", &length.to_string());
    let mut client = gate.connect();
    client.write(&ask.head());
    let piece = vec![b'x'; 1 << 20];
    for (bytes, mib) in parts {
        client.write(bytes);
        for _ in 0..mib {
            client.write(&piece);
            peak.look();
        }
    }
    let answer = client.answer();
    assert_eq!(answer.status, 200, "{:?}", answer.text());
    let read = answer
        .text()
        .trim_start_matches("{\"read\":")
        .trim_end_matches('}');
    read.parse::<u64>().unwrap() - length
}

#[test]
#[ignore = "another test runs it in a process of its own"]
#[expect(
    clippy::print_stdout,
    reason = "the test that runs it reads what it prints"
)]
fn child() {
    assert!(
        std::env::var_os(IN_A_CHILD).is_some(),
        "run by another test"
    );
    let peak = Peak::default();
    let gate = Gate::before(&counting(&peak));
    let model = Form::new().field("model", "gpt-4o").open();
    let file = Form::new().file(b"").open();
    let file = &file[..file.len() - 2];
    let end = Form::new().bytes();
    let (before, after) = ([&model[..], file].concat(), [b"\r\n", &end[..]].concat());
    let between = [b"\r\n", &before[..]].concat();
    let last = [b"\r\n", &model[..], &end[..]].concat();
    let grown = ("support-agent".len() - "gpt-4o".len()) as u64;
    let send = |parts: [(&[u8], u64); 3]| {
        assert_eq!(send_large(&gate, &peak, Form::asking(b""), parts), grown);
    };
    send([(&before, 1), (b"", 0), (&after, 0)]);
    let at_first = resident();
    println!("model first");
    send([(&before, 200), (b"", 0), (&after, 0)]);
    println!("model after a file, before another");
    send([(file, 50), (&between, 150), (&after, 0)]);
    println!("model last");
    send([(file, 60), (b"", 0), (&last, 0)]);
    println!("an upload");
    let raw = [(&b""[..], 200), (b"", 0), (b"", 0)];
    assert_eq!(send_large(&gate, &peak, upload(UPLOADS[0]), raw), 0);
    println!("resident {at_first} {}", peak.most());
}

#[test]
fn two_hundred_megabytes_pass_through_flat_memory() {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "uploads::child", "--ignored", "--nocapture"])
        .env(IN_A_CHILD, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&child.stdout);
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix("resident "));
    let Some((at_first, most)) = line.and_then(|line| line.split_once(' ')) else {
        panic!("{child:?}")
    };
    let number = |text: &str| text.trim().parse::<u64>().unwrap();
    let (at_first, most) = (number(at_first), number(most));
    assert!(
        most < at_first + MAY_BE_MORE_KB,
        "{at_first} KB before, {most} KB at most"
    );
}

/// Far more than all sockets between client and GT take in.
const LARGE: u64 = 96 << 20;
/// What they may take in, as the system sizes them, with room to spare.
const MAY_BE_UNDER_WAY: u64 = 64 << 20;
/// Pieces, what is held of a form in memory, and what an allocator keeps: a sixth of one body.
const MAY_BE_MORE_KB: u64 = 32 << 10;
