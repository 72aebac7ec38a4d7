//! The multipart scan finds the one model that a lenient reader finds too, and changes nothing else.

#![no_main]

use libfuzzer_sys::fuzz_target;
use signalbox_fuzz::{
    check_refusal, cut,
    parts::{BOUNDARY, Part, lines_that_begin_a_part, parts, strict_lines_that_begin_a_part},
};
use signalbox_http::{
    multipart::{Boundary, Scanner},
    refusal::Refusal,
};

type Read = Result<(Option<String>, Vec<u8>), Refusal>;

fuzz_target!(|input: &[u8]| {
    let Some((pieces, body)) = cut(input) else {
        return;
    };
    let whole = through(&[body], Some("support-agent"));
    let bytes = body.chunks(1).collect::<Vec<_>>();
    for cut in [&pieces, &bytes] {
        // A refusal says near which byte: how near depends on the cut.
        let code = |refusal: Refusal| refusal.code().to_owned();
        let again = through(cut, Some("support-agent")).map_err(code);
        assert_eq!(again, whole.clone().map_err(code));
    }
    match &whole {
        Err(refusal) => check_refusal(refusal),
        Ok((model, out)) => {
            let same = through(&pieces, None).expect("who replaces nothing sees no other body");
            assert_eq!(same, (model.clone(), body.to_vec()));
            readers_agree(body, model.as_deref(), out);
        }
    }
});

fn through(pieces: &[&[u8]], by: Option<&str>) -> Read {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let boundary = Boundary::of(&[content_type.as_bytes()], &[]).expect("a plain boundary");
    let mut scanner = Scanner::new(&boundary);
    let (mut out, mut model) = (Vec::new(), None);
    for piece in pieces {
        if let Some(found) = scanner.push(piece, &mut out)? {
            assert_eq!(model.replace(found), None, "a model is given once");
            scanner.replace(by, &mut out)?;
        }
    }
    scanner.finish(&mut out)?;
    assert_eq!(scanner.has_model(), model.is_some());
    Ok((model, out))
}

fn readers_agree(body: &[u8], model: Option<&str>, out: &[u8]) {
    assert_eq!(
        lines_that_begin_a_part(body),
        strict_lines_that_begin_a_part(body),
        "who takes any line end for one sees the same parts"
    );
    let parts = parts(body);
    let like_model = |part: &&Part| {
        let stem = part.name.split('[').next().unwrap_or_default();
        stem.trim().eq_ignore_ascii_case("model")
    };
    let models = parts.iter().filter(like_model).collect::<Vec<_>>();
    match (models.as_slice(), model) {
        ([], None) => assert_eq!(out, body),
        ([part], Some(model)) => {
            assert_eq!(part.name, "model");
            assert_eq!(&body[part.value.clone()], model.as_bytes());
            let (before, after) = (&body[..part.value.start], &body[part.value.end..]);
            assert_eq!(out, [before, b"support-agent", after].concat());
        }
        (models, model) => panic!("{model:?} is one of {models:?}"),
    }
}
