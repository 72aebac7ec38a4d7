//! Who may use what, of two policies with tables.

use signalbox_policy::{CallerRule, Ceilings, RouteRule, Rules as _, Terms, tables::Tables};

use crate::Access;

/// Whether both have the same rules for callers: sets of callers can be compared then.
pub(super) fn callers(old: &Tables<'_>, new: &Tables<'_>) -> Result<(), Access> {
    let [before, now] = [old, new].map(|it| it.callers().collect::<Vec<_>>());
    let is_same = before.len() == now.len() && before.iter().zip(&now).all(|(a, b)| same(a, b));
    if !is_same {
        let why = "the rules under `callers` are others".to_owned();
        return Err(Access::Unknown(why));
    }
    let mut pairs = before.iter().zip(&now);
    pairs.try_for_each(|(old, new)| {
        let whose = format!("`callers` rule `{}`", old.name);
        ceilings(&whose, old.ceilings, new.ceilings)
    })
}

fn same(old: &CallerRule<'_>, new: &CallerRule<'_>) -> bool {
    (old.name, old.keys, old.labels) == (new.name, new.keys, new.labels)
}

/// What a route asks beyond scopes and purposes.
pub(super) fn route(name: &str, old: &RouteRule<'_>, new: &RouteRule<'_>) -> Result<(), Access> {
    if old.callers.bits() & !new.callers.bits() != 0 {
        return Err(Access::Narrower(format!("`{name}` is for fewer callers")));
    }
    let is_new = |header: &&str| !old.required_headers.iter().any(|known| known == *header);
    if let Some(header) = new.required_headers.iter().find(is_new) {
        let why = format!("`{name}` needs the header `{header}`");
        return Err(Access::Narrower(why));
    }
    if old.set_headers != new.set_headers {
        let why = format!("`{name}` sets other headers");
        return Err(Access::Unknown(why));
    }
    Ok(())
}

/// On what terms a model may be used.
pub(super) fn model(shown: &str, old: &Terms<'_>, new: &Terms<'_>) -> Result<(), Access> {
    if old.callers.bits() & !new.callers.bits() != 0 {
        let why = format!("model `{shown}` is for fewer callers");
        return Err(Access::Narrower(why));
    }
    if old.is_listed && !new.is_listed {
        let why = format!("model `{shown}` is not listed any more");
        return Err(Access::Narrower(why));
    }
    if old.choices != new.choices {
        let why = format!("model `{shown}` has other choices");
        return Err(Access::Unknown(why));
    }
    ceilings(&format!("model `{shown}`"), old.ceilings, new.ceilings)
}

fn ceilings(whose: &str, old: Ceilings, new: Ceilings) -> Result<(), Access> {
    if old.and(new) == old {
        return Ok(());
    }
    Err(Access::Narrower(format!("{whose} has a lower ceiling")))
}
