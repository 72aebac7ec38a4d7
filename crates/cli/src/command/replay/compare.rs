//! What the candidate decides, and whether that is something else.

use signalbox_cases::{Answer, Question, ask};
use signalbox_policy::RequestedModel;
use signalbox_runtime::Plugin;
use signalbox_swap::Effect;

use super::{
    request::{Before, Model, Place, Published, Request, Untold},
    summary::{Difference, Summary},
};
use crate::recorded::is_of_body;

/// Asks the candidate, and notes what comes of it.
pub(super) fn play(candidate: &Plugin, request: Request, summary: &mut Summary) {
    let now = now(candidate, &request);
    if let Some(untold) = untold(candidate, &now, &request) {
        return summary.untold(untold);
    }
    note_unseen(candidate, &request, &now, summary);
    match effect(&request.before, &now) {
        None => summary.same(),
        Some(effect) => summary.different(difference(effect, request, &now)),
    }
}

/// What is shown of it, without tokens.
fn difference(effect: Effect, request: Request, now: &Result<Answer, &'static str>) -> Difference {
    let masked = |text: &str| request.secrets.masked(text);
    let Place { number, id, time } = &request.place;
    let path = without_query(&request.target);
    Difference {
        effect,
        request: masked(&format!("{} {path}", request.method)),
        model: match &request.model {
            Model::Named(name) => Some(masked(name)),
            Model::Absent | Model::Unknown => None,
        },
        before: masked(&before_words(&request.before)),
        now: masked(&now_words(now)),
        place: Place {
            number: *number,
            id: id.as_deref().map(masked),
            time: time.as_deref().map(masked),
        },
        key: request.caller.id,
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
fn untold(
    candidate: &Plugin,
    now: &Result<Answer, &'static str>,
    request: &Request,
) -> Option<Untold> {
    match now {
        Ok(Answer::ReadModel) => Some(Untold::Model),
        Ok(Answer::Forward { .. }) => {
            let was_of_body = matches!(&request.before, Before::Refuse(code) if is_of_body(code));
            (was_of_body && lacks_members(candidate, request)).then_some(Untold::Members)
        }
        Ok(Answer::Refuse { code, .. }) => {
            let needs_header = matches!(code.as_str(), "missing_header" | "missing_conversation");
            let was_refused = matches!(&request.before, Before::Refuse(before) if before == code);
            // A program may refuse what has no such member.
            let needs_member = is_of_body(code) && request.body.is_empty();
            if needs_member && !was_refused && lacks_members(candidate, request) {
                return Some(Untold::Members);
            }
            (needs_header && !request.has_all_headers && !was_refused).then_some(Untold::Headers)
        }
        _ => None,
    }
}

/// Whether the candidate looks at members of the body that may have been refused before, and whose value is not
/// written down. A whole record that has members has all of those the old policy looked at.
fn lacks_members(candidate: &Plugin, request: &Request) -> bool {
    let is_lacking = |member: &String| {
        let is_unknown = request.body.is_empty() || request.unknown_members.contains(member);
        is_unknown && !request.body.contains_key(member)
    };
    let members = &candidate.description().body_members;
    !request.has_whole_body && members.iter().any(is_lacking)
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
            Before::Refuse(_) | Before::RefuseOtherwise(_) => Some(Effect::Words),
            Before::Forward { .. } | Before::List(_) => Some(Effect::Narrower),
        };
    };
    match (before, now) {
        (Before::Refuse(before) | Before::RefuseOtherwise(before), Answer::Refuse { code, .. }) => {
            (before != code).then_some(Effect::Words)
        }
        (Before::Failed(_), Answer::Refuse { .. }) => Some(Effect::Words),
        (Before::Refuse(_) | Before::RefuseOtherwise(_) | Before::Failed(_), _) => {
            Some(Effect::Wider)
        }
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
        Before::RefuseOtherwise(_) => "refuse with another code".to_owned(),
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
