//! Requests from a host's log.

use std::{collections::BTreeMap, io::BufRead};

use anyhow::{Context as _, ensure};
use signalbox_policy::{BodyValue, Caller, Names, Purpose};

use super::{
    Keys,
    request::{Before, Model, Place, Published, Request, Untold},
    secret::Secrets,
};
use crate::recorded::{self, Entry, More, Outcome, Recorded};

/// Hands on every decision of `policy`, and every line that is none.
pub(super) fn read(
    lines: &mut impl BufRead,
    name: &str,
    keys: &Keys<'_>,
    policy: Option<&str>,
    told: &mut dyn FnMut(Result<Request, Untold>),
) -> anyhow::Result<()> {
    let (mut is_log, mut is_any) = (false, false);
    recorded::lines(lines, &mut |read| {
        is_log |= !matches!(read.entry, Entry::Broken(_));
        match read.entry {
            Entry::Decision(decision) => {
                is_any = true;
                let decider = decision.decider.as_ref().map(|it| it.name.as_str());
                if policy.is_none() || policy == decider {
                    told(request(*decision, read.line, keys));
                }
            }
            Entry::Broken(broken) => told(Err(Untold::Broken(broken))),
            Entry::Ended(_) | Entry::Other => {}
        }
        true
    })
    .with_context(|| format!("cannot read {name}"))?;
    ensure!(
        is_log,
        "{name} is no log of a host, and has no records of decisions; if it is a HAR file, its name must \
         end in .har"
    );
    ensure!(
        is_any,
        "{name} has no decisions: with `records.log: true` a host logs them"
    );
    Ok(())
}

fn request(decision: Recorded, line: u64, keys: &Keys<'_>) -> Result<Request, Untold> {
    if decision.is_of_host() {
        return Err(Untold::OfHost);
    }
    let is_whole = decision.more.is_some();
    let before = match (decision.cause, decision.outcome) {
        (Some(cause), _) => Before::Failed(cause),
        (None, Outcome::Forward { route, model }) => Before::Forward {
            route: Some(route),
            model: match is_whole {
                true => Published::Known(model),
                false => Published::Unknown,
            },
        },
        (None, Outcome::List) => Before::List(None),
        (None, Outcome::Refuse { code, .. }) => Before::Refuse(code),
        (None, Outcome::ReadModel) => return Err(Untold::Undecided),
    };
    let caller = caller(decision.key.as_deref(), decision.more.as_ref(), keys)?;
    let more = decision.more.unwrap_or_default();
    let query = more.query.map(|query| format!("?{query}"));
    let numbers = more.numbers.into_iter();
    let mut headers: BTreeMap<_, _> = more.headers.into_iter().collect();
    headers.extend(more.content_type.map(|it| ("content-type".to_owned(), it)));
    Ok(Request {
        place: Place {
            number: line,
            id: Some(decision.id),
            time: decision.time,
        },
        target: format!("{}{}", decision.path, query.unwrap_or_default()),
        method: decision.method,
        headers,
        has_all_headers: false,
        caller,
        model: match decision.model {
            recorded::Model::Named(name) => Model::Named(name),
            recorded::Model::Absent => Model::Absent,
            _ => Model::Unknown,
        },
        body: numbers
            .map(|(name, number)| (name, BodyValue::Integer(number)))
            .collect(),
        unknown_members: more.unknown_members,
        has_whole_body: false,
        before,
        secrets: Secrets::default(),
    })
}

/// Of a keyring all there is to know; of a record all but the lists of names.
fn caller(id: Option<&str>, more: Option<&More>, keys: &Keys<'_>) -> Result<Caller, Untold> {
    let id = id.ok_or(Untold::OfHost)?;
    if let Some(keyring) = &keys.keyring {
        let key = keyring.key(id).ok_or(Untold::UnknownKey)?;
        return Ok((*key.caller).clone());
    }
    let more = more.ok_or(Untold::KeyNotWritten)?;
    let purposes = more.purposes.iter();
    Ok(Caller {
        id: id.to_owned(),
        purposes: purposes
            .filter_map(|word| Purpose::from_word(word))
            .collect(),
        scopes: more.scopes.clone(),
        labels: more.labels.clone(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    })
}
