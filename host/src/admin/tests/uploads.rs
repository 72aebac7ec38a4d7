//! Uploads that do not arrive, are too large, or too many.

use std::net::Shutdown;

use super::super::api::MOST_UPLOADS;
use super::super::swap::MOST_COMPONENT;
use super::*;

#[test]
fn the_bound_is_the_runtimes_own() {
    let settings = signalbox_runtime::Settings::default();
    assert_eq!(settings.component_cap, MOST_COMPONENT);
}

#[test]
fn a_truncated_upload_fails_at_receive_and_is_in_the_history() {
    let (admin, everything) = serving(&["default"]);
    let two = policy("two");
    let half = &two[..two.len() / 2];
    let chunk = format!("{:x}\r\n", two.len()).into_bytes();
    let chunked = format!(
        "POST /swaps?policy=default&mode=shadow HTTP/1.1\r\nhost: localhost\r\n{OPERATE}{WASM}\
         transfer-encoding: chunked\r\n\r\n"
    );
    for (request, action) in [
        (
            [
                head("/swaps", &format!("{OPERATE}{WASM}"), two.len()),
                half.to_vec(),
            ]
            .concat(),
            "swap",
        ),
        (
            [chunked.clone().into_bytes(), chunk, half.to_vec()].concat(),
            "shadow",
        ),
        // Whole chunks, but not the last one.
        (
            [chunked.into_bytes(), b"4\r\n\0asm\r\n".to_vec()].concat(),
            "shadow",
        ),
    ] {
        let before = everything.swaps.history().len();
        let mut stream = TcpStream::connect(admin.local_addr()).unwrap();
        stream.write_all(&request).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // Whether the answer can still be read depends on the client; the history does not.
        let _ = stream.read_to_end(&mut Vec::new());
        let history = everything.swaps.history();
        assert_eq!(history.len(), before + 1);
        let entry = serde_json::to_value(&history[0]).unwrap();
        assert_eq!(entry["outcome"]["result"], "failed", "{entry}");
        assert_eq!(entry["outcome"]["step"], "receive", "{entry}");
        assert_eq!(entry["action"], action, "{entry}");
        assert_eq!(entry["policies"][0]["name"], "default", "{entry}");
        assert_eq!(live(&everything).0, 1);
    }
}

#[test]
fn a_component_that_is_too_large_is_refused_before_it_is_read() {
    let (admin, everything) = serving(&["default"]);
    let headers = format!("{OPERATE}{WASM}expect: 100-continue\r\n");
    let (status, text) = ask(&admin, head("/swaps", &headers, MOST_COMPONENT + 1));
    assert_eq!((status, &*code(&text)), (413, "body_too_large"));
    assert!(text.contains(&MOST_COMPONENT.to_string()), "{text}");
    assert_eq!(everything.swaps.history().len(), 1);
}

#[test]
fn a_component_that_grows_too_large_is_refused_while_it_is_read() {
    let (admin, everything) = serving(&["default"]);
    let mut stream = TcpStream::connect(admin.local_addr()).unwrap();
    let head = format!(
        "POST /swaps HTTP/1.1\r\nhost: localhost\r\n{OPERATE}{WASM}transfer-encoding: chunked\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mib = [b"100000\r\n".as_slice(), &[0; 1 << 20], b"\r\n"].concat();
    for _ in 0..=MOST_COMPONENT >> 20 {
        stream.write_all(&mib).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let (status, text) = answer_of(stream);
    assert_eq!((status, &*code(&text)), (413, "body_too_large"));
    assert_eq!(everything.swaps.history().len(), 1);
}

#[test]
fn more_uploads_than_there_is_room_for_are_sent_away_until_one_ends() {
    let (admin, everything) = serving(&["default"]);
    let headers = format!("{OPERATE}{WASM}");
    let held: Vec<TcpStream> = (0..MOST_UPLOADS)
        .map(|_| {
            let mut stream = TcpStream::connect(admin.local_addr()).unwrap();
            let expecting = format!("{headers}expect: 100-continue\r\n");
            stream
                .write_all(&head("/swaps", &expecting, 1_000))
                .unwrap();
            // Once it is told to go on, it has its place.
            let mut told = [0; 25];
            stream.read_exact(&mut told).unwrap();
            assert!(told.starts_with(b"HTTP/1.1 100"));
            stream
        })
        .collect();
    let (status, text) = post(&admin, "/swaps", &headers, &policy("two"));
    assert_eq!((status, &*code(&text)), (503, "overloaded"));
    assert!(text.contains("retry-after: "), "{text}");
    // A rollback needs no place: it must be possible when somebody floods the door.
    let (status, entry) = act(&admin, "/policies/default/rollback", &serde_json::json!({}));
    assert_eq!(status, 422, "{entry}");
    drop(held);
    let mut answer = post(&admin, "/swaps", &headers, &policy("two"));
    while answer.0 == 503 {
        answer = post(&admin, "/swaps", &headers, &policy("two"));
    }
    assert_eq!(answer.0, 200, "{}", answer.1);
    assert_eq!(live(&everything).1, digest(&policy("two")));
}

#[test]
fn a_body_on_a_get_is_of_no_interest() {
    let (admin, _everything) = serving(&["default"]);
    let request = format!(
        "GET /status HTTP/1.1\r\nhost: localhost\r\n{VIEW}content-length: 5\r\nconnection: close\r\n\r\nhello"
    );
    assert_eq!(ask(&admin, request).0, 200);
}
