//! In which ways a shadow's decision differs from the one that counted.

use signalbox_policy::{Decision, Description, Forward, Refusal, RouteDescription};

use crate::DifferenceKind;

/// What the one that counts answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveAnswer {
    /// This.
    Decided(Box<PolicyAnswer>),
    /// Nothing: its guest failed, with this cause.
    Failed(&'static str),
}

/// A decision that two policies may give: each has its routes at places of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyAnswer {
    /// What was decided.
    pub decision: Decision,
    /// The route a `forward` goes along, as `METHOD template`.
    pub route: Option<String>,
}

impl PolicyAnswer {
    /// The decision of a policy that describes itself so.
    #[must_use]
    pub fn new(decision: Decision, policy: &Description) -> Self {
        let route = match &decision {
            Decision::Forward(forward) => policy.route(forward.route),
            _ => None,
        };
        Self {
            route: route.map(RouteDescription::name),
            decision,
        }
    }
}

/// Every way in which they differ. `same_list` tells whether two lists show the same names.
pub(crate) fn differences(
    live: &LiveAnswer,
    candidate: Option<&PolicyAnswer>,
    same_list: impl FnOnce() -> bool,
) -> Vec<DifferenceKind> {
    let (live, candidate) = match (live, candidate) {
        (_, None) => return vec![DifferenceKind::CandidateFailed],
        (LiveAnswer::Failed(_), Some(_)) => return vec![DifferenceKind::LiveFailed],
        (LiveAnswer::Decided(live), Some(candidate)) => (live, candidate),
    };
    match (&live.decision, &candidate.decision) {
        (Decision::Refuse(live), Decision::Refuse(candidate)) => of_refusals(live, candidate),
        (Decision::Refuse(_), _) => vec![DifferenceKind::Wider],
        (_, Decision::Refuse(_)) => vec![DifferenceKind::Narrower],
        (Decision::Forward(one), Decision::Forward(other)) => {
            of_forwards((live.as_ref(), one), (candidate, other))
        }
        (Decision::ListModels(_), Decision::ListModels(_)) => match same_list() {
            true => Vec::new(),
            false => vec![DifferenceKind::List],
        },
        (Decision::ReadModel, Decision::ReadModel) => Vec::new(),
        // One looks at the model and the other does not, or one of them answers by itself.
        _ => vec![DifferenceKind::Route],
    }
}

fn of_forwards(
    (live_answer, live): (&PolicyAnswer, &Forward),
    (answer, candidate): (&PolicyAnswer, &Forward),
) -> Vec<DifferenceKind> {
    let is_same_way = live_answer.route == answer.route
        && live.parameters == candidate.parameters
        && live.query == candidate.query;
    let are_same_headers =
        live.set_headers == candidate.set_headers && live.drop_headers == candidate.drop_headers;
    // Labels are words for the log.
    let found = [
        (is_same_way, DifferenceKind::Route),
        (live.model == candidate.model, DifferenceKind::Model),
        (
            live.response_model == candidate.response_model,
            DifferenceKind::Restamp,
        ),
        (live.notice == candidate.notice, DifferenceKind::Notice),
        (are_same_headers, DifferenceKind::Headers),
    ];
    let differs = found.into_iter().filter(|(is_same, _)| !is_same);
    differs.map(|(_, kind)| kind).collect()
}

fn of_refusals(live: &Refusal, candidate: &Refusal) -> Vec<DifferenceKind> {
    if (live.status, &live.code) != (candidate.status, &candidate.code) {
        return vec![DifferenceKind::Code];
    }
    // The reason is for the log alone.
    if (&live.message, &live.param) != (&candidate.message, &candidate.param) {
        return vec![DifferenceKind::Message];
    }
    Vec::new()
}

/// A decision in a few words: no header values, no message that might quote the client.
pub(crate) fn words(answer: &PolicyAnswer) -> String {
    match &answer.decision {
        Decision::Forward(forward) => {
            let mut text = format!("forward {}", answer.route.as_deref().unwrap_or_default());
            for (what, name) in [
                ("model", &forward.model),
                ("shown as", &forward.response_model),
                ("notice", &forward.notice),
            ] {
                if let Some(name) = name {
                    text.push_str(&format!(", {what} {}", excerpt(name)));
                }
            }
            for header in &forward.set_headers {
                text.push_str(&format!(", sets {}", header.name));
            }
            for name in &forward.drop_headers {
                text.push_str(&format!(", drops {name}"));
            }
            text
        }
        Decision::ListModels(mode) => match mode {
            signalbox_policy::ListMode::Catalogue => "list its catalogue".into(),
            signalbox_policy::ListMode::Upstream => "list what GT lists".into(),
            signalbox_policy::ListMode::Only(names) => format!("list {} names", names.len()),
        },
        Decision::ReadModel => "read the model".into(),
        Decision::Refuse(refusal) => format!("refuse {} {}", refusal.status, refusal.code),
    }
}

/// A client's text, as far as it is worth to be shown.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect()
}

const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use signalbox_policy::{HeaderBuf, ListMode, RouteIndex};

    use super::*;

    fn forward() -> Forward {
        Forward {
            model: Some("agent".into()),
            response_model: Some("gpt-4o".into()),
            ..Forward::default()
        }
    }

    fn refusal() -> Refusal {
        Refusal {
            status: 404,
            code: "model_not_found".into(),
            message: "there is none".into(),
            param: Some("model".into()),
            reason: "rule 1".into(),
        }
    }

    fn answer(decision: Decision) -> PolicyAnswer {
        PolicyAnswer {
            decision,
            route: Some("POST /v1/chat/completions".into()),
        }
    }

    fn found(live: Decision, candidate: &Decision) -> Vec<DifferenceKind> {
        let candidate = answer(candidate.clone());
        differences(
            &LiveAnswer::Decided(answer(live).into()),
            Some(&candidate),
            || false,
        )
    }

    #[test]
    fn a_route_is_the_same_by_its_name_wherever_it_stands() {
        let at = |place, route: &str| PolicyAnswer {
            decision: Decision::Forward(Forward {
                route: RouteIndex(place),
                ..forward()
            }),
            route: Some(route.into()),
        };
        let of = |live, candidate| {
            differences(
                &LiveAnswer::Decided(Box::new(live)),
                Some(&candidate),
                || false,
            )
        };
        assert_eq!(of(at(0, "POST /v1/x"), at(7, "POST /v1/x")), []);
        assert_eq!(
            of(at(0, "POST /v1/x"), at(0, "POST /v1/y")),
            [DifferenceKind::Route]
        );
    }

    #[test]
    fn each_difference_has_its_kind() {
        use Decision::{Forward as Send, ListModels, ReadModel, Refuse};
        use DifferenceKind as Kind;
        let header = HeaderBuf {
            name: "x".into(),
            value: b"secret".to_vec(),
        };
        let changed = |change: fn(&mut Forward)| {
            let mut changed = forward();
            change(&mut changed);
            Send(changed)
        };
        for (candidate, expected) in [
            (Send(forward()), vec![]),
            (
                changed(|it| it.labels = vec![("a".into(), "b".into())]),
                vec![],
            ),
            (
                changed(|it| it.query = Some("a=b".into())),
                vec![Kind::Route],
            ),
            (changed(|it| it.model = None), vec![Kind::Model]),
            (changed(|it| it.response_model = None), vec![Kind::Restamp]),
            (
                changed(|it| it.notice = Some("old".into())),
                vec![Kind::Notice],
            ),
            (
                changed(|it| it.drop_headers = vec!["x".into()]),
                vec![Kind::Headers],
            ),
            (
                Send(Forward {
                    set_headers: vec![header],
                    response_model: None,
                    ..forward()
                }),
                vec![Kind::Restamp, Kind::Headers],
            ),
            (ReadModel, vec![Kind::Route]),
            (Refuse(refusal()), vec![Kind::Narrower]),
        ] {
            assert_eq!(
                found(Send(forward()), &candidate),
                expected,
                "{candidate:?}"
            );
        }
        assert_eq!(found(Refuse(refusal()), &Send(forward())), [Kind::Wider]);
        let list = ListModels(ListMode::Catalogue);
        assert_eq!(found(list.clone(), &list), [Kind::List]);
    }

    #[test]
    fn refusals_differ_by_code_then_by_words_and_never_by_reason() {
        let live = || Decision::Refuse(refusal());
        let other = |change: fn(&mut Refusal)| {
            let mut changed = refusal();
            change(&mut changed);
            found(live(), &Decision::Refuse(changed))
        };
        assert_eq!(other(|it| it.reason = "rule 2".into()), []);
        assert_eq!(other(|it| it.status = 403), [DifferenceKind::Code]);
        assert_eq!(
            other(|it| it.message = "none".into()),
            [DifferenceKind::Message]
        );
    }

    #[test]
    fn failures_are_differences_of_their_own() {
        let failed = LiveAnswer::Failed("trap");
        let decision = answer(Decision::ReadModel);
        let kinds = differences(&failed, Some(&decision), || true);
        assert_eq!(kinds, [DifferenceKind::LiveFailed]);
        let kinds = differences(&LiveAnswer::Decided(decision.into()), None, || true);
        assert_eq!(kinds, [DifferenceKind::CandidateFailed]);
    }

    #[test]
    fn words_hold_no_values_of_headers() {
        let header = HeaderBuf {
            name: "x-secret".into(),
            value: b"hush".to_vec(),
        };
        let text = words(&answer(Decision::Forward(Forward {
            set_headers: vec![header],
            ..forward()
        })));
        assert!(
            text.contains("x-secret") && !text.contains("hush"),
            "{text}"
        );
    }
}
