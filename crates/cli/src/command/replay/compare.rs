//! What the candidate decides, and whether that is something else.

use signalbox_policy::RequestedModel;
use signalbox_runtime::Plugin;
use signalbox_swap::Effect;
use signalbox_testkit::{Answer, Question, ask};

use super::{
    request::{Before, Model, Published, Request, Untold},
    summary::{Difference, Summary},
};

/// Asks the candidate, and notes what comes of it.
pub(super) fn play(candidate: &Plugin, request: Request, summary: &mut Summary) {
    let now = now(candidate, &request);
    if let Some(untold) = untold(&now, &request) {
        return summary.untold(untold);
    }
    note_unseen(candidate, &request, &now, summary);
    match effect(&request.before, &now) {
        None => summary.same(),
        Some(effect) => summary.different(Difference {
            effect,
            request: format!("{} {}", request.method, without_query(&request.target)),
            key: request.caller.id,
            model: match request.model {
                Model::Named(name) => Some(name),
                Model::Absent | Model::Unknown => None,
            },
            before: before_words(&request.before),
            now: now_words(&now),
            place: request.place,
        }),
    }
}

/// What the candidate decides, or why it fails.
fn now(candidate: &Plugin, request: &Request) -> Result<Answer, &'static str> {
    let question = Question {
        method: &request.method,
        target: &request.target,
        headers: &request.headers,
        caller: &request.caller,
        model: match &request.model {
            Model::Named(name) => RequestedModel::Named(name),
            Model::Absent => RequestedModel::Absent,
            Model::Unknown => RequestedModel::Unread,
        },
        body: &request.body,
    };
    ask(candidate, &question).map_err(|error| error.cause())
}

/// Whether what is not written down decides.
fn untold(now: &Result<Answer, &'static str>, request: &Request) -> Option<Untold> {
    match now {
        Ok(Answer::ReadModel) => Some(Untold::Model),
        Ok(Answer::Refuse { code, .. }) => {
            let needs_header = matches!(code.as_str(), "missing_header" | "missing_conversation");
            let was_refused = matches!(&request.before, Before::Refuse(before) if before == code);
            (needs_header && !request.has_all_headers && !was_refused).then_some(Untold::Headers)
        }
        _ => None,
    }
}

/// Members of the body that the candidate looks at where something is let through.
fn note_unseen(
    candidate: &Plugin,
    request: &Request,
    now: &Result<Answer, &'static str>,
    summary: &mut Summary,
) {
    let is_forward = matches!(now, Ok(Answer::Forward { forward, .. }) if forward.model.is_some());
    if request.has_whole_body || !is_forward {
        return;
    }
    for member in &candidate.description().body_members {
        if !request.body.contains_key(member) {
            summary.unseen(member);
        }
    }
}

/// `None` if nothing else is decided, as far as it is known what was.
fn effect(before: &Before, now: &Result<Answer, &'static str>) -> Option<Effect> {
    let Ok(now) = now else {
        return match before {
            Before::Failed(_) => None,
            Before::Refuse(_) => Some(Effect::Words),
            Before::Forward { .. } | Before::List(_) => Some(Effect::Narrower),
        };
    };
    match (before, now) {
        (Before::Refuse(before), Answer::Refuse { code, .. }) => {
            (before != code).then_some(Effect::Words)
        }
        (Before::Failed(_), Answer::Refuse { .. }) => Some(Effect::Words),
        (Before::Refuse(_) | Before::Failed(_), _) => Some(Effect::Wider),
        (_, Answer::Refuse { .. }) => Some(Effect::Narrower),
        (
            Before::Forward { route, model },
            Answer::Forward {
                route: to, forward, ..
            },
        ) => {
            let is_same_route = route.as_ref().is_none_or(|route| route == to);
            let is_same_model = match model {
                Published::Known(model) => *model == forward.model,
                Published::Unknown => true,
            };
            (!is_same_route || !is_same_model).then_some(Effect::Different)
        }
        (Before::List(None), Answer::List(_)) => None,
        (Before::List(Some(before)), Answer::List(now)) => of_lists(before, now),
        _ => Some(Effect::Different),
    }
}

fn of_lists(before: &[String], now: &[String]) -> Option<Effect> {
    let is_within = |some: &[String], all: &[String]| some.iter().all(|name| all.contains(name));
    match (is_within(before, now), is_within(now, before)) {
        (true, true) => None,
        (true, false) => Some(Effect::Wider),
        (false, true) => Some(Effect::Narrower),
        (false, false) => Some(Effect::Different),
    }
}

fn before_words(before: &Before) -> String {
    match before {
        Before::Forward {
            route,
            model: Published::Known(Some(model)),
        } => format!("forward {} as {model}", shown(route.as_deref())),
        Before::Forward { route, .. } => format!("forward {}", shown(route.as_deref())),
        Before::List(None) => "list".to_owned(),
        Before::List(Some(names)) => listed(names),
        Before::Refuse(code) => format!("refuse {code}"),
        Before::Failed(cause) => format!("failed: {cause}"),
    }
    .trim_end()
    .to_owned()
}

fn shown(route: Option<&str>) -> &str {
    route.unwrap_or_default()
}

fn listed(names: &[String]) -> String {
    match names.is_empty() {
        true => "list nothing".to_owned(),
        false => format!("list {}", names.join(", ")),
    }
}

fn without_query(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

fn now_words(now: &Result<Answer, &'static str>) -> String {
    match now {
        Err(cause) => format!("failed: {cause}"),
        Ok(Answer::Forward { route, forward, .. }) => match &forward.model {
            Some(model) => format!("forward {route} as {model}"),
            None => format!("forward {route}"),
        },
        Ok(Answer::List(names)) => listed(names),
        Ok(Answer::ReadModel) => "read the model".to_owned(),
        Ok(Answer::Refuse { code, .. }) => format!("refuse {code}"),
    }
}
