//! A record written over another is, byte for byte, what one from nothing would be.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use signalbox_policy::{BodyMember, BodyMemberFault, ListMode};

use super::reference::Record as Reference;
use super::*;
use crate::observe::record::redactor::Redactor;

/// One entry that owns its parts.
#[derive(Clone, Debug)]
struct Owned {
    id: u128,
    time: Timestamp,
    decider: Option<Decider>,
    is_head: bool,
    method: String,
    path: String,
    query: Option<String>,
    content_type: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    caller: Arc<Caller>,
    model: Option<Option<String>>,
    members: Vec<(String, String)>,
    conclusion: OwnedConclusion,
    route: Option<String>,
    took: Duration,
}

#[derive(Clone, Debug)]
enum OwnedConclusion {
    Decided(Decision),
    Refused(u16, String),
    Failed(u16, String),
}

impl Owned {
    fn with<T>(&self, look: impl FnOnce(&Entry<'_>) -> T) -> T {
        let headers: Vec<Header<'_>> = self
            .headers
            .iter()
            .map(|(name, value)| Header { name, value })
            .collect();
        let members: Vec<_> = self
            .members
            .iter()
            .map(|(name, text)| {
                let member = match text.len() % 3 {
                    0 => BodyMember::Text(text),
                    1 => BodyMember::Integer(text.len() as u64),
                    _ => BodyMember::Unclear(BodyMemberFault::LetterCase),
                };
                (name.as_str(), member)
            })
            .collect();
        let request = Request {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            content_type: self.content_type.as_deref(),
            headers: &headers,
            caller: &self.caller,
            model: match &self.model {
                None => RequestedModel::Unread,
                Some(None) => RequestedModel::Absent,
                Some(Some(name)) => RequestedModel::Named(name),
            },
            body_members: &members,
        };
        let facts = if self.is_head {
            Facts::Head {
                method: &self.method,
                path: &self.path,
            }
        } else {
            Facts::Request {
                request: &request,
                caller: &self.caller,
                is_model_listed: self.id.is_multiple_of(2),
            }
        };
        look(&Entry {
            id: DecisionId::parse(&format!("{:032x}", self.id)).unwrap(),
            time: self.time,
            policy: self.decider.as_ref(),
            facts,
            conclusion: match &self.conclusion {
                OwnedConclusion::Decided(decision) => Conclusion::Decided(decision),
                OwnedConclusion::Refused(status, code) => Conclusion::Refused {
                    status: *status,
                    code,
                },
                OwnedConclusion::Failed(status, code) => Conclusion::Failed {
                    status: *status,
                    code,
                    cause: "trap",
                },
            },
            route: self.route.as_deref(),
            took: self.took,
        })
    }
}

/// Words, and all that is none: control characters, quotes, keys, what is not ASCII, what is long.
fn texts() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        (0_u8..0x21).prop_map(char::from),
        Just('"'),
        Just('\\'),
        Just('/'),
        Just('\u{7f}'),
        Just('\u{2028}'),
        any::<char>(),
    ];
    prop_oneof![
        "[a-z/.-]{0,20}",
        "/v1/(files|uploads|conversations|datasets)/[a-z_]{0,9}(/files)?",
        "(gtak_|sk-|eyJ|Bearer )[a-z]{3}",
        "[a-z]{250,400}",
        vec(letter, 0..30).prop_map(String::from_iter),
    ]
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((texts(), texts()), 0..12)
}

fn decisions() -> impl Strategy<Value = Decision> {
    let texts_or_none = || option::of(texts());
    let names = (texts_or_none(), texts_or_none(), texts_or_none());
    let forward = (pairs(), names, pairs());
    let forward = forward.prop_map(|(parameters, (model, response_model, notice), labels)| {
        Decision::Forward(Forward {
            parameters,
            model,
            response_model,
            notice,
            labels,
            ..Forward::default()
        })
    });
    let refusal = (any::<u16>(), texts(), option::of(texts()), texts());
    let refusal = refusal.prop_map(|(status, code, param, reason)| {
        Decision::Refuse(Refusal {
            status,
            code,
            message: String::new(),
            param,
            reason,
        })
    });
    prop_oneof![
        4 => forward,
        2 => refusal,
        1 => Just(Decision::ReadModel),
        1 => Just(Decision::ListModels(ListMode::Catalogue)),
        1 => Just(Decision::ListModels(ListMode::Only(Vec::new()))),
    ]
}

fn conclusions() -> impl Strategy<Value = OwnedConclusion> {
    prop_oneof![
        4 => decisions().prop_map(OwnedConclusion::Decided),
        1 => (any::<u16>(), texts()).prop_map(|(status, code)| OwnedConclusion::Refused(status, code)),
        1 => (any::<u16>(), texts()).prop_map(|(status, code)| OwnedConclusion::Failed(status, code)),
    ]
}

fn callers() -> impl Strategy<Value = Arc<Caller>> {
    (texts(), vec(texts(), 0..3), pairs()).prop_map(|(id, scopes, labels)| {
        Arc::new(Caller {
            id,
            scopes,
            labels,
            ..Caller::clone(&caller())
        })
    })
}

fn entries() -> impl Strategy<Value = Owned> {
    let times = (0_i64..4_000_000_000, any::<u64>(), any::<u128>());
    let head = (texts(), texts(), option::of(texts()), option::of(texts()));
    let names = prop_oneof![texts(), Just("x-team".to_owned())];
    let headers = vec((names, vec(any::<u8>(), 0..20)), 0..12);
    let named = (
        any::<bool>(),
        any::<bool>(),
        option::of(option::of(texts())),
        pairs(),
    );
    let route = prop_oneof![texts(), Just("PUT /v1/datasets/{name}".to_owned())];
    let concluded = (conclusions(), option::of(route));
    (times, head, headers, callers(), named, concluded).prop_map(
        |(times, head, headers, caller, (is_decided, is_head, model, members), concluded)| {
            let (conclusion, route) = concluded;
            let (second, micros, id) = times;
            let (method, path, query, content_type) = head;
            Owned {
                id,
                time: Timestamp::from_second(second).unwrap(),
                decider: is_decided.then(|| decider().clone()),
                is_head,
                method,
                path,
                query,
                content_type,
                headers,
                caller,
                model,
                members,
                conclusion,
                route,
                took: Duration::from_micros(micros),
            }
        },
    )
}

proptest! {
    #[test]
    fn whatever_stood_there_before(entries in vec(entries(), 1..6)) {
        let shown = Redactor::new(vec!["x-team".to_owned()]);
        let mut filled = Record::default();
        for entry in &entries {
            let expected = entry.with(|entry| {
                match entry.id.digits()[0] % 2 {
                    0 => filled.fill(entry, &shown),
                    _ => filled.share(entry, &Arc::new(Said::of(entry, &shown))),
                }
                serde_json::to_string(&Reference::of(entry, &shown)).unwrap()
            });
            prop_assert_eq!(serde_json::to_string(&filled).unwrap(), expected);
        }
    }

    #[test]
    fn what_the_records_of_a_plan_share_stays_as_it_is(entries in vec(entries(), 2..6)) {
        let records = DecisionLog::new(&settings(2));
        let plan = PlanNotes::default();
        let [first, others @ ..] = &*entries else { unreachable!() };
        first.with(|entry| records.add_planned(entry, &plan));
        for (n, other) in others.iter().enumerate() {
            other.with(|entry| records.add(entry));
            let id = first.id.wrapping_add(2 + 2 * n as u128);
            let follower = Owned { id, time: other.time, took: other.took, ..first.clone() };
            let (id, expected) = follower.with(|entry| {
                records.add_planned(entry, &plan);
                (entry.id, serde_json::to_value(Reference::of(entry, &records.shown)).unwrap())
            });
            prop_assert_eq!(records.find(id), Some(expected));
        }
    }

    #[test]
    fn the_ring_gives_what_was_put_into_it(entries in vec(entries(), 1..6)) {
        let records = DecisionLog::new(&settings(2));
        for entry in &entries {
            let (id, expected) = entry.with(|entry| {
                records.add(entry);
                (entry.id, serde_json::to_value(Reference::of(entry, &records.shown)).unwrap())
            });
            prop_assert_eq!(records.find(id), Some(expected));
        }
    }
}

#[test]
fn a_long_record_leaves_no_memory_behind() {
    let long = "/a".repeat(50_000);
    let caller = caller();
    let many: Vec<_> = (0..1_000)
        .map(|n| (format!("n{n}"), long.clone()))
        .collect();
    let decided = |parameters| {
        Decision::Forward(Forward {
            parameters,
            ..Forward::default()
        })
    };
    let shown = Redactor::new(Vec::new());
    let mut record = Record::default();
    let mut fill = |path, decision: &Decision| {
        let request = Request {
            path,
            query: Some(path),
            ..request(&caller, &[], "gpt-4o")
        };
        let conclusion = Conclusion::Decided(decision);
        record.fill(&entry(new_id(), &caller, &request, conclusion), &shown);
        record.room()
    };
    assert!(fill(&long, &decided(many)) > 100_000);
    assert!(fill("/v1/files", &decided(Vec::new())) < 2_000);
}
