//! The scan of a JSON body finds the name a decoder finds, wherever the body is cut, and its answer
//! twin changes exactly that value.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use signalbox_fuzz::{
    Verdict, check_refusal, cut,
    stamps::{STAMP, differs_in_whole_strings, mentions_stamp, replaced, spans},
    verdict,
};
use signalbox_http::{
    json::{Found, Member, MemberNames, Scanner, find_members, find_model, quoted},
    refusal::Refusal,
    restamp::JsonRestamp,
    usage::Usage,
};

fuzz_target!(|input: &[u8]| {
    let Some((pieces, body)) = cut(input) else {
        return;
    };
    let found = find_model(body);
    assert_eq!(scanned(&pieces), found, "pieces");
    assert_eq!(scanned(&body.chunks(1).collect::<Vec<_>>()), found, "bytes");
    let as_verdict = match &found {
        Ok(Found::Absent) => Verdict::Absent,
        Ok(Found::Named { name, span }) => Verdict::Named(name.clone(), span.clone()),
        Err(refusal) => {
            check_refusal(refusal);
            Verdict::Refused
        }
    };
    assert_eq!(as_verdict, verdict(body), "the slow way");
    if let Ok(found) = found {
        decoders_agree(body, &found);
    }
    members(&pieces, body);
    restamped(&pieces, body);
});

fn scanned(pieces: &[&[u8]]) -> Result<Found, Refusal> {
    let mut scanner = Scanner::new();
    for piece in pieces {
        scanner.push(piece)?;
    }
    scanner.finish()
}

/// Members are found wherever the body is cut, and what is told of one that is there once is what a
/// decoder reads.
fn members(pieces: &[&[u8]], body: &[u8]) {
    let names: MemberNames = ["n", "user", "max_tokens"].map(Into::into).into();
    let Ok((_, found)) = find_members(body, &names) else {
        return;
    };
    for pieces in [pieces.to_vec(), body.chunks(1).collect()] {
        let mut scanner = Scanner::asking(&names);
        pieces
            .iter()
            .for_each(|piece| scanner.push(piece).expect("as a whole"));
        let (_, members) = scanner.finish_asked().expect("as a whole");
        assert_eq!(members.expect("asked for").told(body), found);
    }
    let decoded = decoded(body);
    for name in &*names {
        let told = found
            .iter()
            .find(|(told, _)| told == name)
            .map(|(_, told)| told);
        let value = decoded.get(&**name);
        match told {
            None => assert_eq!(value, None),
            Some(Member::Integer(number)) => assert_eq!(value, Some(&Value::from(*number))),
            Some(Member::Text(text)) => assert_eq!(value, Some(&Value::from(text.as_str()))),
            Some(Member::Unclear(_)) => {}
        }
    }
}

fn decoded(body: &[u8]) -> Value {
    let mut reader = serde_json::Deserializer::from_slice(body);
    reader.disable_recursion_limit();
    let value = serde::de::Deserialize::deserialize(&mut reader);
    let value = value.expect("serde_json reads what the scan takes");
    reader.end().expect("and finds nothing after it");
    value
}

/// What was taken is one object to a decoder, with the same name, and after the splice that name
/// alone is another.
fn decoders_agree(body: &[u8], found: &Found) {
    let mut before = decoded(body);
    let Found::Named { name, span } = found else {
        assert_eq!(before.get("model"), None);
        return;
    };
    assert_eq!(before["model"], Value::String(name.clone()));
    let value = quoted("support-agent");
    let spliced = [&body[..span.start], &value, &body[span.end..]].concat();
    before["model"] = Value::String("support-agent".to_owned());
    assert_eq!(decoded(&spliced), before);
    let expected = Found::Named {
        name: "support-agent".to_owned(),
        span: span.start..span.start + value.len(),
    };
    assert_eq!(find_model(&spliced), Ok(expected));
}

/// The same bytes as an answer.
fn restamped(pieces: &[&[u8]], body: &[u8]) {
    if mentions_stamp(body) {
        return;
    }
    let through = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let (mut restamp, mut out) = (JsonRestamp::new(STAMP), Vec::new());
        pieces.for_each(|piece| restamp.push(piece, &mut out));
        restamp.finish(&mut out);
        (out, restamp.usage())
    };
    let whole = through(&mut std::iter::once(body));
    assert_eq!(through(&mut pieces.iter().copied()), whole, "pieces");
    assert_eq!(through(&mut body.chunks(1)), whole, "bytes");
    let (whole, usage) = whole;
    match spans(body) {
        Some(spans) => assert_eq!(whole, replaced(body, &spans)),
        None => assert!(differs_in_whole_strings(body, &whole)),
    }
    if let Ok(tree) = serde_json::from_slice::<Value>(body) {
        let told = tree["usage"].to_string();
        // A longer one is not read; a tree does not say how long it was.
        if usage.is_some() || body.len() <= 4 << 10 {
            assert_eq!(usage, Usage::read(told.as_bytes()), "the slow way");
        }
    }
}
