//! Multipart: generated forms and a corpus of known traps.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use signalbox_harness::{
    forms::{ClientForm, client_forms},
    readers::{Readings, read_forms},
};
use signalbox_http::multipart::{Boundary, Scanner};

use super::{Scanned, base64, compare};

#[test]
fn every_reader_finds_the_model_that_the_scan_finds() {
    let mut runner = TestRunner::default();
    let strategy = form();
    let generated =
        std::iter::repeat_with(|| strategy.new_tree(&mut runner).expect("a form").current());
    let corpus = CORPUS.iter().map(|form| written(KIND, form));
    let forms: Vec<_> = corpus.chain(generated.take(GENERATED)).collect();
    let scanned: Vec<_> = forms.iter().map(scanned).collect();
    let shown: Vec<_> = forms.iter().map(shown).collect();
    let seen = compare(&shown, &scanned, &read(&forms));
    // A comparison of nothing would succeed too.
    assert!(seen.scanned > GENERATED / 10, "{seen:?}");
    assert!(seen.named > GENERATED / 20, "{seen:?}");
    for (reader, taken) in &seen.taken {
        assert!(taken * 10 > seen.scanned * 6, "{reader}: {seen:?}");
    }
    assert_eq!(seen.taken.len(), 9, "{seen:?}");
}

/// Whoever takes the form of a real client finds its one model, the one that was put in its place too.
#[test]
fn every_reader_finds_the_model_of_every_client() {
    let clients = client_forms();
    for model in [ClientForm::MODEL, "support-agent"] {
        let form = |client: &ClientForm| Form {
            kind: client.kind.clone().into_bytes(),
            body: client.body(model),
        };
        let forms: Vec<_> = clients.iter().map(form).collect();
        let scanned: Vec<_> = forms.iter().map(scanned).collect();
        let shown: Vec<_> = forms.iter().map(shown).collect();
        let seen = compare(&shown, &scanned, &read(&forms));
        assert_eq!(seen.named, clients.len(), "{seen:?}");
        assert_eq!(seen.taken.len(), 9, "{seen:?}");
        for (reader, taken) in &seen.taken {
            assert!(taken * 4 > clients.len() * 3, "{reader}: {seen:?}");
        }
    }
}

/// The traps are real: of each of these, readers find different models, or some take it and some do
/// not. So each must be refused.
#[test]
fn what_readers_read_differently_is_refused() {
    let forms: Vec<_> = TRAPS.iter().map(|form| written(KIND, form)).collect();
    for (form, readings) in forms.iter().zip(read(&forms)) {
        let shown = shown(form).escape_ascii().to_string();
        let mut found: Vec<_> = readings.values().collect();
        found.sort();
        found.dedup();
        assert!(found.len() > 1, "{shown}: {readings:?}");
        assert_eq!(scanned(form), None, "{shown}");
    }
}

/// A form as it is sent: its content type and its bytes.
#[derive(Clone, Debug)]
struct Form {
    kind: Vec<u8>,
    body: Vec<u8>,
}

/// What a person writes here: a line end is CRLF.
fn written(kind: &[u8], lines: &str) -> Form {
    Form {
        kind: kind.to_vec(),
        body: lines.replace('\n', "\r\n").into_bytes(),
    }
}

fn shown(form: &Form) -> Vec<u8> {
    [&form.kind[..], b" >>> ", &form.body].concat()
}

fn scanned(form: &Form) -> Scanned {
    let boundary = Boundary::of(&[&form.kind], &[]).ok()?;
    let mut scanner = Scanner::new(&boundary);
    let mut out = Vec::new();
    let found = scanner.push(&form.body, &mut out).ok()?;
    if found.is_some() {
        scanner.replace(None, &mut out).ok()?;
    }
    scanner.finish(&mut out).ok()?;
    assert_eq!(out, form.body, "all goes on as it came");
    Some(found)
}

fn read(forms: &[Form]) -> Vec<Readings> {
    let line = |form: &Form| format!("{} {}\n", base64(&form.kind), base64(&form.body));
    read_forms(&forms.iter().map(line).collect::<String>())
}

/// Mostly sound forms: each place where readers may differ has something strange in it now and then.
fn form() -> impl Strategy<Value = Form> {
    let change = prop_oneof![
        12 => Just(None),
        1 => (any::<Index>(), prop_oneof![any::<u8>(), select(&b"\r\n-\";=:\\ "[..])])
            .prop_map(Some),
    ];
    (
        pick(KINDS),
        pick(BEFORE),
        parts(),
        pick(ENDS),
        pick(AFTER),
        change,
    )
        .prop_map(|(kind, before, parts, end, after, change)| {
            let mut body = [before, &parts.concat()[..], end, after].concat();
            if let Some((at, byte)) = change
                && !body.is_empty()
            {
                let at = at.index(body.len());
                body[at] = byte;
            }
            let kind = kind.to_vec();
            Form { kind, body }
        })
}

/// Fields and files, and most often a model among them.
fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let name = prop_oneof![8 => select(&NAMES[2..5]), 1 => select(NAMES)];
    // Some readers take no name without quotes: most have them.
    let model = prop_oneof![6 => Just(NAMES[0]), 1 => Just(NAMES[1])];
    let model = prop_oneof![3 => part(model).prop_map(Some), 1 => Just(None)];
    (vec(part(name), 0..3), model, any::<Index>()).prop_map(|(mut parts, model, at)| {
        let at = at.index(parts.len() + 1);
        parts.splice(at..at, model);
        parts
    })
}

fn part(name: impl Strategy<Value = &'static [u8]>) -> impl Strategy<Value = Vec<u8>> {
    (
        pick(BORDERS),
        pick(DISPOSITIONS),
        name,
        pick(FILES),
        pick(MORE),
        pick(HEAD_ENDS),
        value(),
    )
        .prop_map(|(border, disposition, name, file, more, head_end, value)| {
            [
                border,
                disposition,
                name,
                file,
                more,
                head_end,
                &value,
                b"\r\n",
            ]
            .concat()
        })
}

/// One of these, but most often the first.
fn pick(from: &'static [&'static [u8]]) -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![12 => Just(from[0]), 1 => select(from)]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => "[a-z0-9-]{1,8}".prop_map(String::into_bytes),
        2 => select(PIECES).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

const GENERATED: usize = 3_000;

const KIND: &[u8] = b"multipart/form-data; boundary=b-1";
const KINDS: &[&[u8]] = &[
    KIND,
    b"multipart/form-data; boundary=\"b-1\"",
    b"Multipart/Form-Data;boundary=b-1",
    b"multipart/form-data; BOUNDARY=b-1",
    b"multipart/form-data; boundary=b-1; boundary=c",
    b"multipart/form-data; boundary=c; boundary=b-1",
    b"multipart/form-data; boundary=b-1; charset=utf-16",
    b"multipart/form-data; boundary=b-1; charset=ISO-8859-1",
    b"multipart/form-data; boundary=b-1; charset=utf-8; charset=utf-16",
    b"multipart/form-data; charset=utf-8; boundary=b-1",
    b"multipart/form-data;charset=\"US-ASCII\";boundary=\"b-1\"",
    b"multipart/form-data; charset=\"boundary=b-1\"; boundary=c",
    b"multipart/form-data; boundary=c; charset=\"; boundary=b-1\"",
    b"multipart/form-data; boundary=b-1,c",
    b"multipart/form-data; boundary=\"b-1\\\"\"",
    b"multipart/form-data; boundary=\"b\\-1\"",
    b"multipart/form-data; boundary*=utf-8''b-1",
    b"multipart/form-data; boundary*0=b-; boundary*1=1",
    b"multipart/form-data; boundary = b-1",
    b"multipart/form-data; boundary=b-1 ",
    b"multipart/form-data; boundary=b-1;",
    b"multipart/form-data; boundary=b",
    b"multipart/form-data; boundary=b-",
    b"multipart/form-data; boundary=--b-1",
    b"multipart/mixed; boundary=b-1",
    b"application/x-www-form-urlencoded",
];
const BEFORE: &[&[u8]] = &[
    b"",
    b"\r\n",
    b"\n",
    b"preamble\r\n",
    b" ",
    b"--b-1\r\n",
    b"--b-1--\r\n",
    b"\xef\xbb\xbf",
    b"--c\r\n",
    b"--b-1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nbefore\r\n--b-1--\r\n",
];
const BORDERS: &[&[u8]] = &[
    b"--b-1\r\n",
    b"--b-1 \r\n",
    b"--b-1\t\r\n",
    b"--b-1\n",
    b"\n--b-1\r\n",
    b"--b-1\r",
    b"--B-1\r\n",
    b"--b-10\r\n",
    b"-b-1\r\n",
    b"--b-1--\r\n",
    b"\r\n--b-1\r\n",
    b"--b\r\n",
    b"--b-1-\r\n",
    b"---b-1\r\n",
];
const DISPOSITIONS: &[&[u8]] = &[
    b"Content-Disposition: form-data; ",
    b"content-disposition:form-data;",
    b"CONTENT-DISPOSITION: Form-Data; ",
    b"Content-Disposition : form-data; ",
    b"Content-Disposition: attachment; ",
    b"Content-Disposition: form-data, ",
    b"Content-Disposition: form-data ",
    b"Content-Disposition: ",
    b"Content-Disposition:\r\n form-data; ",
    b" Content-Disposition: form-data; ",
    b"Content-Type: text/plain\r\nContent-Disposition: form-data; ",
    b"Content-Disposition: form-data; name=\"first\"\r\nContent-Disposition: form-data; ",
    b"X-Note: a\nContent-Disposition: form-data; ",
    b"X-Note: a\rContent-Disposition: form-data; ",
    b"X-Note: a\0\r\nContent-Disposition: form-data; ",
    b"no colon\r\nContent-Disposition: form-data; ",
    b": empty\r\nContent-Disposition: form-data; ",
    b"Content-Disposition: form-data; x=y; ",
    b"Content-Disposition: form-data; x=\"; name=\\\"model\\\"\"; ",
    b"Content-Disposition: form-data;; ",
    b"X: =?utf-8?q?a?=\r\nContent-Disposition: form-data; ",
    b"X-",
    b"",
];
const NAMES: &[&[u8]] = &[
    b"name=\"model\"",
    b"name=model",
    b"name=\"file\"",
    b"name=\"prompt\"",
    b"name=\"models\"",
    b"name=file",
    b"name=\"Model\"",
    b"name=\"model[]\"",
    b"name=\"model[0]\"",
    b"name=\"model \"",
    b"name=\" model\"",
    b"name=\"mod\\el\"",
    b"name=\"model\\\"\"",
    b"name=\"mod%65l\"",
    b"name=\"model%22\"",
    b"name=\"model\0\"",
    b"name=\"m\xc3\xb6del\"",
    b"name=\"=?utf-8?q?model?=\"",
    b"name=model[]",
    b"name=model,",
    b"name=model*",
    b"name=model ",
    b"name=Model",
    b"name=mod%65l",
    b"name=mod\xe9l",
    b"name=\"mod\xe9l\"",
    b"name='model'",
    b"name=\"model",
    b"name=model\"",
    b"name=\"mo\"del",
    b"name=\"mo\"\"del\"",
    b"NAME=\"model\"",
    b"name =\"model\"",
    b"name= \"model\"",
    b"name*=utf-8''model",
    b"name*0=\"mod\"; name*1=\"el\"",
    b"name*0*=utf-8''mod; name*1=el",
    b"name=\"a\"; name=\"model\"",
    b"name=\"model\"; name=\"a\"",
    b"name=\"a\"; name*=utf-8''model",
    b"name=\"model\"; name*=utf-8''a",
    b"name=\"a\", name=\"model\"",
    b"name=\"a\" name=\"model\"",
    b"name=\"a\r\n \"; name=\"model\"",
    b"name=\"a\";name=\"model\"",
    b"name=\"a;name=model\"",
    b"name=\"_charset_\"",
    b"name=\"\"",
    b"name",
    b"",
];
const FILES: &[&[u8]] = &[
    b"",
    b"; filename=\"a.wav\"",
    b"; filename=a.wav",
    b"; filename=\"\"",
    b"; filename*=utf-8''a.wav",
    b"; filename=\"a\\\"; name=\\\"model\"",
    b"; filename=\"a\\\\\"; name=\"model\"",
    b"; filename=\"a\\\"; name=\"model\"",
    b"; filename=\"C:\\\"",
    b"; filename=\"C:\\a\\\"; x=\"b\"",
    b"; filename=\"a\"; filename=\"model\"",
    b"; filename=\"a;name=model\"",
    b"; filename=a;name=\"model\"",
    b"; filename=a\"; name=\"model\"",
    b"; filename=\"a\"b\"; name=\"model\"",
    b"; filename='a; name=\"model\"'",
    b"; filename=\"a\xff\"",
    b"; filename=\"caf\xe9.wav\"",
    b"; filename=\"\x85Content-Disposition: form-data; \x85name=model\"",
    b"; filename=\"\xc2\x85\xe2\x80\xa8name=model\"",
    b"; filename=\"\x83\\\"",
    b"; filename=\"\x83\\\"; name=\"model\"",
    b"; filename=\"minutes; names of speakers.wav\"",
    b"; filename=\"minutes; name\"",
    b"; filename=\"minutes; name=model\"",
    b"; filename=\"model\"",
    b"; filename*=utf-8''a%22%3B%20name=%22model",
    b"; filename*0=\"a\"; filename*1=\"b\"",
    b"; filename=\"=?utf-8?q?a=22=3B_name=3D=22model?=\"",
    b"; filename=\"a\r\n\tb\"",
    b";",
    b"; ",
];
const MORE: &[&[u8]] = &[
    b"\r\n",
    b"\r\nContent-Type: text/plain\r\n",
    b"\r\nContent-Type: text/plain; charset=utf-8\r\n",
    b"\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n",
    b"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n",
    b"\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 8bit\r\n",
    b"\r\nContent-Type: text/plain; charset=utf-16\r\n",
    b"\r\nContent-Type: text/plain; charset=utf-7\r\n",
    b"\r\nContent-Type: application/octet-stream\r\n",
    b"\r\nContent-Type: application/json\r\n",
    b"\r\nContent-Type: message/rfc822\r\n",
    b"\r\nContent-Type: multipart/mixed; boundary=c\r\n",
    b"\r\nContent-Type: multipart/form-data; boundary=c\r\n",
    b"\r\nContent-Transfer-Encoding: base64\r\n",
    b"\r\nContent-Transfer-Encoding: quoted-printable\r\n",
    b"\r\nContent-Transfer-Encoding: 8bit\r\n",
    b"\r\nContent-Transfer-Encoding: binary\r\n",
    b"\r\nContent-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: base64\r\n",
    b"\r\nContent-Transfer-Encoding: x-uuencode\r\n",
    b"\r\nContent-Length: 3\r\n",
    b"\r\nContent-Length: 0\r\n",
    b"\r\nContent-Disposition: form-data; name=\"model\"\r\n",
    b"\r\nContent-Disposition: form-data; name=\"other\"\r\n",
    b"\r\n folded; name=\"model\"\r\n",
    b"\r\n\tname=\"model\"\r\n",
    b"\n",
    b"\r",
    b"\r\n.\r\n",
    b"",
];
const HEAD_ENDS: &[&[u8]] = &[b"\r\n", b"\n", b"\r\n\r\n", b"", b" \r\n", b"\r"];
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"--b-1",
    b"\r\n--b-1",
    b"\r\n--b-1--",
    b"\n--b-1\n",
    b"\r--b-1\r",
    b"\r\n--b",
    b"\r\n--b-1\r\n\r\n",
    b"\r\n--b-12",
    b"\r\n--b-1 ",
    b"--",
    b"=6D",
    b"=\r\n",
    b"bW9kZWw=",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff\xfem\0",
    b"+AGE-",
    b"%6d",
    b"--c\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ninner\r\n--c--",
    b"\r\n--b-1\nContent-Disposition: form-data; name=\"model\"\n\nsecond",
    b"\n--b-1\nContent-Disposition: form-data; name=\"model\"\n\nsecond",
    b"\r\n--b-1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nsecond",
    b"Content-Disposition: form-data; name=\"model\"\r\n\r\nin a message",
];
const ENDS: &[&[u8]] = &[
    b"--b-1--\r\n",
    b"--b-1--",
    b"--b-1--\n",
    b"--b-1-- \r\n",
    b"--b-1\r\n",
    b"--b-1",
    b"--b-1-",
    b"",
    b"--b--\r\n",
    b"--B-1--\r\n",
    b"--c--\r\n",
    b"\n--b-1--\r\n",
];
const AFTER: &[&[u8]] = &[
    b"",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"epilogue",
    b"\0",
    b"--b-1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nafter\r\n--b-1--\r\n",
    b"\r\n--b-1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nafter\r\n--b-1--\r\n",
];

/// What readers differ about. Line ends are CRLF.
const TRAPS: &[&str] = &[
    // Readers made for mail decode the name.
    "--b-1\nContent-Disposition: form-data; name=\"=?utf-8?q?model?=\"\n\na\n--b-1--\n",
    // They find parts within a part, as some frameworks' do.
    "--b-1\nContent-Disposition: form-data; name=\"a\"\nContent-Type: message/rfc822\n\n\
     Content-Disposition: form-data; name=\"model\"\n\na\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name=\"a\"\nContent-Type: multipart/mixed; boundary=c\n\n\
     --c\nContent-Disposition: form-data; name=\"model\"\n\na\n--c--\n--b-1--\n",
    // A byte order mark is a part of the value, or none.
    "--b-1\nContent-Disposition: form-data; name=\"model\"\n\n\u{feff}a\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name=\"a\"; name=\"model\"\n\na\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name*=utf-8''model\n\na\n--b-1--\n",
    // Of a bare name, some take what stands before a character that is none of a word.
    "--b-1\nContent-Disposition: form-data; name=model[]\n\na\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name=model,a\n\na\n--b-1--\n",
    // A value in Latin-1, to those who believe that it is.
    "--b-1\nContent-Disposition: form-data; name=\"model\"\nContent-Type: text/plain; charset=ISO-8859-1\n\n\
     k\u{f6}ln\n--b-1--\n",
    // Of two encodings, the first counts or the last.
    "--b-1\nContent-Disposition: form-data; name=\"model\"\nContent-Transfer-Encoding: 8bit\n\
     Content-Transfer-Encoding: base64\n\nbW9k\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name=\"model\"\nContent-Type: text/plain; charset=utf-16\n\na\n--b-1--\n",
];

const CORPUS: &[&str] = &[
    "--b-1\nContent-Disposition: form-data; name=a; filename=\"model\"\n\nb\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name=model\n\na\n--b-1--\n\n",
    "--b-1\nContent-Disposition: form-data; name=\"model\"\n\na\n--b-1\n\
     Content-Disposition: form-data; name=\"model\"; filename=\"m\"\n\nb\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name=\"model\"\n\nwhisper-1\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\nContent-Type: audio/wav\n\n\
     RIFF\n--b-1\nContent-Disposition: form-data; name=\"model\"\n\nwhisper-1\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name=\"model\"\n\n\n--b-1--\n",
    "--b-1\nContent-Disposition: form-data; name=\"file\"; filename=\"a\\\"; name=\\\"model\"\n\nx\n--b-1--\n",
    "--b-1--\n",
    "",
];
