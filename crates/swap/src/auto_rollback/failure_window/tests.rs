use std::collections::BTreeSet;

use proptest::{collection, prelude::*};

use super::*;

const LASTING: Duration = Duration::from_secs(30);
const KEYS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

const fn counts(decisions: u64, failures: u64) -> Counts {
    Counts {
        decisions,
        failures,
        refusals: 0,
    }
}

/// A generation, and what is known of it.
struct Watched {
    window: FailureWindow,
    now: Instant,
    counts: Counts,
    active: BTreeSet<&'static str>,
}

impl Watched {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            window: FailureWindow::new(now),
            now,
            counts: Counts::default(),
            active: BTreeSet::new(),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let active = std::mem::take(&mut self.active);
        let mut kept = Some(&active);
        self.window.turn(self.now, self.counts, || {
            kept.take().into_iter().flatten().copied().collect()
        });
        // Nothing was taken: they are still those of this span.
        if kept.is_some() {
            self.active = active;
        }
    }

    fn asks(&mut self, key: &'static str) {
        self.counts.decisions += 1;
        self.active.insert(key);
    }

    fn fails(&mut self, key: &'static str) {
        self.asks(key);
        self.counts.failures += 1;
        self.window.failed("trap");
    }

    fn differs(&mut self, key: &'static str) {
        self.fails(key);
        self.window.differed(key, self.now);
    }

    fn evidence(&self) -> Option<Evidence> {
        let failures = self.window.failures(self.counts)?;
        let active = || self.active.iter().copied().collect();
        self.window
            .evidence(&failures, Counts::default(), LASTING, active)
    }
}

#[test]
fn three_keys_for_long_enough_are_evidence_and_less_is_not() {
    for (keys, apart, expected) in [
        (&KEYS[..3], LASTING, true),
        (&KEYS[..3], LASTING - Duration::from_nanos(1), false),
        (&KEYS[..2], LASTING, false),
    ] {
        let mut watched = Watched::new();
        keys.iter().for_each(|key| watched.differs(key));
        assert_eq!(watched.evidence(), None, "a burst says nothing");
        watched.pass(apart);
        keys.iter().for_each(|key| watched.differs(key));
        assert_eq!(watched.evidence().is_some(), expected, "{keys:?} {apart:?}");
    }
}

#[test]
fn evidence_says_who_how_often_and_why() {
    let mut watched = Watched::new();
    for _ in 0..2 {
        KEYS[..3].iter().for_each(|key| watched.differs(key));
        watched.asks("z");
        watched.pass(LASTING);
    }
    let evidence = watched.evidence().unwrap();
    assert_eq!(evidence.callers, ["a", "b", "c"]);
    assert_eq!((evidence.failures, evidence.decisions), (6, 8));
    assert_eq!(evidence.causes, [("trap".to_owned(), 6)]);
    assert!(evidence.rule.contains("3 of 4 active keys"), "{evidence:?}");
}

#[test]
fn keys_that_ask_in_vain_are_no_evidence_while_four_of_five_are_served() {
    let served: Vec<&'static str> = (0..13_u8)
        .map(|number| -> &'static str { Box::leak(format!("served-{number}").into_boxed_str()) })
        .collect();
    for (others, expected) in [(12, true), (13, false)] {
        let mut watched = Watched::new();
        served[..others].iter().for_each(|key| watched.asks(key));
        for _ in 0..2 {
            KEYS[..3].iter().for_each(|key| watched.differs(key));
            watched.pass(LASTING);
        }
        assert_eq!(
            watched.evidence().is_some(),
            expected,
            "3 of {}",
            others + 3
        );
    }
}

#[test]
fn what_fails_before_as_well_is_no_evidence() {
    let mut watched = Watched::new();
    for _ in 0..20 {
        KEYS.iter().for_each(|key| watched.fails(key));
        watched.pass(LASTING);
    }
    assert_eq!(watched.evidence(), None);
    assert!(
        watched.window.failures(watched.counts).is_some(),
        "it alarms"
    );
}

#[test]
fn old_failures_are_forgotten() {
    let mut watched = Watched::new();
    for _ in 0..2 {
        KEYS[..3].iter().for_each(|key| watched.differs(key));
        watched.pass(LASTING);
    }
    assert!(watched.evidence().is_some());
    watched.pass(SPAN);
    assert!(watched.evidence().is_some(), "it is recent still");
    watched.pass(SPAN);
    assert_eq!(watched.evidence(), None);
    assert_eq!(watched.window.failures(watched.counts), None);
}

#[test]
fn three_failures_of_anybody_alarm_and_lost_events_count() {
    let mut watched = Watched::new();
    watched.fails("a");
    watched.fails("a");
    assert_eq!(watched.window.failures(watched.counts), None);
    let failures = watched.window.failures(counts(10, 3)).unwrap();
    assert_eq!((failures.failures, failures.decisions), (3, 10));
}

#[derive(Clone, Copy, Debug)]
enum Asked {
    Answered,
    Failed,
    Differed,
}

/// Requests: after how many seconds, of which key, and what came of it.
fn requests(keys: usize) -> impl Strategy<Value = Vec<(u64, &'static str, Asked)>> {
    let asked = prop_oneof![
        2 => Just(Asked::Answered),
        1 => Just(Asked::Failed),
        4 => Just(Asked::Differed),
    ];
    let pause = prop_oneof![4 => 0..3_u64, 2 => 3..60_u64, 1 => 60..700_u64];
    collection::vec((pause, prop::sample::select(&KEYS[..keys]), asked), 0..120)
}

fn play(watched: &mut Watched, (pause, key, asked): (u64, &'static str, Asked)) {
    watched.pass(Duration::from_secs(pause));
    match asked {
        Asked::Answered => watched.asks(key),
        Asked::Failed => watched.fails(key),
        Asked::Differed => watched.differs(key),
    }
}

proptest! {
    #[test]
    fn whatever_two_keys_ask_nothing_is_undone(requests in requests(2)) {
        let mut watched = Watched::new();
        for request in requests {
            play(&mut watched, request);
            prop_assert_eq!(watched.evidence(), None);
        }
    }

    #[test]
    fn no_single_burst_undoes_anything(requests in requests(12)) {
        let mut watched = Watched::new();
        let mut passed = 0;
        for (pause, key, asked) in requests {
            let pause = pause % 3;
            passed += pause;
            if passed >= LASTING.as_secs() {
                break;
            }
            play(&mut watched, (pause, key, asked));
            prop_assert_eq!(watched.evidence(), None);
        }
    }

    /// Evidence is only what the whole sequence of requests, read again, says as well.
    #[test]
    fn evidence_is_three_keys_and_a_fifth_over_time(requests in requests(12)) {
        let mut watched = Watched::new();
        let mut played = Vec::new();
        for request in requests {
            play(&mut watched, request);
            played.push((watched.now, request.1, request.2));
            let Some(evidence) = watched.evidence() else { continue };
            let recent = |since: &Instant| watched.now.duration_since(*since) <= 2 * SPAN
                + Duration::from_secs(700);
            for key in &evidence.callers {
                let of_key = played.iter().filter(|(at, who, asked)| {
                    recent(at) && who == key && matches!(asked, Asked::Differed)
                });
                let times: Vec<Instant> = of_key.map(|(at, ..)| *at).collect();
                let lasted = times.last().unwrap().duration_since(times[0]);
                prop_assert!(lasted >= LASTING, "{key}: {lasted:?}");
            }
            let asked_last: BTreeSet<_> = played
                .iter()
                .filter(|(at, ..)| watched.now.duration_since(*at) < SPAN)
                .map(|(_, who, _)| *who)
                .collect();
            prop_assert!(evidence.callers.len() >= 3);
            prop_assert!(evidence.callers.len() * 5 >= asked_last.len());
        }
    }
}
