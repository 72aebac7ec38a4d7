//! Any form, however it is cut on its way in: the same bytes at GT but for the one value, or a refusal
//! and no whole form at GT. Through the real host, with so little memory that most are held on disk.

use std::cell::{Cell, RefCell};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use signalbox_host::config::Size;

use crate::harness::{Answer, Ask, BOUNDARY, Form, Gate, Gt, Seen, within};

/// Bytes in which the boundary, and what looks like one, are frequent.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let dashed = format!("--{BOUNDARY}").into_bytes();
    let near = dashed[..dashed.len() - 1].to_vec();
    let piece = prop_oneof![
        6 => vec(any::<u8>(), 0..40),
        2 => vec(any::<u8>(), 400..2_000),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        2 => Just([b"\r\n", &near[..]].concat()),
        1 => Just(dashed),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// Values of a form's fields, and where among them the model comes.
fn fields() -> impl Strategy<Value = (Vec<Vec<u8>>, usize)> {
    (vec(value(), 0..5), any::<Index>()).prop_map(|(values, at)| {
        let at = at.index(values.len() + 1);
        (values, at)
    })
}

fn form((values, at): &(Vec<Vec<u8>>, usize), model: &str) -> Form {
    let mut form = Form::new();
    for position in 0..=values.len() {
        if position == *at {
            form = form.field("model", model);
        }
        if let Some(value) = values.get(position) {
            form = match position % 2 {
                0 => form.file(value),
                _ => form.part("form-data; name=\"prompt\"", value),
            };
        }
    }
    form
}

/// One change that makes a form another one, or none.
#[derive(Clone, Debug)]
enum Harm {
    Cut(Index),
    Delete(Index, usize),
    Repeat(Index, Index),
    Insert(Index, &'static [u8]),
}

fn harm() -> impl Strategy<Value = Harm> {
    let pieces: Vec<&'static [u8]> = vec![
        b"\r\n",
        b"\n",
        b"\r",
        b"--",
        b"\"",
        b"\0",
        b"Content-Disposition: form-data; name=\"model\"\r\n\r\nx",
        b"\r\n------WebKitFormBoundary0123456789abcdef\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nother",
        b"\n------WebKitFormBoundary0123456789abcdef\nContent-Disposition: form-data; name=\"model\"\n\nother",
        b"\r\n------WebKitFormBoundary0123456789abcdef--\r\n",
        b"; filename=\"x\"",
        b"; name=\"model\"",
        b"\r\nContent-Transfer-Encoding: base64",
    ];
    prop_oneof![
        any::<Index>().prop_map(Harm::Cut),
        (any::<Index>(), 1_usize..60).prop_map(|(at, length)| Harm::Delete(at, length)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Harm::Repeat(from, to)),
        (any::<Index>(), prop::sample::select(pieces))
            .prop_map(|(at, piece)| Harm::Insert(at, piece)),
    ]
}

impl Harm {
    fn done_to(&self, body: &[u8]) -> Vec<u8> {
        let place = |index: &Index| index.index(body.len() + 1);
        match self {
            Self::Cut(at) => body[..place(at)].to_vec(),
            Self::Delete(at, length) => {
                let at = place(at);
                let end = (at + length).min(body.len());
                [&body[..at], &body[end..]].concat()
            }
            Self::Repeat(from, to) => {
                let (from, to) = (place(from), place(to));
                let (from, to) = (from.min(to), from.max(to));
                [&body[..to], &body[from..]].concat()
            }
            Self::Insert(at, piece) => {
                let at = place(at);
                [&body[..at], piece, &body[at..]].concat()
            }
        }
    }
}

/// How a body goes over the wire: whole with its length, or in chunks.
fn sizes() -> impl Strategy<Value = Option<Vec<usize>>> {
    prop::option::weighted(0.8, vec(prop_oneof![1_usize..9, 20_usize..600], 1..8))
}

/// A chunk of each size in turn.
fn chunked(ask: &Ask, body: &[u8], sizes: &[usize]) -> Vec<u8> {
    let ask = ask
        .clone()
        .without("content-length")
        .header("transfer-encoding", "chunked");
    let (mut bytes, mut rest) = (ask.head(), body);
    for size in sizes.iter().cycle() {
        let (chunk, later) = rest.split_at((*size).min(rest.len()));
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend(b"\r\n");
        rest = later;
        if chunk.is_empty() {
            return bytes;
        }
    }
    bytes
}

/// A host and the GT before which it stands, which remembers everything.
struct Stage {
    gate: Gate,
    gt: Gt,
    cases: Cell<usize>,
    refused: RefCell<Vec<String>>,
}

impl Stage {
    fn new() -> Self {
        let gt = Gt::chatty();
        let gate = Gate::builder(gt.address)
            .config(|config| {
                config.limits.multipart_memory = Size::of(300);
                // A refused body is let go of at once.
                config.times.discard = std::time::Duration::from_millis(200).into();
            })
            .start();
        Self {
            gate,
            gt,
            cases: Cell::default(),
            refused: RefCell::default(),
        }
    }

    /// What GT got of a form it answered, or why it was refused.
    fn send(&self, body: &[u8], sizes: Option<&[usize]>) -> Result<Vec<u8>, Answer> {
        self.cases.set(self.cases.get() + 1);
        let id = format!("case-{}", self.cases.get());
        let ask = Form::asking(body).header("x-request-id", &id);
        let bytes = match sizes {
            Some(sizes) => chunked(&ask, body, sizes),
            None => ask.bytes(),
        };
        let mut client = self.gate.connect();
        client.write(&bytes);
        let answer = client.answer();
        if answer.status == 200 {
            return Ok(self.got(&id).expect("GT answered it").body);
        }
        self.refused.borrow_mut().push(id);
        Err(answer)
    }

    fn got(&self, id: &str) -> Option<Seen> {
        let is_it = |seen: &Seen| seen.header("x-request-id") == Some(id);
        self.gt.seen().into_iter().rev().find(is_it)
    }

    /// GT never saw the end of what was refused, and nothing is held any more.
    fn ends(&self) {
        assert!(within(|| self.gate.held() == (0, 0)));
        let end = format!("--{BOUNDARY}--");
        for id in &*self.refused.borrow() {
            let has_end = |seen: Seen| lines_begin_with(&seen.body, end.as_bytes());
            assert!(
                !self.got(id).is_some_and(has_end),
                "GT has a whole form: {id}"
            );
        }
    }
}

fn run<S: Strategy>(cases: u32, strategy: &S, law: impl Fn(S::Value)) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let ran = TestRunner::new(config).run(strategy, |value| {
        law(value);
        Ok(())
    });
    if let Err(failure) = ran {
        panic!("{failure}");
    }
}

#[test]
fn gt_gets_the_same_bytes_but_for_the_value() {
    let stage = Stage::new();
    run(192, &(fields(), sizes()), |(fields, sizes)| {
        let sent = form(&fields, "gpt-4o").bytes();
        let answer = match stage.send(&sent, sizes.as_deref()) {
            Ok(got) => return assert!(got == form(&fields, "support-agent").bytes()),
            Err(answer) => answer,
        };
        // Only for what readers could take for the boundary.
        let dashed = format!("--{BOUNDARY}");
        let (values, _) = &fields;
        let is_like = |value: &Vec<u8>| memmem(value, dashed.as_bytes());
        assert_eq!(answer.refusal().0, 400);
        assert!(values.iter().any(is_like), "{}", answer.text());
    });
    stage.ends();
}

#[test]
fn of_a_form_somebody_harmed_gt_reads_one_model_or_no_end() {
    let stage = Stage::new();
    let harms = vec(harm(), 1..3);
    run(
        384,
        &(fields(), harms, sizes()),
        |(fields, harms, sizes)| {
            let sent = form(&fields, "gpt-4o").bytes();
            let sent = harms.iter().fold(sent, |body, harm| harm.done_to(&body));
            match stage.send(&sent, sizes.as_deref()) {
                Ok(got) => assert_eq!(models(&got), ["support-agent"]),
                Err(answer) => {
                    let (status, _) = answer.refusal();
                    assert!(matches!(status, 400 | 404), "{}", answer.text());
                }
            }
        },
    );
    stage.ends();
}

fn memmem(bytes: &[u8], sought: &[u8]) -> bool {
    bytes.windows(sought.len()).any(|window| window == sought)
}

/// Whether a line begins with these bytes, whatever ends a line.
fn lines_begin_with(bytes: &[u8], sought: &[u8]) -> bool {
    let lines = bytes.split(|byte| b"\r\n".contains(byte));
    lines.into_iter().any(|line| line.starts_with(sought))
}

/// The models a careless reader finds: any line end is one, and a name has no case.
fn models(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let text = format!("\n{text}");
    let border = format!("\n--{BOUNDARY}");
    let parts = text.split(&border);
    let model = |part: &str| {
        let (head, value) = part.split_once("\n\n")?;
        let head = head.to_ascii_lowercase();
        let is_model = ["name=\"model", "name=model", "name='model"]
            .iter()
            .any(|name| head.contains(name));
        is_model.then(|| value.to_owned())
    };
    parts.filter_map(model).collect()
}
