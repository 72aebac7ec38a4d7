//! Laws of the multipart scan over generated bodies, however they are cut.

use proptest::{collection::vec, prelude::*, sample::Index};
use signalbox_http::{
    multipart::{Boundary, Scanner},
    refusal::Refusal,
};

use crate::bodies::{cut, cuts};

fn boundary() -> Boundary {
    Boundary::of(&[b"multipart/form-data; boundary=b-1"], &[]).unwrap()
}

/// What comes out when the chunks are pushed and a model found is replaced. Every other chunk goes on
/// as it came where it may.
fn through(chunks: &[&[u8]], by: Option<&str>) -> Result<(Option<String>, Vec<u8>), Refusal> {
    let mut scanner = Scanner::new(&boundary());
    let (mut out, mut model) = (Vec::new(), None);
    for (count, chunk) in chunks.iter().enumerate() {
        if count % 2 == 1 && scanner.passes(chunk) {
            out.extend_from_slice(chunk);
        } else if let Some(found) = scanner.push(chunk, &mut out)? {
            assert_eq!(model.replace(found), None, "a model is given once");
            scanner.replace(by, &mut out)?;
        }
    }
    scanner.finish(&mut out)?;
    assert_eq!(scanner.has_model(), model.is_some());
    Ok((model, out))
}

/// Bytes in which boundaries, and what looks like one, are frequent.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => vec(any::<u8>(), 0..8),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r\n-".to_vec()),
        1 => Just(b"\r\n--b".to_vec()),
        1 => Just(b"\r\n--b-".to_vec()),
        1 => Just(b"--b-1".to_vec()),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn field(name: &str, value: &[u8]) -> Vec<u8> {
    let head = format!("\r\n--b-1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    [head.as_bytes(), value].concat()
}

fn body(fields: &[Vec<u8>]) -> Vec<u8> {
    [&fields.concat(), &b"\r\n--b-1--\r\n"[..]].concat()[2..].to_vec()
}

/// A body in which `model`, if it is there, is the field of this position.
fn bodies() -> impl Strategy<Value = (Vec<Vec<u8>>, Option<usize>)> {
    let fields = vec(("[a-z]{1,5}", value()), 0..5);
    (fields, any::<Index>(), any::<bool>()).prop_map(|(fields, at, has_model)| {
        let mut fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| field(&format!("f-{name}"), value))
            .collect();
        let at = at.index(fields.len() + 1);
        if has_model {
            fields.insert(at, field("model", b"whisper-1"));
        }
        (fields, has_model.then_some(at))
    })
}

proptest! {
    #[test]
    fn only_the_value_differs_however_the_body_is_cut((mut fields, at) in bodies(), cuts in cuts(), by in "[a-z-]{0,12}") {
        let sent = body(&fields);
        let code = |refusal: Refusal| refusal.code().to_owned();
        let got = through(&cut(&sent, &cuts), Some(&by)).map_err(code);
        prop_assert_eq!(&got, &through(&[&sent], Some(&by)).map_err(code));
        // A value that happens to hold what readers take for a boundary is refused.
        let Ok((model, out)) = got else { return Ok(()) };
        prop_assert_eq!(model.is_some(), at.is_some());
        if let Some(at) = at {
            fields[at] = field("model", by.as_bytes());
        }
        prop_assert_eq!(out, body(&fields));
    }

    #[test]
    fn a_plain_body_is_never_refused(fields in vec(("[a-z]{1,5}", "[a-z \r]{0,40}"), 1..5), cuts in cuts()) {
        let fields: Vec<_> = fields.iter().map(|(name, value)| field(&format!("f-{name}"), value.as_bytes())).collect();
        let sent = body(&fields);
        prop_assert_eq!(through(&cut(&sent, &cuts), None), Ok((None, sent.clone())));
    }

    #[test]
    fn nothing_is_completed_of_a_body_that_was_cut_short((fields, _) in bodies(), length in any::<Index>()) {
        let sent = body(&fields);
        // A value may hold what looks like the end: cut there, the body is whole.
        prop_assume!(through(&[&sent], Some("x")).is_ok());
        let length = length.index(sent.len().saturating_sub(2).max(1));
        prop_assert!(through(&[&sent[..length]], Some("x")).is_err());
    }

    #[test]
    fn any_bytes_are_taken_alike_however_they_are_cut(bytes in value(), tail in value(), cuts in cuts()) {
        let sent = [&body(&[field("a", &bytes)])[..], &tail].concat();
        let whole = through(&[&sent], Some("x")).map_err(|refusal| refusal.code().to_owned());
        let pieces = through(&cut(&sent, &cuts), Some("x")).map_err(|refusal| refusal.code().to_owned());
        prop_assert_eq!(whole, pieces);
    }
}

#[test]
fn a_value_goes_on_before_it_is_whole() {
    let mut scanner = Scanner::new(&boundary());
    let mut out = Vec::new();
    let begun = [&body(&[field("file", b"")])[..57], b"first"].concat();
    assert_eq!(scanner.push(&begun, &mut out), Ok(None));
    assert!(out.ends_with(b"first"));
    assert_eq!(scanner.push(b"\r\n--b", &mut out), Ok(None));
    assert!(out.ends_with(b"first"), "this may be the boundary");
    assert_eq!(scanner.push(b"!", &mut out), Ok(None));
    assert!(out.ends_with(b"first\r\n--b!"));
}

#[test]
fn a_chunk_inside_a_value_passes_unless_it_may_end_it() {
    let mut scanner = Scanner::new(&boundary());
    let mut out = Vec::new();
    assert!(!scanner.passes(b"--b-1\r\n"), "it is not inside a value");
    let begun = [&body(&[field("file", b"")])[..57], b"first"].concat();
    assert_eq!(scanner.push(&begun, &mut out), Ok(None));
    assert!(scanner.passes(b" piece"));
    for end in [
        &b"x\r"[..],
        b"x\r\n--",
        b"x\n-",
        b"xb",
        b"xb-1x",
        b"x\r\n--b-1--",
    ] {
        assert!(!scanner.passes(end), "{end:?}");
    }
    assert_eq!(scanner.push(b"x\r", &mut out), Ok(None));
    assert!(!scanner.passes(b"y"), "something is kept back");
}

#[test]
fn what_readers_take_differently_is_refused() {
    let model = || field("model", b"a");
    let raw = |text: &str| text.as_bytes().to_vec();
    for (sent, code) in [
        (body(&[model(), model()]), "ambiguous_model"),
        (body(&[field("Model", b"a")]), "ambiguous_model"),
        (body(&[field("model[]", b"a")]), "ambiguous_model"),
        (
            [b"preamble\r\n".to_vec(), body(&[model()])].concat(),
            "invalid_body",
        ),
        (
            [b"\r\n".to_vec(), body(&[model()])].concat(),
            "invalid_body",
        ),
        (
            [body(&[model()]), b"epilogue".to_vec()].concat(),
            "invalid_body",
        ),
        ([body(&[model()]), b"\n".to_vec()].concat(), "invalid_body"),
        (
            [body(&[model()]), b"\r\n\r\n".to_vec()].concat(),
            "invalid_body",
        ),
        (
            body(&[field(
                "a",
                b"x\n--b-1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nb",
            )]),
            "invalid_body",
        ),
        (body(&[field("a", b"x\r--b-1")]), "invalid_body"),
        (body(&[field("a", b"x\r\n--b-10")]), "invalid_body"),
        (body(&[field("a", b"--b-1\r\n\r\n")]), "invalid_body"),
        (body(&[field("model", &[b'm'; 1025])]), "invalid_body"),
        (body(&[field("model", b"\xff")]), "invalid_body"),
        (body(&[field("model", b"\xef\xbb\xbfa")]), "invalid_body"),
        (body(&[field("model", b"\ra")]), "invalid_body"),
        (body(&[field("model", b"a\0")]), "invalid_body"),
        (raw("--b-1\r\n\r\nvalue\r\n--b-1--\r\n"), "invalid_body"),
        (raw("--b-1--\r\n"), "invalid_body"),
        (raw(""), "invalid_body"),
    ] {
        let shown = String::from_utf8_lossy(&sent).into_owned();
        if shown == "--b-1--\r\n" {
            // No parts at all: no model, and nothing that two readers take differently.
            assert_eq!(through(&[&sent], None), Ok((None, sent)));
            continue;
        }
        let refusal = through(&[&sent], Some("x")).unwrap_err();
        assert_eq!(refusal.code(), code, "{shown}: {}", refusal.message());
    }
}

#[test]
fn the_last_line_end_may_be_missing_and_may_come_twice() {
    let whole = body(&[field("model", b"a")]);
    let unended = whole.strip_suffix(b"\r\n").unwrap();
    for end in ["", "\r\n", "\r\n\r\n"] {
        let sent = [unended, end.as_bytes()].concat();
        let pieces: Vec<_> = sent.chunks(1).collect();
        assert_eq!(through(&pieces, None), Ok((Some("a".into()), sent.clone())));
    }
    for cut in ["\r", "\r\n\r"] {
        let sent = [unended, cut.as_bytes()].concat();
        assert!(through(&[&sent], None).is_err(), "{cut:?}");
    }
}

/// A form whose one part says this of its text.
fn typed(kind: &str, model: &str) -> Vec<u8> {
    let head = "Content-Disposition: form-data; name=\"model\"";
    format!("--b-1\r\n{head}\r\nContent-Type: {kind}\r\n\r\n{model}\r\n--b-1--\r\n").into_bytes()
}

#[test]
fn outside_utf8_a_model_is_ascii_alone() {
    for (form, part, is_ascii_only) in [
        ("", "text/plain", false),
        ("; charset=utf-8", "text/plain; charset=utf-8", false),
        ("", "text/plain; charset=ISO-8859-1", true),
        ("; charset=utf-8", "text/plain; charset=us-ascii", true),
        ("; charset=ISO-8859-1", "text/plain", true),
        ("; charset=ISO-8859-1", "text/plain; charset=utf-8", true),
    ] {
        let kind = format!("multipart/form-data; boundary=b-1{form}");
        let boundary = Boundary::of(&[kind.as_bytes()], &[]).unwrap();
        let mut scanner = Scanner::new(&boundary);
        let mut out = Vec::new();
        let found = scanner.push(&typed(part, "whisper-1"), &mut out);
        assert_eq!(found, Ok(Some("whisper-1".into())), "{form} {part}");
        let is_refused = scanner.check("köln").is_err();
        assert_eq!(is_refused, is_ascii_only, "{form} {part}");
        let found = Scanner::new(&boundary).push(&typed(part, "köln"), &mut out);
        let expected = (!is_ascii_only).then(|| Some("köln".to_owned()));
        assert_eq!(found.ok(), expected, "{form} {part}");
    }
}

#[test]
fn long_headers_are_refused_before_they_end() {
    let mut scanner = Scanner::new(&boundary());
    let mut out = Vec::new();
    scanner.push(b"--b-1\r\nX: ", &mut out).unwrap();
    let refusal = scanner.push(&[b'x'; 9000], &mut out).unwrap_err();
    assert_eq!(refusal.code(), "invalid_body");
}

#[test]
fn what_closes_a_body_waits_for_its_end() {
    let sent = body(&[field("a", b"x")]);
    let mut scanner = Scanner::new(&boundary());
    let mut out = Vec::new();
    scanner.push(&sent, &mut out).unwrap();
    assert_eq!([&out, scanner.kept_back()].concat(), sent);
    assert_eq!(scanner.kept_back(), b"--\r\n");
    scanner.clone().push(b"more", &mut out.clone()).unwrap_err();
    scanner.finish(&mut out).unwrap();
    assert_eq!(out, sent);
    assert!(scanner.push(b"more", &mut out).is_err());
}

#[test]
fn a_value_that_readers_would_split_cannot_stand_in_a_part() {
    let scanner = Scanner::new(&boundary());
    for value in ["support-agent", "b-", "köln"] {
        assert_eq!(scanner.check(value), Ok(()), "{value:?}");
    }
    for value in ["b-1", "--b-1", "x--b-12", "a\r\nb", "a\0"] {
        assert!(scanner.check(value).is_err(), "{value:?}");
    }
}

/// The code of the refusal of a form, cut at every place; `None` if it passes.
fn refusal(boundary: &str, value: &str) -> Option<String> {
    let kind = format!("multipart/form-data; boundary={boundary}");
    let read_as = Boundary::of(&[kind.as_bytes()], &[]).unwrap();
    let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=");
    let sent = format!(
        "{head}\"model\"\r\n\r\ngpt\r\n{head}\"prompt\"\r\n\r\n{value}\r\n--{boundary}--\r\n"
    );
    let sent = sent.into_bytes();
    let read = |chunks: [&[u8]; 2]| {
        let (mut scanner, mut out) = (Scanner::new(&read_as), Vec::new());
        for chunk in chunks {
            if scanner.push(chunk, &mut out)?.is_some() {
                scanner.replace(None, &mut out)?;
            }
        }
        scanner.finish(&mut out)?;
        assert_eq!(out, sent);
        Ok(())
    };
    let codes: Vec<_> = (0..=sent.len())
        .map(|cut| read(sent.split_at(cut).into()).err())
        .map(|refusal: Option<Refusal>| refusal.map(|refusal| refusal.code().to_owned()))
        .collect();
    assert!(
        codes.windows(2).all(|pair| pair[0] == pair[1]),
        "{value}: {codes:?}"
    );
    codes.into_iter().next().flatten()
}

#[test]
fn a_boundary_stands_nowhere_inside_a_part() {
    // Whoever sends the form chooses it: a short one too.
    for boundary in ["0", "B-1", "boundary-1", "----WebKitFormBoundary1"] {
        let most = &boundary[..boundary.len() - 1];
        for value in [
            "",
            "hi",
            most,
            &format!("--{most}"),
            &format!("\r\n--{most}\r\n"),
        ] {
            assert_eq!(refusal(boundary, value), None, "{boundary}: {value:?}");
        }
        let evil = "\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nx";
        for value in [
            format!("hi--{boundary}{evil}"),
            format!("hi{boundary}{evil}"),
            boundary.to_owned(),
            format!("\n{boundary}"),
            format!("\r\n{boundary}"),
            format!("\r\n-{boundary}"),
            format!("x--{boundary}--"),
        ] {
            let code = refusal(boundary, &value);
            assert_eq!(
                code.as_deref(),
                Some("invalid_body"),
                "{boundary}: {value:?}"
            );
        }
    }
}
