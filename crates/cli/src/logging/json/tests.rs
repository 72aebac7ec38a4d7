//! Every line is, byte for byte, what tracing-subscriber's own formatter makes of it.

use std::{
    error::Error,
    io::{self, Write},
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::{collection::vec, prelude::*};
use signalbox_gate::{DecisionId, TokenUsage, Usage};
use signalbox_host::{AccessLine, SharedFields, Spent};
use tracing_subscriber::{
    fmt::{MakeWriter, format::JsonFields, layer, time::FormatTime},
    layer::SubscriberExt as _,
    registry,
};

use super::*;
use crate::logging::lines::Lines;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What both clocks say.
const MICROS: u64 = 1_796_000_655_005_620;
const TIME: &str = "2026-11-30T01:04:15.005620Z";

fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(MICROS)
}

struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        writer.write_str(TIME)
    }
}

/// What is logged: by hand, and by the standard.
fn logged(act: impl FnOnce()) -> (String, String) {
    let (ours, theirs) = (Kept::default(), Kept::default());
    let by_hand = layer()
        .fmt_fields(JsonFields::new())
        .event_format(Json::by(clock))
        .with_writer(ours.clone());
    let standard = layer()
        .json()
        .flatten_event(true)
        .with_timer(Clock)
        .with_writer(theirs.clone());
    let subscriber = registry().with(standard).with(by_hand);
    tracing::subscriber::with_default(subscriber, act);
    (ours.text(), theirs.text())
}

#[track_caller]
fn compare(lines: usize, act: impl FnOnce()) {
    let (ours, theirs) = logged(act);
    assert_eq!(ours, theirs);
    assert_eq!(ours.lines().count(), lines);
}

#[test]
fn a_line_is_what_it_always_was() {
    let (ours, _) = logged(|| {
        tracing::info!(
            target: "signalbox::access",
            id = %"000102",
            key = Some("a \"key\""),
            policy = None::<&str>,
            status = Some(200_u16),
            tls = true,
            micros = 5_000_u64,
            "ended"
        );
    });
    assert_eq!(
        ours,
        format!(
            "{{\"timestamp\":\"{TIME}\",\"level\":\"INFO\",\"message\":\"ended\",\"id\":\"000102\",\
             \"key\":\"a \\\"key\\\"\",\"status\":200,\"tls\":true,\"micros\":5000,\
             \"target\":\"signalbox::access\"}}\n"
        )
    );
}

#[test]
fn every_character_is_escaped_wherever_it_stands() {
    let near_the_edges = [0x7f, 0x80, 0x7ff, 0x800, 0x2028, 0xd7ff, 0xe000, 0xffff];
    let (astral, last) = ([0x1_0000, 0x1_f600], [0x10_ffff]);
    let codes = (0..0x180).chain(near_the_edges).chain(astral).chain(last);
    for letter in codes.filter_map(char::from_u32) {
        let alone = letter.to_string();
        let texts: Vec<String> = (0..17)
            .map(|before| format!("{}{letter}{}", "x".repeat(before), "y".repeat(17 - before)))
            .collect();
        compare(1 + texts.len(), || {
            tracing::info!(alone, "{letter}");
            for text in texts {
                tracing::info!(text, shown = %text, debugged = ?text);
            }
        });
    }
}

#[test]
fn numbers_are_written_to_their_ends() {
    let digits = (0..20).map(|power| 10_u64.pow(power));
    let edges: Vec<u64> = digits
        .flat_map(|power| [power - 1, power])
        .chain([u64::MAX])
        .collect();
    for edge in edges {
        let signed = edge.cast_signed();
        compare(2, || {
            tracing::info!(edge, signed, negative = signed.wrapping_neg());
            tracing::info!(wide = i128::MIN, huge = u128::from(edge) << 64);
        });
    }
    for float in [0.0, -0.0, 1e300, 0.1, f64::NAN, f64::INFINITY, f64::MIN] {
        compare(1, || tracing::info!(float));
    }
}

#[test]
fn every_level_and_odd_names_and_targets_are_written() {
    compare(7, || {
        tracing::error!("failed");
        tracing::warn!(target: "a \"target\"\n", "odd");
        tracing::info!({ "a \"name\"\t" } = 1, "odd");
        tracing::debug!(r#type = "word", "odd");
        tracing::trace!("{}", "put together");
        tracing::info!(nothing = None::<u64>);
        tracing::info!({});
    });
}

#[test]
fn a_line_within_a_span_says_so() {
    let (ours, theirs) = logged(|| {
        let span = tracing::info_span!("outer", what = "a \"thing\"");
        let _inside = span.enter();
        tracing::info!("inside");
        tracing::info!(parent: None, "beside");
        tracing::info_span!("inner", count = 7).in_scope(|| tracing::info!("deeper"));
    });
    // The standard reads its own clock.
    let without_times = |lines: &str| -> Vec<String> {
        let fields = lines.lines().filter_map(|line| line.split_once(','));
        fields.map(|(_, fields)| fields.to_owned()).collect()
    };
    assert_eq!(without_times(&ours), without_times(&theirs));
    assert_eq!(ours.lines().count(), 3);
}

#[test]
fn a_line_logged_while_another_is_put_together_is_one_of_its_own() {
    let (ours, _) = logged(|| {
        LINE.with(|line| {
            let _held = line.borrow_mut();
            tracing::info!("within");
        });
        tracing::info!("after");
    });
    let (within, after) = ours.split_once('\n').unwrap();
    assert!(
        within.ends_with("\"message\":\"within\",\"target\":\"signalbox::logging::json::tests\"}")
    );
    assert!(after.contains("\"message\":\"after\""), "{after}");
}

#[test]
fn times_are_written_as_they_are() {
    let seconds = [0, 951_782_399, 951_782_400, 4_102_444_799, 253_402_207_200];
    let mut line = Line::default();
    for second in seconds {
        for micros in [0, 1, 99_999, 100_000, 999_999] {
            let nanos = micros * 1_000 + 999;
            line.text.clear();
            line.time(UNIX_EPOCH + Duration::new(second, nanos))
                .unwrap();
            let time = Timestamp::new(second.cast_signed(), 1_000 * micros.cast_signed());
            let expected = format!("{:.6}", time.unwrap());
            assert_eq!(str::from_utf8(&line.text), Ok(&*expected));
        }
    }
    assert_eq!(line.time(UNIX_EPOCH - Duration::from_secs(1)), None);
    assert_eq!(line.time(UNIX_EPOCH + Duration::from_secs(1 << 50)), None);
}

#[test]
fn a_time_that_is_not_written_by_hand_is_written_all_the_same() {
    let kept = Kept::default();
    let early = Json::by(|| UNIX_EPOCH - Duration::from_secs(1));
    let layer = layer().event_format(early).with_writer(kept.clone());
    tracing::subscriber::with_default(registry().with(layer), || tracing::info!("early"));
    assert!(kept.text().contains("\"message\":\"early\""));
}

/// The line of a request, as it is written without tracing.
fn written(access: &AccessLine<'_>) -> String {
    let kept = Kept::default();
    let (lines, flush) = Lines::start(kept.clone()).unwrap();
    access::writer(lines, clock)(access);
    drop(flush);
    kept.text()
}

#[test]
fn a_line_of_a_request_is_one_of_its_own_while_another_is_put_together() {
    let access = AccessLine {
        outcome: "forwarded",
        ..nothing()
    };
    let (ours, _) = logged(|| {
        LINE.with(|line| {
            let _held = line.borrow_mut();
            assert_eq!(written(&access), "");
        });
    });
    assert!(ours.contains("\"outcome\":\"forwarded\""), "{ours}");
}

fn nothing() -> AccessLine<'static> {
    AccessLine {
        id: DecisionId::default(),
        key: None,
        policy: None,
        generation: None,
        method: "",
        route: None,
        model: None,
        shared: None,
        status: None,
        outcome: "",
        code: "",
        client: None,
        client_hash: None,
        protocol: "",
        is_tls: false,
        upstream: None,
        is_streamed: false,
        request_bytes: 0,
        answer_bytes: 0,
        micros: 0,
        first_byte_micros: None,
        policy_micros: 0,
        upstream_micros: None,
        spent: None,
    }
}

fn texts() -> impl Strategy<Value = String> {
    let special = (0_u8..0x20).prop_map(char::from);
    let letter = prop_oneof![
        special,
        Just('"'),
        Just('\\'),
        Just('\u{7f}'),
        prop::char::range('a', 'z'),
        any::<char>(),
    ];
    vec(letter, 0..40).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn the_line_of_a_request_is_what_tracing_makes_of_its_event(
        id in "[0-9a-f]{32}",
        texts in vec(prop::option::of(texts()), 10),
        numbers: [Option<u64>; 12],
        is_estimated: Option<bool>,
        status: Option<u16>,
        client: Option<IpAddr>,
        is_tls: bool,
        is_streamed: bool,
    ) {
        let text = |n: usize| texts[n].as_deref();
        let number = |n: usize| numbers[n].unwrap_or_default();
        let access = AccessLine {
            id: DecisionId::parse(&id).unwrap(),
            key: text(0),
            policy: text(1),
            generation: numbers[0],
            method: text(2).unwrap_or_default(),
            route: text(3),
            model: text(4),
            shared: None,
            status,
            outcome: text(5).unwrap_or_default(),
            code: text(6).unwrap_or_default(),
            client,
            client_hash: text(7),
            protocol: text(8).unwrap_or_default(),
            is_tls,
            upstream: text(9),
            is_streamed,
            request_bytes: number(1),
            answer_bytes: number(2),
            micros: number(3),
            first_byte_micros: numbers[4],
            policy_micros: number(5),
            upstream_micros: numbers[6],
            spent: is_estimated.map(|is_estimated| {
                let usage = Usage {
                    prompt: numbers[7],
                    completion: numbers[8],
                    cached: numbers[9],
                    reasoning: numbers[10],
                    total: None,
                };
                Spent::new(TokenUsage { usage, is_estimated }, numbers[11])
            }),
        };
        let (_, theirs) = logged(|| access.event());
        prop_assert_eq!(written(&access), &*theirs);
        let kept = SharedFields::default();
        let access = AccessLine { shared: Some(&kept), ..access };
        for _first_and_later in 0..2 {
            prop_assert_eq!(written(&access), &*theirs);
        }
        let other = AccessLine { method: "another", shared: None, ..access };
        let expected = written(&other);
        let other = AccessLine { shared: Some(&kept), ..other };
        prop_assert_eq!(written(&other), expected);
    }

    #[test]
    fn whatever_is_logged_is_written_as_it_was(
        text in texts(),
        other in prop::option::of(texts()),
        bytes in vec(any::<u8>(), 0..9),
        count: u64,
        signed: i64,
        float: f64,
        wide: i128,
        flag: bool,
        status: Option<u16>,
    ) {
        compare(2, || {
            let error = io::Error::other(text.clone());
            let error: &(dyn Error + 'static) = &error;
            tracing::info!(
                target: "signalbox::access",
                id = %text,
                key = other.as_deref(),
                text,
                debugged = ?other,
                bytes = &bytes[..],
                error,
                count,
                signed,
                float,
                wide,
                flag,
                status,
                "ended"
            );
            tracing::warn!("{text}");
        });
    }
}
