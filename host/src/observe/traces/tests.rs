//! Tests of sampling.

use http::HeaderValue;

use super::*;
use signalbox_gate::Budget;

fn traces(sample: &str) -> Traces {
    let endpoint = "http://127.0.0.1:9".parse().unwrap();
    let settings = TraceSettings {
        sample: sample.parse().unwrap(),
        ..TraceSettings::new(endpoint)
    };
    let (memory, disk) = (Budget::new(1), Budget::new(1));
    Traces::start(&settings, &Metrics::new(&memory, &disk, 0)).unwrap()
}

fn id(bits: u128) -> DecisionId {
    DecisionId::parse(&format!("{bits:032x}")).unwrap()
}

fn from(parent: &'static str) -> HeaderMap {
    [(context::TRACEPARENT, HeaderValue::from_static(parent))]
        .into_iter()
        .collect()
}

#[test]
fn a_trace_of_our_own_is_sampled_by_its_id_and_has_the_id_of_the_decision() {
    let (all, half) = (traces("100"), traces("50"));
    for (bits, in_half) in [
        (1, true),
        (u128::from(u64::MAX), false),
        (u128::from(u64::MAX >> 1), true),
        ((1 << 64) | (u128::from(u64::MAX >> 1) + 1), false),
        (u128::MAX, false),
    ] {
        let trace = all.begin(&HeaderMap::new(), id(bits)).unwrap();
        assert_eq!(trace.trace.to_string(), format!("{bits:032x}"));
        assert_eq!(trace.parent, None);
        let is_sampled = half.begin(&HeaderMap::new(), id(bits)).is_some();
        assert_eq!(is_sampled, in_half, "{bits:x}");
    }
}

#[test]
fn a_share_of_many_ids_is_about_the_share() {
    let tenth = traces("10%");
    let ids = DecisionIds::default();
    let taken = (0..10_000)
        .filter(|_| tenth.begin(&HeaderMap::new(), ids.next()).is_some())
        .count();
    assert!((700..1_300).contains(&taken), "{taken}");
}

#[test]
fn a_client_that_traces_says_whether_it_is_sampled() {
    let (all, few) = (traces("100"), traces("0.01"));
    let sampled = from("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let unsampled = from("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
    let never = id(u128::MAX);
    let trace = few.begin(&sampled, never).unwrap();
    assert_eq!(trace.trace.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(trace.parent.unwrap().span.to_string(), "b7ad6b7169203331");
    assert!(all.begin(&unsampled, never).is_none());
}

#[test]
fn span_ids_differ_and_are_valid() {
    let traces = traces("100");
    let ids: std::collections::HashSet<_> = (0..1_000).map(|_| traces.span_id()).collect();
    assert_eq!(ids.len(), 1_000);
    assert!(!ids.contains(&SpanId::INVALID));
}
