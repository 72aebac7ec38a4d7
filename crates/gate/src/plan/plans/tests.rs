use std::cell::Cell;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use http::{HeaderName, Request, header};
use jiff::Timestamp;
use proptest::prelude::*;
use signalbox_http::json::{Member, MemberFault};
use signalbox_policy::{Decision, Forward, RequestedModel};

use super::*;
use crate::auth::digest::Digest;
use crate::auth::keyring::{Grant, Key, Keyring};
use crate::auth::rate_limit::KeyUsage;
use crate::policy::request::PolicyRequest;
use crate::policy::told::Told;
use crate::request::client_head::ClientHead;
use crate::request::target::Target;

/// Facts, by the parts they are made of.
#[derive(Clone, Debug)]
struct Parts {
    key: Arc<Key>,
    words: [String; 2],
    optional: [Option<String>; 2],
    headers: Vec<(&'static str, &'static str)>,
    in_conversation: bool,
    model: Option<Option<String>>,
    members: Vec<(Arc<str>, Member)>,
}

/// A key of an entry like this.
fn key(rest: &str) -> Arc<Key> {
    let text = format!(
        "keys: [{{id: k, sha256: '{}', scopes: ['inference:chat'], {rest}}}]",
        Digest::of("t")
    );
    Arc::clone(Keyring::parse(&text).unwrap().key("k").unwrap())
}

const PLAIN: &str = "purposes: [inference], models: all, published: ['agent*'], labels: {team: a}";

/// One caller of a JWT that grants no less than its profile until then.
fn jwt(profile: &Key, ends: i64) -> Arc<Key> {
    let ends = Timestamp::from_second(ends).unwrap();
    let grant = Grant::new("k".into(), ends, Arc::new(AtomicBool::new(true)));
    let usage = KeyUsage::new(Instant::now());
    Arc::new(Key::of_profile(
        profile,
        (*profile.caller).clone(),
        usage,
        grant,
    ))
}

impl Parts {
    fn plain(key: &Arc<Key>) -> Self {
        Self {
            key: Arc::clone(key),
            words: ["POST".into(), "/v1/chat/completions".into()],
            optional: [Some("a=b".into()), Some("application/json".into())],
            headers: vec![("x-team", "search")],
            in_conversation: false,
            model: Some(Some("gpt-4o".into())),
            members: vec![("n".into(), Member::Integer(2))],
        }
    }

    fn view<T>(&self, look: impl FnOnce(&PlanFacts<'_>) -> T) -> T {
        let [method, path] = &self.words;
        let [query, content_type] = &self.optional;
        let mut request = Request::builder().method(method.as_str()).uri("/");
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let head = ClientHead::new(head);
        let target = Arc::new(Target {
            path: path.as_str().into(),
            query: query.as_deref().map(Into::into),
            model_id: None,
        });
        let wanted = ["x-team", "x-other"].map(HeaderName::from_static);
        let model = match &self.model {
            None => RequestedModel::Unread,
            Some(None) => RequestedModel::Absent,
            Some(Some(name)) => RequestedModel::Named(name),
        };
        let PolicyRequest {
            key,
            method,
            target,
            content_type,
            headers,
            model,
            body_members,
        } = PolicyRequest::new(&self.key, &head, &target, &wanted, (model, &self.members));
        // A fact that is new here needs neighbours that differ in it.
        look(&PlanFacts {
            asked: PolicyRequest {
                key,
                method,
                target,
                content_type,
                headers,
                model,
                body_members,
            },
            in_conversation: self.in_conversation,
        })
    }
}

/// What a policy says that tells all facts apart.
fn answer(facts: &PlanFacts<'_>) -> Decision {
    let key = Arc::as_ptr(facts.asked.key);
    let told = facts.asked.told(|request| format!("{request:?}"));
    Decision::Forward(Forward {
        query: Some(format!("{key:?} {} {told}", facts.in_conversation)),
        ..Forward::default()
    })
}

const REVISION: Revision = Revision {
    gate: 1,
    keyring: 0,
    credentials: 0,
};

/// Asks as a worker does; whether the policy had to be asked.
fn ask(plans: &mut Plans, parts: &Parts) -> (Decision, bool) {
    ask_at(plans, REVISION, parts)
}

fn ask_at(plans: &mut Plans, revision: Revision, parts: &Parts) -> (Decision, bool) {
    parts.view(|facts| {
        let hash = facts.hash();
        if let Some(plan) = plans.get(revision, facts, hash) {
            return (plan.decision().clone(), false);
        }
        let plan = Arc::new(Plan::new(Told::UNREAD, answer(facts)));
        plans.put(revision, facts, hash, &plan, 100);
        (plan.decision().clone(), true)
    })
}

/// The plain facts with one part changed, for each part.
fn neighbours(plain: &Parts) -> Vec<Parts> {
    let change = |change: &dyn Fn(&mut Parts)| {
        let mut parts = plain.clone();
        change(&mut parts);
        parts
    };
    let mut all = vec![
        change(&|it| it.words[0] = "PUT".into()),
        change(&|it| it.words[1].push('x')),
        change(&|it| it.optional[0] = None),
        change(&|it| it.optional[0] = Some(String::new())),
        change(&|it| it.optional[1] = None),
        change(&|it| it.optional[1] = Some("application/json; charset=utf-8".into())),
        change(&|it| it.headers.clear()),
        change(&|it| it.headers[0].0 = "x-other"),
        change(&|it| it.headers[0].1 = "searches"),
        change(&|it| it.headers.push(("x-team", "search"))),
        change(&|it| it.in_conversation = true),
        change(&|it| it.model = None),
        change(&|it| it.model = Some(None)),
        change(&|it| it.model = Some(Some("gpt-4".into()))),
        change(&|it| it.members.clear()),
        change(&|it| it.members[0].0 = "m".into()),
        change(&|it| it.members[0].1 = Member::Integer(3)),
        change(&|it| it.members[0].1 = Member::Text("2".into())),
        change(&|it| it.members[0].1 = Member::Unclear(MemberFault::Repeated)),
        change(&|it| it.members[0].1 = Member::Unclear(MemberFault::LetterCase)),
        change(&|it| it.members.push(("m".into(), Member::Integer(2)))),
    ];
    let keys = [
        // Of another keyring, whatever that says.
        key(PLAIN),
        key(&PLAIN.replace("[inference]", "[inference, conversation], group: g")),
        key(&PLAIN.replace("models: all", "models: []")),
        key(&PLAIN.replace("agent*", "other")),
        key(&PLAIN.replace("team: a", "team: b")),
        key(&format!("{PLAIN}, credentials: {{inference: other}}")),
        jwt(&plain.key, 1_000),
        jwt(&plain.key, 1_001),
        jwt(&plain.key, 1_001),
    ];
    all.extend(keys.map(|key| change(&|it| it.key = Arc::clone(&key))));
    all
}

#[test]
fn facts_are_decided_on_twice_and_then_no_more() {
    let (mut plans, plain) = (Plans::default(), Parts::plain(&key(PLAIN)));
    let asked = [(); 4].map(|()| ask(&mut plans, &plain).1);
    assert_eq!(asked, [true, true, false, false]);
}

#[test]
fn facts_that_differ_in_any_one_part_have_another_plan() {
    let plain = Parts::plain(&key(PLAIN));
    for other in neighbours(&plain) {
        let mut plans = Plans::default();
        for _ in 0..3 {
            ask(&mut plans, &plain);
        }
        let (decision, is_asked) = ask(&mut plans, &other);
        assert!(is_asked, "{other:?}");
        assert_eq!(decision, other.view(answer));
        assert_eq!(ask(&mut plans, &plain).0, plain.view(answer));
    }
}

#[test]
fn facts_are_told_apart_where_their_hash_is_the_same() {
    let plain = Parts::plain(&key(PLAIN));
    let hash = plain.view(|facts| facts.hash());
    let kept = plain.view(|facts| KeptFacts::new(facts, hash));
    assert!(plain.view(|facts| kept.are(facts, hash)));
    for other in neighbours(&plain) {
        assert!(!other.view(|facts| kept.are(facts, hash)), "{other:?}");
    }
}

#[test]
fn a_plan_is_of_one_revision_and_those_of_another_are_dropped() {
    let plain = Parts::plain(&key(PLAIN));
    let Revision {
        gate,
        keyring,
        credentials,
    } = REVISION;
    for other in [
        Revision {
            gate: gate + 1,
            ..REVISION
        },
        Revision {
            keyring: keyring + 1,
            ..REVISION
        },
        Revision {
            credentials: credentials + 1,
            ..REVISION
        },
    ] {
        let mut plans = Plans::default();
        let mut ask = |revision| ask_at(&mut plans, revision, &plain).1;
        assert_eq!([(); 3].map(|()| ask(REVISION)), [true, true, false]);
        assert!(ask(other), "{other:?}");
        assert_eq!([(); 3].map(|()| ask(REVISION)), [true, true, false]);
    }
}

#[test]
fn a_key_that_is_gone_is_not_taken_for_one_in_its_memory() {
    let mut plans = Plans::default();
    let parts = Parts::plain(&key(PLAIN));
    for _ in 0..3 {
        ask(&mut plans, &parts);
    }
    drop(parts);
    for _ in 0..1_000 {
        let parts = Parts::plain(&key(PLAIN));
        assert!(ask(&mut plans, &parts).1, "its first request");
    }
}

#[test]
fn what_is_large_is_not_kept() {
    let mut large = Parts::plain(&key(PLAIN));
    large.model = Some(Some("m".repeat(LARGEST)));
    let mut plans = Plans::default();
    let asked = [(); 3].map(|()| ask(&mut plans, &large).1);
    assert_eq!(asked, [true; 3]);
}

#[test]
fn a_failure_is_not_kept() {
    let (mut plans, plain) = (Plans::default(), Parts::plain(&key(PLAIN)));
    let asked = Cell::new(0);
    plain.view(|facts| {
        for _ in 0..3 {
            // Nothing is put where nothing was decided.
            let is_new = plans.get(REVISION, facts, facts.hash()).is_none();
            asked.set(asked.get() + u32::from(is_new));
        }
    });
    assert!(ask(&mut plans, &plain).1 && ask(&mut plans, &plain).1);
    assert_eq!(asked.get(), 3);
}

proptest! {
    #[test]
    fn all_facts_have_their_own_plan(
        order in proptest::collection::vec((0..31_usize, 0..3_u8, 0..3_u64), 0..300),
    ) {
        let plain = Parts::plain(&key(PLAIN));
        let mut all = neighbours(&plain);
        all.push(plain);
        let mut plans = Plans::default();
        for (index, path, credentials) in order {
            let mut parts = all[index % all.len()].clone();
            parts.words[1].push_str(&path.to_string());
            let revision = Revision { credentials, ..REVISION };
            let (decision, _) = ask_at(&mut plans, revision, &parts);
            prop_assert_eq!(decision, parts.view(answer));
        }
    }
}
