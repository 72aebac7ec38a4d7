//! Forms: the model found in any position and rewritten in place, everything else as it comes.

use std::io::Read;
use std::sync::{Mutex, mpsc};

use signalbox_host::config::{Limits, Size};
use signalbox_swap::{OpenAnswers, Order};

use crate::harness::{BOUNDARY, Form, Gate, Gt, POLICY, Seen, component, within};
use crate::policies::stricter;
use crate::swaps::{done, order};

/// A form with the model at this position among its fields.
fn form(at: usize, model: &str) -> Form {
    let wav: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    (0..4).fold(Form::new(), |form, position| match position {
        _ if position == at => form.field("model", model),
        0 => form.field("language", "en"),
        1 => form.file(&wav),
        _ => form.field("prompt", "--- \r\n--x"),
    })
}

/// A host that holds so much of a form in memory, and so much on disk.
fn holding(gt: &Gt, memory: u64, disk: u64) -> Gate {
    let change = |limits: &mut Limits| {
        limits.multipart_memory = Size::of(memory);
        limits.multipart_disk = Size::of(disk);
    };
    Gate::builder(gt.address)
        .config(|config| change(&mut config.limits))
        .start()
}

/// A GT that tells of everything it reads of a body whose end it does not see.
fn hearing_breaks() -> (Gt, mpsc::Receiver<Vec<u8>>) {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let gt = Gt::before_body(move |_, reader, reply| {
        let mut all = Vec::new();
        let _ = reader.read_to_end(&mut all);
        tell.lock().unwrap().send(all).unwrap();
        reply.hang_up();
    });
    (gt, told)
}

#[test]
fn only_the_model_differs_wherever_it_stands() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    for at in 0..4 {
        for ask in [
            form(at, "gpt-4o").ask(),
            form(at, "gpt-4o").ask().chunked(7),
        ] {
            let answer = gate.send(&ask);
            assert_eq!(answer.status, 200, "{:?}", answer.text());
            assert_eq!(answer.text(), r#"{"id":"c1","model":"gpt-4o"}"#);
            let seen = gt.seen().pop().unwrap();
            let sent = form(at, "support-agent").bytes();
            assert!(seen.body == sent, "the model as field {at}");
            let declared = seen.header("content-length");
            let is_chunked = ask.bytes().ends_with(b"0\r\n\r\n");
            match declared {
                Some(length) => assert_eq!(length, sent.len().to_string()),
                None => assert!(is_chunked, "a length that is known is said"),
            }
            let kind = format!("multipart/form-data; boundary={BOUNDARY}");
            assert_eq!(seen.header("content-type"), Some(&*kind));
        }
    }
}

#[test]
fn a_form_with_a_published_name_passes_as_it_is() {
    let gt = Gt::chatty();
    let itself = POLICY.replace("  gpt-4o: {", "  support-agent: {}\n  gpt-4o: {");
    let gate = Gate::builder(gt.address)
        .policy("default", component(&itself))
        .start();
    let sent = form(1, "support-agent");
    assert_eq!(gate.send(&sent.ask()).status, 200);
    assert!(gt.only().body == sent.bytes());
}

#[test]
fn gt_reads_a_form_before_the_client_has_sent_all_of_it() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let gt = Gt::before_body(move |seen, reader, reply| {
        let begun = Form::new().field("model", "support-agent").bytes().len();
        let mut first = vec![0; begun - BOUNDARY.len() - 6];
        reader.read_exact(&mut first).unwrap();
        tell.lock().unwrap().send((seen.clone(), first)).unwrap();
        let length: usize = seen.header("content-length").unwrap().parse().unwrap();
        let mut rest = vec![0; length + BOUNDARY.len() + 6 - begun];
        reader.read_exact(&mut rest).unwrap();
        reply.with(200, "", &rest);
    });
    let gate = Gate::before(&gt);
    let sent = Form::new().field("model", "gpt-4o").file(&[b'x'; 100_000]);
    let ask = sent.ask();
    let begun = ask.head().len() + Form::new().field("model", "gpt-4o").open().len() + 200;
    let mut client = gate.connect();
    client.write(&ask.bytes()[..begun]);
    let (seen, first): (Seen, Vec<u8>) = told.recv().unwrap();
    let reaches = Form::new()
        .field("model", "support-agent")
        .file(&[b'x'; 100_000]);
    let reaches = reaches.bytes();
    assert!(reaches.starts_with(&first));
    let length = reaches.len().to_string();
    assert_eq!(seen.header("content-length"), Some(&*length));
    client.write(&ask.bytes()[begun..]);
    let answer = client.answer();
    assert!(answer.body == reaches[first.len()..]);
}

#[test]
fn what_comes_before_the_model_waits_on_disk_once_memory_is_full() {
    let gt = Gt::chatty();
    let gate = holding(&gt, 10_000, 4 << 20);
    let wav: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
    let with = |model: &str| Form::new().file(&wav).field("model", model).file(&wav);
    let ask = with("gpt-4o").ask();
    let bytes = ask.bytes();
    let half = ask.head().len() + 2_000_000;
    let mut client = gate.connect();
    client.write(&bytes[..half]);
    assert!(within(|| gate.held().1 > 1_900_000), "{:?}", gate.held());
    assert!(gate.held().0 < 400_000, "{:?}", gate.held());
    client.write(&bytes[half..]);
    assert_eq!(client.answer().status, 200);
    assert!(gt.only().body == with("support-agent").bytes());
    assert!(within(|| gate.held() == (0, 0)), "{:?}", gate.held());
}

#[test]
fn too_much_before_the_model_is_refused_and_says_what_to_do() {
    let gt = Gt::chatty();
    let gate = holding(&gt, 10_000, 100_000);
    let form = Form::new().file(&[b'x'; 200_000]).field("model", "gpt-4o");
    for ask in [form.ask(), form.ask().chunked(1_000)] {
        let answer = gate.send(&ask);
        assert_eq!(answer.refusal(), (413, "body_too_large".to_owned()));
        assert!(answer.text().contains("Send `model` before the file."));
    }
    assert!(within(|| gate.held() == (0, 0)));
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn bytes_held_of_forms_have_a_budget_in_memory_and_on_disk() {
    let gt = Gt::chatty();
    for (memory, disk) in [
        (Size::of(4_000), Size::mib(400)),
        (Size::mib(400), Size::of(4_000)),
    ] {
        let gate = Gate::builder(gt.address)
            .config(|config| {
                config.limits.held_memory = memory;
                config.limits.held_disk = disk;
                config.limits.multipart_memory = Size::of(5_000);
            })
            .start();
        let form = |length: usize| {
            Form::new()
                .file(&vec![b'x'; length])
                .field("model", "gpt-4o")
        };
        let answer = gate.send(&form(20_000).ask());
        assert_eq!(answer.refusal(), (503, "overloaded".to_owned()));
        assert_eq!(answer.header("x-should-retry"), Some("true"));
        assert!(within(|| gate.held() == (0, 0)));
        for _ in 0..8 {
            assert_eq!(gate.send(&form(500).ask()).status, 200, "given back");
        }
    }
}

#[test]
fn what_servers_read_differently_is_refused() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let whole = form(0, "gpt-4o").bytes();
    let lf = String::from_utf8_lossy(&whole)
        .replace("\r\n", "\n")
        .into_bytes();
    for (what, body, code) in [
        (
            "two models",
            form(0, "gpt-4o").field("model", "gpt-4o").bytes(),
            "ambiguous_model",
        ),
        (
            "a folded name",
            form(0, "gpt-4o").field("Model", "x").bytes(),
            "ambiguous_model",
        ),
        (
            "an array",
            form(0, "gpt-4o").field("model[]", "x").bytes(),
            "ambiguous_model",
        ),
        (
            "a file",
            Form::new()
                .part("form-data; name=\"model\"; filename=\"m\"", b"gpt-4o")
                .bytes(),
            "invalid_body",
        ),
        ("no end", form(0, "gpt-4o").open(), "invalid_body"),
        ("no model", form(9, "").bytes(), "missing_model"),
        (
            "an unknown model",
            form(3, "nobody").bytes(),
            "model_not_found",
        ),
        (
            "a preamble",
            [b"x\r\n", &whole[..]].concat(),
            "invalid_body",
        ),
        ("an epilogue", [&whole[..], b"x"].concat(), "invalid_body"),
        ("bare line feeds", lf, "invalid_body"),
        ("nothing", Vec::new(), "invalid_body"),
    ] {
        let ask = Form::asking(&body);
        assert_eq!(gate.send(&ask).refusal().1, code, "{what}");
        if !body.is_empty() {
            // The model is asked about before all of it has come: what is wrong later shows later.
            let (_, chunked) = gate.send(&ask.chunked(5)).refusal();
            assert_eq!(chunked, code, "{what}, in pieces");
        }
    }
    let types = [
        "multipart/form-data",
        "application/json",
        "multipart/mixed; boundary=b",
    ];
    for kind in types {
        let ask = form(0, "gpt-4o").ask().without("content-type");
        let answer = gate.send(&ask.header("content-type", kind));
        assert_eq!(answer.refusal().1, "unsupported_media_type", "{kind}");
    }
    assert!(within(|| gate.held() == (0, 0)));
    let whole = gt
        .seen()
        .into_iter()
        .filter(|seen| seen.body.ends_with(b"--\r\n"))
        .count();
    assert_eq!(whole, 0, "GT never saw one with an end");
}

#[test]
fn of_two_rules_on_a_form_the_first_is_named() {
    let gate = Gate::before(&Gt::chatty());
    let ask = form(0, "nobody").field("model", "x").ask();
    for (ask, code) in [
        (ask.clone().key("unknown"), "invalid_api_key"),
        (ask.clone().key("chat"), "insufficient_scope"),
        (ask.clone().key("upload"), "purpose_not_allowed"),
        (
            ask.clone().header("content-encoding", "gzip"),
            "unsupported_media_type",
        ),
        (ask, "ambiguous_model"),
        (form(0, "nobody").ask(), "model_not_found"),
    ] {
        assert_eq!(gate.send(&ask).refusal().1, code);
    }
}

#[test]
fn a_form_found_wrong_while_gt_reads_it_has_no_end_there() {
    for (what, later) in [
        ("a second model", Form::new().field("model", "x").bytes()),
        ("an epilogue", [&Form::new().bytes()[..], b"more"].concat()),
        (
            "a lone line feed",
            [b"\n--", BOUNDARY.as_bytes(), b"--\r\n"].concat(),
        ),
    ] {
        let (gt, told) = hearing_breaks();
        let gate = Gate::before(&gt);
        let first = Form::new()
            .field("model", "gpt-4o")
            .file(&[b'x'; 50_000])
            .open();
        let first = &first[..first.len() - 2];
        let later = [b"\r\n", &later[..]].concat();
        let ask = Form::asking(&[first, &later].concat());
        let mut client = gate.connect();
        client.write(&ask.head());
        client.write(first);
        assert!(within(|| gt.seen().len() == 1));
        client.write(&later);
        let answer = client.answer();
        assert_eq!(answer.refusal().0, 400, "{what}");
        let read = told.recv().unwrap();
        let end = format!("{BOUNDARY}--");
        let has_end = String::from_utf8_lossy(&read).contains(&end);
        assert!(!has_end, "{what}");
        let declared: usize = gt.only().header("content-length").unwrap().parse().unwrap();
        assert!(read.len() < declared, "{what}");
    }
}

#[test]
fn whoever_waits_with_a_form_is_told_to_go_on_after_the_head_was_decided() {
    let gt = Gt::chatty();
    let gate = Gate::before(&gt);
    let ask = form(2, "gpt-4o").ask().header("expect", "100-continue");
    let mut client = gate.connect();
    client.write(&ask.head());
    assert_eq!(client.answer().status, 100);
    client.write(&ask.bytes()[ask.head().len()..]);
    assert_eq!(client.answer().status, 200);
    for (ask, code) in [
        (ask.clone().key("chat"), "insufficient_scope"),
        (
            ask.header("content-encoding", "gzip"),
            "unsupported_media_type",
        ),
    ] {
        let mut refused = gate.connect();
        refused.write(&ask.head());
        assert_eq!(refused.answer().refusal().1, code, "no 100 came before");
    }
    assert_eq!(gt.seen().len(), 1);
}

/// A form of which so much has come that its model is still to be found, and the host holds some.
fn half_sent(gate: &Gate) -> (crate::harness::Client, Vec<u8>) {
    let ask = Form::new()
        .file(&[b'x'; 300_000])
        .field("model", "gpt-4o")
        .ask();
    let (bytes, begun) = (ask.bytes(), ask.head().len() + 200_000);
    let mut client = gate.connect();
    client.write(&bytes[..begun]);
    assert!(within(|| gate.held().1 >= 150_000), "{:?}", gate.held());
    (client, bytes[begun..].to_vec())
}

#[test]
fn a_form_that_came_during_a_swap_is_decided_by_the_new_policy_alone() {
    let route = r#"POST /v1/audio/transcriptions: {verdict: native, scope: "inference:transcribe", model: multipart}"#;
    let closed = r#"POST /v1/audio/transcriptions: {verdict: not_supported, because: "Closed."}"#;
    let other = POLICY.replace(
        "gpt-4o: {published: support-agent}",
        "gpt-4o: {published: gt-small}",
    );
    for (policy, published) in [
        (POLICY.replace(route, closed), None),
        (other, Some("gt-small")),
    ] {
        let gt = Gt::chatty();
        let gate = holding(&gt, 1_000, 1 << 20);
        let (mut client, rest) = half_sent(&gate);
        gate.handle.swap("default", &component(&policy)).unwrap();
        client.write(&rest);
        let answer = client.answer();
        assert_eq!(answer.header("x-signalbox-policy"), Some("default@2"));
        let Some(published) = published else {
            assert_eq!(answer.refusal(), (404, "route_not_supported".to_owned()));
            assert_eq!(gt.seen().len(), 0);
            continue;
        };
        assert_eq!(answer.status, 200);
        let reaches = Form::new().file(&[b'x'; 300_000]).field("model", published);
        assert!(gt.only().body == reaches.bytes());
    }
}

#[test]
fn what_is_held_is_given_back_however_a_request_ends() {
    let gt = Gt::chatty();
    let gate = holding(&gt, 1_000, 1 << 20);
    // The client goes.
    drop(half_sent(&gate));
    assert!(within(|| gate.held() == (0, 0)), "the client went");
    // It is refused.
    let (mut client, _) = half_sent(&gate);
    client.write(format!("\r\n--{BOUNDARY}\r\n\r\n").as_bytes());
    assert_eq!(client.answer().refusal().0, 400);
    assert!(within(|| gate.held() == (0, 0)), "refused");
    // Another policy decides anew.
    let (mut client, rest) = half_sent(&gate);
    gate.handle.swap("default", &stricter()).unwrap();
    client.write(&rest);
    assert_eq!(client.answer().status, 200, "the route is the same");
    assert!(within(|| gate.held() == (0, 0)), "passed on");
    assert!(within(|| gate.handle.requests() == 0));
}

#[test]
fn what_is_held_is_given_back_when_gt_goes() {
    for reads in [0, 100] {
        let gt = Gt::before_body(move |_, reader, reply| {
            let mut first = vec![0; reads];
            reader.read_exact(&mut first).unwrap();
            reply.hang_up();
        });
        let gate = holding(&gt, 1_000, 64 << 20);
        let large = vec![b'x'; 20 << 20];
        let ask = Form::new().file(&large).field("model", "gpt-4o").ask();
        let (status, code) = gate.send(&ask).refusal();
        assert_eq!((status, &*code), (502, "upstream_unreachable"));
        assert!(within(|| gate.held() == (0, 0)), "{:?}", gate.held());
    }
}

#[test]
fn what_is_held_is_given_back_although_gt_reads_none_of_it() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::before_body(move |_, _, reply| {
        let _ = may_go_on.lock().unwrap().recv();
        reply.hang_up();
    });
    let gate = holding(&gt, 1_000, 64 << 20);
    let large = vec![b'x'; 40 << 20];
    let ask = Form::new().file(&large).field("model", "gpt-4o").ask();
    // The client goes.
    let mut client = gate.connect();
    client.write(&ask.bytes());
    assert!(within(|| gt.seen().len() == 1));
    assert!(gate.held().1 > 0, "GT reads none of it");
    drop(client);
    assert!(within(|| gate.held() == (0, 0)), "{:?}", gate.held());
    // The answers of the policy are cut.
    let mut client = gate.connect();
    client.write(&ask.bytes());
    assert!(within(|| gt.seen().len() == 2));
    let cut = |order: &mut Order| order.open_answers = OpenAnswers::Cut;
    done(&gate, order(stricter(), cut));
    let refusal = client.answer().refusal();
    assert_eq!(refusal, (503, "policy_failed".to_owned()));
    assert!(within(|| gate.held() == (0, 0)), "{:?}", gate.held());
    drop(go_on);
}

#[test]
fn a_form_that_stops_coming_is_refused_and_given_back() {
    let gt = Gt::chatty();
    let gate = Gate::builder(gt.address)
        .config(|config| config.times.body_idle = std::time::Duration::from_millis(200).into())
        .start();
    let mut client = gate.connect();
    let ask = Form::new()
        .file(&[b'x'; 3_000])
        .field("model", "gpt-4o")
        .ask();
    client.write(&ask.bytes()[..ask.head().len() + 2_000]);
    assert_eq!(
        client.answer().refusal(),
        (408, "request_timeout".to_owned())
    );
    assert!(within(|| gate.held() == (0, 0)));
}
