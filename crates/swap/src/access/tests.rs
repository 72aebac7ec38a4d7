use std::{cell::Cell, collections::BTreeSet};

use proptest::{prelude::*, test_runner::TestRunner};
use signalbox_policy::{
    CatalogueEntry, Decision, Document, Forward, ListMode, Policy, Rules, fences, generate::Asking,
};

use super::*;
use pairs::{asked, decided, pairs};

#[path = "../../tests/it/pairs.rs"]
mod pairs;

fn tables(policy: &Policy) -> Vec<u8> {
    policy.tables().unwrap()
}

fn found(old: &Document, new: &Document) -> Access {
    let [old, new] = [old, new].map(|document| tables(&document.check().unwrap()));
    let [old, new] = [&old, &new].map(|bytes| Tables::read(bytes).unwrap());
    by_tables(&old, &new)
}

fn of_texts(old: &str, new: &str) -> Access {
    found(&parsed(old), &parsed(new))
}

fn parsed(routes: &str) -> Document {
    Document::parse(&format!("policy: p\nroutes:\n{routes}")).unwrap()
}

fn natively(rules: &impl Rules, asking: &Asking) -> Decision {
    decided(asking, |request| signalbox_policy::decide(rules, request))
}

/// What a request is allowed.
#[derive(Debug, PartialEq)]
enum Allowed {
    /// To go there, by the name of the route.
    Forward(Forward, Option<String>),
    /// To see these names.
    List(BTreeSet<String>),
}

impl Allowed {
    /// `None` if it is refused.
    fn of(policy: &Policy, asking: &Asking) -> Option<Self> {
        match natively(policy, asking) {
            Decision::Forward(mut forward) => {
                let index = std::mem::take(&mut forward.route);
                let route = policy.route(index);
                let route = route.map(|route| format!("{} {}", route.method, route.template));
                // For people: it takes nothing away.
                forward.notice = None;
                Some(Self::Forward(forward, route))
            }
            Decision::ListModels(mode) => {
                let description = policy.description();
                let is_seen = |entry: &CatalogueEntry| {
                    let is_in_mode = match &mode {
                        ListMode::Only(names) => names.contains(&entry.name),
                        _ => true,
                    };
                    is_in_mode && fences::shows(&asking.caller, &description, entry)
                };
                let entries = policy.catalogue().into_iter().filter(is_seen);
                Some(Self::List(entries.map(|entry| entry.name).collect()))
            }
            Decision::Refuse(_) | Decision::ReadModel => None,
        }
    }

    /// Whether all of it is allowed still.
    fn is_within(&self, now: Option<&Self>) -> bool {
        match (self, now) {
            (Self::List(before), Some(Self::List(now))) => before.is_subset(now),
            (before, now) => Some(before) == now,
        }
    }
}

/// One run for both directions: a comparison that always says "unknown" would never be wrong.
#[test]
fn what_is_not_narrower_refuses_nothing_that_was_allowed() {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(1_500)
    };
    let (not_narrower, narrower, shown) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&(pairs(), asked()), |((old, new), requests)| {
        let access = found(&old, &new);
        let [old, new] = [old, new].map(|document| document.check().unwrap());
        let differs = requests.iter().find_map(|asking| {
            let before = Allowed::of(&old, asking)?;
            let now = Allowed::of(&new, asking);
            (!before.is_within(now.as_ref())).then_some((asking, before, now))
        });
        match (&access, differs) {
            (Access::NotNarrower, Some((asking, before, now))) => {
                let why = format!("{asking:?}\nwas {before:?}\nis {now:?}");
                return Err(TestCaseError::fail(why));
            }
            (Access::NotNarrower, None) => not_narrower.set(not_narrower.get() + 1),
            (Access::Narrower(_), differs) => {
                narrower.set(narrower.get() + 1);
                shown.set(shown.get() + usize::from(differs.is_some()));
            }
            (Access::Unknown(_), _) => {}
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    let counts = (not_narrower.get(), narrower.get(), shown.get());
    assert!(
        counts.0 > 50,
        "too few were found not to be narrower: {counts:?}"
    );
    assert!(
        counts.2 > 50,
        "too few narrower ones were met by a request: {counts:?}"
    );
}

/// What a new policy allows beyond the old one is found, too: a list of changes has nothing left out.
#[test]
fn whatever_is_allowed_beyond_is_among_the_changes() {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(600)
    };
    let gained = Cell::new(0);
    let outcome = TestRunner::new(config).run(&(pairs(), asked()), |((old, new), requests)| {
        let effects = effects(&old, &new);
        let [old, new] = [old, new].map(|document| document.check().unwrap());
        let beyond = requests.iter().find(|asking| {
            let now = Allowed::of(&new, asking);
            now.is_some_and(|now| !now.is_within(Allowed::of(&old, asking).as_ref()))
        });
        if let Some(asking) = beyond {
            gained.set(gained.get() + 1);
            let is_told = |effect: &Effect| matches!(effect, Effect::Wider | Effect::Different);
            let is_told = effects.iter().any(is_told);
            prop_assert!(is_told, "{asking:?} is allowed: {effects:?}");
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(gained.get() > 50, "too few allow more: {}", gained.get());
}

fn effects(old: &Document, new: &Document) -> Vec<Effect> {
    let all = changes(old, new).into_iter();
    all.map(|change| change.effect).collect()
}

fn changes(old: &Document, new: &Document) -> Vec<Change> {
    let [old, new] = [old, new].map(|document| tables(&document.check().unwrap()));
    let [old, new] = [&old, &new].map(|bytes| Tables::read(bytes).unwrap());
    crate::diff::changes(&old, &new)
}

#[test]
fn what_a_refused_route_becomes_is_told() {
    let open = "  GET /v1/files/{id}: {verdict: native, scope: none}\n  \
                DELETE /v1/files/{id}: {verdict: native, scope: none}\n";
    let refused =
        |route: &str, verdict: &str| format!("  {route}: {{verdict: {verdict}, because: x}}\n");
    let special = refused("GET /v1/files/special", "not_supported");
    let both = [open, &special].concat();
    let takes = |method: &str| {
        format!("`{method} /v1/files/{{id}}` takes paths of `/v1/files/special`, which is gone")
    };
    let no_route = |name: &str| (Effect::Words, format!("`{name}` is no route any more"));
    let text = "  GET /v1/files/special: {verdict: native, scope: none}\n";
    let wide = refused("GET /v1/files/{id}", "not_supported");
    for (old, new, expected) in [
        (
            both,
            open.to_owned(),
            vec![
                no_route("GET /v1/files/special"),
                (Effect::Wider, takes("DELETE")),
                (Effect::Wider, takes("GET")),
            ],
        ),
        // Its paths were never those of the parameter.
        (
            [text, &wide].concat(),
            text.to_owned(),
            vec![no_route("GET /v1/files/{id}")],
        ),
        (
            special,
            refused("GET /v1/files/special", "gt_extension"),
            vec![(
                Effect::Words,
                "`GET /v1/files/special` has another verdict".to_owned(),
            )],
        ),
    ] {
        let told = changes(&parsed(&old), &parsed(&new)).into_iter();
        let told: Vec<_> = told.map(|change| (change.effect, change.text)).collect();
        assert_eq!(told, expected, "{old}\n{new}");
        assert_eq!(of_texts(&old, &new), Access::NotNarrower, "{old}\n{new}");
    }
}

#[test]
fn a_policy_is_not_narrower_than_itself() {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    };
    let outcome = TestRunner::new(config).run(&pairs(), |(document, _)| {
        prop_assert_eq!(found(&document, &document), Access::NotNarrower);
        prop_assert_eq!(effects(&document, &document), []);
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn each_way_to_allow_less_is_found_and_named() {
    let chat = "  POST /v1/chat/completions: {verdict: native, scope: \"s:chat\", model: json}\n";
    let with = |models: &str| format!("{chat}models:\n{models}");
    let listing = |text: &str| format!("  GET /v1/models: {{verdict: native}}\n{text}");
    let narrower = |why: &str| Access::Narrower(why.into());
    let unknown = |why: &str| Access::Unknown(why.into());
    let file = |rest: &str| format!("  GET /v1/files/{{id}}: {{verdict: native, {rest}}}\n");
    let plain = file("scope: none, purpose: [upload, conversation]");
    let model = |name: &str, choices: &str| format!("  \"{name}\": {{published: {choices}}}\n");
    let weights = "[{name: x, weight: 50}, {name: y, weight: 50}]";
    let unlisted = format!("{weights}, listed: false");
    let labels = "[{name: x, labels: {team: a}}, {name: y}]";
    for (old, new, expected) in [
        (
            plain.clone(),
            chat.to_owned(),
            narrower("`GET /v1/files/{id}` is no route any more"),
        ),
        (
            plain.clone(),
            "  GET /v1/files/{id}: {verdict: not_supported, because: it is gone}\n".into(),
            narrower("`GET /v1/files/{id}` is refused"),
        ),
        (
            plain.clone(),
            file("scope: none, purpose: upload"),
            narrower("`GET /v1/files/{id}` is for fewer purposes"),
        ),
        (
            plain.clone(),
            file("scope: \"f:read\", purpose: [upload, conversation]"),
            narrower("`GET /v1/files/{id}` asks for scope `f:read`"),
        ),
        (
            file("scope: none, query: [limit]"),
            file("scope: none"),
            unknown("`GET /v1/files/{id}` passes query `limit` no longer"),
        ),
        (
            plain.clone(),
            format!("{plain}  POST /v1/files/special: {{verdict: native, scope: none}}\n"),
            unknown("`/v1/files/special` is new and takes paths of `GET /v1/files/{id}`"),
        ),
        (
            with("  a: {}\n"),
            with("  b: {}\n"),
            narrower("model `a` is gone"),
        ),
        // It could still be called, but is listed no longer.
        (
            with("  a: {}\n"),
            with("  \"*\": {}\n"),
            narrower("model `a` is not listed any more"),
        ),
        (
            with("  \"a*\": {}\n"),
            with("  a: {}\n"),
            narrower("models `a*` are gone"),
        ),
        (
            with("  \"a*\": {published: x}\n"),
            with("  \"a*\": {published: x}\n  \"ab*\": {published: y}\n"),
            unknown("model `ab*` leads to `y`, and led to `x`"),
        ),
        (
            with("  a: {published: x}\n"),
            with("  a: {}\n"),
            unknown("model `a` leads to `itself`, and led to `x`"),
        ),
        (
            with("  \"a*\": {published: x}\n"),
            with("  \"*\": {published: x}\n"),
            Access::NotNarrower,
        ),
        (
            with("  \"a*\": {published: x}\n"),
            with("  \"a*\": {published: x}\n  ab: {published: x}\n  b: {}\n"),
            Access::NotNarrower,
        ),
        (
            chat.to_owned(),
            format!("{chat}{plain}"),
            Access::NotNarrower,
        ),
        (
            with("  a: {}\n"),
            with("  a: {listed: false}\n"),
            narrower("model `a` is not listed any more"),
        ),
        (
            with("  a: {ceilings: {n: 2}}\n"),
            with("  a: {ceilings: {n: 1}}\n"),
            narrower("model `a` has a lower ceiling of `n`"),
        ),
        (
            with("  a: {ceilings: {n: 2, max_tokens: 9}}\n"),
            with("  a: {ceilings: {n: 3}, deprecated: Use b.}\n"),
            Access::NotNarrower,
        ),
        (
            with("  a: {published: [{name: x, weight: 1}, {name: y}]}\n"),
            with("  a: {published: [{name: x, weight: 2}, {name: y}]}\n"),
            unknown("model `a` has other choices"),
        ),
        // Weights share keys by the name of their entry.
        (
            with(&model("a*", weights)),
            with(&[model("a*", weights), model("ab*", weights)].concat()),
            unknown("model `ab*` shares keys as `ab*`, and shared them as `a*`"),
        ),
        (
            with(&[model("a*", weights), model("ab", &unlisted)].concat()),
            with(&model("a*", weights)),
            unknown("model `ab` shares keys as `a*`, and shared them as `ab`"),
        ),
        (
            with(&model("a*", labels)),
            with(&[model("a*", labels), model("ab*", labels)].concat()),
            Access::NotNarrower,
        ),
        (
            with("  a: {}\n"),
            with("  a: {}\ncallers:\n  one: {}\n"),
            unknown("`callers` rule `one` is new"),
        ),
        (
            with("  a: {}\n  b: {}\ncallers:\n  one: {models: [a, b]}\n"),
            with("  a: {}\n  b: {}\ncallers:\n  one: {models: [b]}\n"),
            narrower("model `a` is for fewer callers"),
        ),
        (
            listing(&with("  a: {}\ncallers:\n  one: {}\n")),
            listing(&with(
                "  a: {}\ncallers:\n  one: {routes: [GET /v1/models]}\n",
            )),
            narrower("`POST /v1/chat/completions` is for fewer callers"),
        ),
        (
            with("  a: {}\ncallers:\n  one: {models: [a]}\n"),
            with("  a: {}\n  b: {}\ncallers:\n  one: {models: [a, b], ceilings: {n: 1}}\n"),
            narrower("`callers` rule `one` has a lower ceiling of `n`"),
        ),
        (
            plain.clone(),
            file("scope: none, purpose: [upload, conversation], required_headers: [x-team]"),
            narrower("`GET /v1/files/{id}` needs the header `x-team`"),
        ),
        (
            plain.clone(),
            file("scope: none, purpose: [upload, conversation], set_headers: {x-env: a}"),
            unknown("`GET /v1/files/{id}` sets other headers"),
        ),
    ] {
        assert_eq!(of_texts(&old, &new), expected, "{old}\n{new}");
    }
}
