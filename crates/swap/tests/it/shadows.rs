//! Shadows: what is found, what is shown of it, and when one comes into service by itself.

use std::{cell::Cell, sync::Arc, thread};

use signalbox_policy::{Caller, Decision, Names, RequestedModel};
use signalbox_runtime::{RequestBuf, TrafficShare};
use signalbox_swap::{
    Action, Difference, DifferenceKind, LiveAnswer, Mode, PolicyAnswer, Question, Settings, Trigger,
};

use crate::fixture::{
    Bench, CHAT, Stands, beside, caller, chat, compiled, component, shadow, wait_for,
};

fn with_shadow(live: &[u8], candidate: &[u8], mode: Mode) -> Bench {
    let bench = Bench::with_keys();
    bench.serve("default", live);
    bench.swap(beside("default", candidate, mode));
    bench
}

fn kinds(bench: &Bench) -> Vec<(DifferenceKind, u64, bool)> {
    let differences = bench.beside("default").differences;
    let kind = |it: &Difference| {
        assert_eq!(it.route, CHAT);
        (it.kind, it.count, it.accepted)
    };
    differences.iter().map(kind).collect()
}

fn document(models: &str) -> Vec<u8> {
    compiled(&format!(
        "policy: p\nroutes:\n  {CHAT}: {{verdict: native, scope: \"inference:chat\", model: json}}\n\
         models:\n{models}"
    ))
}

#[test]
fn differences_are_counted_by_kind_and_shown_without_secrets() {
    let bench = with_shadow(
        &document("  a: {published: one}\n  b: {published: one}\n"),
        &document("  b: {published: two}\n  c: {published: one}\n"),
        shadow(None, &["model"]),
    );
    let one = caller("one");
    for model in ["a", "b", "b", "c", "d"] {
        bench.shadow("default", &one, model);
    }
    use DifferenceKind::{Model, Narrower, Wider};
    assert_eq!(
        kinds(&bench),
        [(Wider, 1, false), (Narrower, 1, false), (Model, 2, true)]
    );
    let found = bench.beside("default");
    assert_eq!((found.compared, found.skipped, found.clean), (5, 0, 1));
    let sample = &found.samples[0];
    assert_eq!(
        (sample.kind, &*sample.caller, &*sample.request),
        (Wider, "one", CHAT)
    );
    assert_eq!(sample.model.as_deref(), Some("c"));
    assert_eq!(sample.live, "refuse 404 model_not_found");
    assert_eq!(
        sample.candidate,
        format!("forward {CHAT}, model one, shown as c")
    );
    assert_eq!(found.samples.len(), 4);
}

#[test]
fn a_comparison_is_never_seen_without_what_it_found() {
    const ASKED: u64 = 300;
    let bench = with_shadow(&component(&["a"]), &component(&["b"]), shadow(None, &[]));
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let one = caller("one");
            (0..ASKED).for_each(|_| bench.shadow("default", &one, "a"));
        });
        while !asking.is_finished() {
            let found = bench.beside("default");
            let differences: u64 = found.differences.iter().map(|it| it.count).sum();
            assert_eq!(differences, found.compared, "every one of them differs");
            assert_eq!(found.samples.len() as u64, found.compared.min(64));
        }
    });
}

#[test]
fn samples_are_a_ring() {
    let bench = with_shadow(&component(&["a"]), &component(&["b"]), shadow(None, &[]));
    for _ in 0..70 {
        bench.shadow("default", &caller("one"), "a");
    }
    let found = bench.beside("default");
    assert_eq!(found.samples.len(), 64);
    assert_eq!(
        kinds(&bench),
        [(DifferenceKind::Narrower, found.compared, false)]
    );
}

#[test]
fn a_path_is_shown_as_its_template_since_ids_in_it_open_what_they_name() {
    let file = "GET /v1/files/{id}";
    let with = |verdict: &str| compiled(&format!("policy: p\nroutes:\n  {file}: {{{verdict}}}\n"));
    let bench = with_shadow(
        &with("verdict: native, scope: none, purpose: inference"),
        &with("verdict: not_supported, because: it is gone"),
        shadow(None, &[]),
    );
    let one = caller("one");
    let policies = bench.swaps.slot().load();
    let lane = policies.get("default").unwrap();
    let ask = |path: &str, route: &str| {
        let request = signalbox_policy::Request {
            method: "GET",
            path,
            query: None,
            content_type: None,
            headers: &[],
            caller: &one,
            model: RequestedModel::Unread,
            body_members: &[],
        };
        bench.swaps.shadow(Question {
            shadow: Arc::clone(lane.beside().unwrap().generation()),
            request: RequestBuf::from(&request),
            live: LiveAnswer::Decided(Box::new(PolicyAnswer {
                decision: Decision::ReadModel,
                route: None,
            })),
            route: route.into(),
        });
    };
    ask("/v1/files/secret-id", file);
    ask("/v1/files/secret-id", "");
    let samples = wait_for("both", || {
        let samples = bench.beside("default").samples;
        (samples.len() == 2).then_some(samples)
    });
    assert_eq!(
        [&*samples[1].request, &*samples[0].request],
        [file, "GET /v1/files/…"]
    );
    assert!(!format!("{samples:?}").contains("secret"), "{samples:?}");
}

#[test]
fn lists_differ_by_what_a_caller_is_shown() {
    let list = |models: &str| {
        compiled(&format!(
            "policy: p\nroutes:\n  GET /v1/models: {{verdict: native}}\n  \
             {CHAT}: {{verdict: native, scope: \"inference:chat\", model: json}}\nmodels:\n{models}"
        ))
    };
    let bench = with_shadow(
        &list("  a: {published: one}\n"),
        &list("  a: {published: one}\n  b: {published: one}\n"),
        shadow(None, &[]),
    );
    let fenced = Caller {
        models: Names::Only(vec!["a".into()]),
        ..caller("two")
    };
    let policies = bench.swaps.slot().load();
    let lane = policies.get("default").unwrap();
    for caller in [&fenced, &caller("one")] {
        let request = signalbox_policy::Request {
            method: "GET",
            path: "/v1/models",
            query: None,
            content_type: None,
            headers: &[],
            caller,
            model: RequestedModel::Unread,
            body_members: &[],
        };
        bench.swaps.shadow(Question {
            shadow: Arc::clone(lane.beside().unwrap().generation()),
            request: RequestBuf::from(&request),
            live: LiveAnswer::Decided(Box::new(PolicyAnswer {
                decision: lane.live().decide(&request).unwrap(),
                route: None,
            })),
            route: "GET /v1/models".into(),
        });
    }
    let found = wait_for("both", || {
        let found = bench.beside("default");
        (found.compared == 2).then_some(found)
    });
    // The fenced one sees the same.
    assert_eq!(found.differences.len(), 1);
    assert_eq!(
        (found.differences[0].kind, found.differences[0].count),
        (DifferenceKind::List, 1)
    );
    assert_eq!(found.samples[0].caller, "one");
}

#[test]
fn a_shadow_without_unmeant_differences_comes_into_service_by_itself() {
    let bench = with_shadow(
        &document("  a: {published: one}\n  b: {published: one}\n"),
        &document("  a: {published: two}\n"),
        shadow(Some(3), &["POST /v1/chat/completions:model"]),
    );
    let one = caller("one");
    for model in ["a", "a", "b", "a", "a"] {
        bench.shadow("default", &one, model);
    }
    let found = bench.beside("default");
    assert_eq!(
        (found.clean, found.promote_after),
        (2, Some(3)),
        "counted from `b` on"
    );
    assert_eq!(bench.stands(), Stands(Some(1), Some(2), vec![]));
    bench.shadow("default", &one, "a");
    wait_for("promotion", || {
        (bench.live("default").number() == 2).then_some(())
    });
    let entry = wait_for("its entry", || {
        let entry = bench.swaps.history().remove(0);
        (entry.action == Action::Promote).then_some(entry)
    });
    assert_eq!(
        (entry.action, entry.actor.way),
        (Action::Promote, Trigger::Automatic)
    );
    assert_eq!(entry.evidence.unwrap().decisions, 3);
    assert_eq!(bench.stands(), Stands(Some(2), None, vec![1]));
    // It was narrower, so it stays, however it fails.
    bench.fail("default", &["one", "two", "one"]);
    bench.keeper_has_read_on();
    assert_eq!(bench.live("default").number(), 2);
}

#[test]
fn without_processor_time_or_room_questions_are_counted_and_not_asked() {
    let bench = Bench::with(Settings {
        shadow_cpu: TrafficShare::of_ten_thousand(1).unwrap(),
        ..Settings::default()
    });
    bench.serve("default", &component(&["a"]));
    bench.swap(beside("default", &component(&["a"]), shadow(None, &[])));
    let policies = bench.swaps.slot().load();
    let lane = policies.get("default").unwrap();
    let one = caller("one");
    let question = || {
        let request = chat(&one, RequestedModel::Named("a"), |it| RequestBuf::from(it));
        Question {
            shadow: Arc::clone(lane.beside().unwrap().generation()),
            request,
            live: LiveAnswer::Failed("trap"),
            route: CHAT.into(),
        }
    };
    let sent = Cell::new(0);
    wait_for("the share to be spent", || {
        for _ in 0..500 {
            bench.swaps.shadow(question());
        }
        sent.set(sent.get() + 500);
        (bench.beside("default").skipped > 0).then_some(())
    });
    // Every question is counted as one or the other.
    wait_for("the rest", || {
        let found = bench.beside("default");
        (found.compared + found.skipped == sent.get()).then_some(())
    });
    assert!(bench.beside("default").compared > 0);
}

#[test]
fn questions_to_a_shadow_that_is_gone_are_dropped() {
    let bench = with_shadow(&component(&["a"]), &component(&["b"]), shadow(None, &[]));
    let policies = bench.swaps.slot().load();
    let gone = Arc::clone(
        policies
            .get("default")
            .unwrap()
            .beside()
            .unwrap()
            .generation(),
    );
    bench.serve("default", &component(&["c"]));
    bench.swap(beside("default", &component(&["d"]), shadow(None, &[])));
    let request = chat(&caller("one"), RequestedModel::Named("a"), |it| {
        RequestBuf::from(it)
    });
    bench.swaps.shadow(Question {
        shadow: gone,
        request,
        live: LiveAnswer::Failed("trap"),
        route: CHAT.into(),
    });
    bench.shadow("default", &caller("one"), "c");
    assert_eq!(bench.beside("default").compared, 1);
}
