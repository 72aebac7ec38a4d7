//! What is taken of a head can be read in one way: one key, one framing, one host, one type.

#![no_main]

use libfuzzer_sys::fuzz_target;
use signalbox_fuzz::check_refusal;
use signalbox_http::{
    head::{
        Framing, Version, answer_header_passes, bearer, check_method, connection_names, framing,
        host, is_credential, is_hop_by_hop, never_passes, request_header_passes,
    },
    media::check_json,
    multipart::Boundary,
    refusal::Refusal,
    restamp::{AnswerKind, Restamp, Stamp},
};

fuzz_target!(|input: &[u8]| {
    let lines = input.split(|byte| *byte == b'\n');
    let headers = lines
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = String::from_utf8(line[..colon].to_ascii_lowercase()).ok()?;
            Some((name, &line[colon + 1..]))
        })
        .collect::<Vec<_>>();
    let values = |wanted: &str| {
        let found = headers.iter().filter(|(name, _)| name == wanted);
        found.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    has_one_key(&values("authorization"));
    has_one_framing(&values("content-length"), &values("transfer-encoding"));
    has_one_host(&values("host"));
    has_one_type(&values("content-type"), &values("content-encoding"));
    for name in connection_names(&values("connection")) {
        assert!(!name.contains(',') && name.trim_ascii() == name && !name.is_empty());
    }
    headers.iter().for_each(|(name, _)| passes_or_not(name));
});

/// What was taken, if it was; a refusal is one a client can read.
fn taken<T>(outcome: Result<T, Refusal>) -> Option<T> {
    outcome.inspect_err(check_refusal).ok()
}

fn has_one_key(values: &[&[u8]]) {
    let Some(token) = taken(bearer(values)) else {
        return;
    };
    assert_eq!(values.len(), 1);
    assert!(
        !token.is_empty()
            && token
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b',')
    );
    assert!(values[0].trim_ascii().ends_with(token.as_bytes()));
}

fn has_one_framing(lengths: &[&[u8]], encodings: &[&[u8]]) {
    for version in [Version::Http10, Version::Http11, Version::Http2] {
        let Some(framed) = taken(framing(version, lengths, encodings)) else {
            continue;
        };
        match framed {
            Framing::Unsaid => assert!(lengths.is_empty() && encodings.is_empty()),
            Framing::Length(length) => {
                assert_eq!((lengths.len(), encodings.len()), (1, 0));
                let digits = lengths[0].trim_ascii();
                assert!(digits.iter().all(u8::is_ascii_digit), "{digits:?}");
                let read = str::from_utf8(digits).expect("digits").parse();
                assert_eq!(read, Ok(length));
            }
            Framing::Chunked => {
                assert_eq!((version, lengths.len()), (Version::Http11, 0));
                assert!(encodings[0].trim_ascii().eq_ignore_ascii_case(b"chunked"));
                assert_eq!(encodings.len(), 1);
            }
        }
        let empty = matches!(framed, Framing::Unsaid | Framing::Length(0));
        assert_eq!(taken(check_method("GET", framed, false)).is_some(), empty);
        assert!(taken(check_method("POST", framed, true)).is_none());
        assert!(taken(check_method("CONNECT", framed, false)).is_none());
    }
}

fn has_one_host(values: &[&[u8]]) {
    if let Some(named) = taken(host(Version::Http11, values)) {
        let named = named.expect("over HTTP/1.1 there is one");
        assert_eq!(values.len(), 1);
        assert!(!named.iter().any(|byte| b"/@?#% \\,".contains(byte)));
    }
}

fn has_one_type(types: &[&[u8]], encodings: &[&[u8]]) {
    let json = taken(check_json(types, encodings)).is_some();
    let form = taken(Boundary::of(types, encodings)).is_some();
    assert!(!(json && form));
    if json || form {
        assert_eq!(types.len(), 1);
        let essence = types[0].split(|byte| *byte == b';').next();
        let essence = essence
            .unwrap_or_default()
            .trim_ascii()
            .to_ascii_lowercase();
        let expected: &[u8] = if json {
            b"application/json"
        } else {
            b"multipart/form-data"
        };
        assert_eq!(essence, expected);
    }
    let joined = encodings.join(&b", "[..]);
    let (Ok(kind), Ok(encoding)) = (
        types.first().map_or(Ok(""), |kind| str::from_utf8(kind)),
        str::from_utf8(&joined),
    ) else {
        return;
    };
    let encoded = (!encodings.is_empty()).then_some(encoding);
    let answer = taken(Restamp::for_answer(
        AnswerKind::of(kind),
        encoded,
        200,
        Some(&Stamp::from("gpt-4o")),
    ));
    let squeezed = ["gzip", "br", "deflate", "zstd"]
        .iter()
        .any(|squeezed| encoding.eq_ignore_ascii_case(squeezed));
    if let Some(answer) = answer {
        assert!(!(answer.changes_bytes() && squeezed));
    }
}

fn passes_or_not(name: &str) {
    let listed = [name.to_owned()];
    let upper = name.to_ascii_uppercase();
    let always = request_header_passes(name, &[], false);
    let if_listed = request_header_passes(name, &listed, false);
    assert_eq!(always, request_header_passes(&upper, &[], false));
    assert_eq!(if_listed, request_header_passes(&upper, &listed, false));
    assert!(
        !if_listed || !(is_credential(name) || is_hop_by_hop(name)),
        "{name}"
    );
    let is_conversation = name == "x-gt-conversation-id";
    assert_eq!(
        if_listed,
        !is_conversation && (always || !never_passes(name))
    );
    assert!(!is_hop_by_hop(name) || !answer_header_passes(name, false));
    assert!(answer_header_passes(name, false) || !answer_header_passes(name, true));
}
