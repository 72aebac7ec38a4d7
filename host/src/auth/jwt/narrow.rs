//! A profile narrowed by what a token says: never more than either.

use signalbox_policy::{Caller, Names, Purpose, Purposes};

use super::claims::Claims;

/// The caller of a token.
pub(super) fn caller(profile: &Caller, claims: &Claims) -> Caller {
    let names = |own: &Names, said: &Option<Vec<String>>| match said {
        None => own.clone(),
        Some(said) => both(own, said),
    };
    let scopes = profile.scopes.iter().filter(|scope| {
        let said = claims.scopes.as_ref();
        said.is_none_or(|said| said.contains(scope))
    });
    let mut labels = profile.labels.clone();
    // What the operator wrote is not for a token to change.
    labels.extend(
        claims
            .labels
            .iter()
            .filter(|(label, _)| !profile.labels.iter().any(|(own, _)| own == label))
            .cloned(),
    );
    Caller {
        id: claims.id.clone(),
        purposes: claims
            .purposes
            .map_or(profile.purposes, |said| shared(profile.purposes, said)),
        scopes: scopes.cloned().collect(),
        labels,
        models: names(&profile.models, &claims.models),
        published: names(&profile.published, &claims.published),
        datasets: names(&profile.datasets, &claims.datasets),
    }
}

/// What both allow. Conversation includes inference, as the fences have it.
fn shared(own: Purposes, said: Purposes) -> Purposes {
    let allows = |purposes: Purposes, one: Purpose| purposes.satisfy(Purposes::from_iter([one]));
    let in_both = |one: &Purpose| allows(own, *one) && allows(said, *one);
    Purpose::ALL.into_iter().filter(in_both).collect()
}

/// The names both lists allow.
fn both(own: &Names, said: &[String]) -> Names {
    let said = said.iter().filter(|entry| is_entry(entry));
    let Names::Only(own) = own else {
        return Names::Only(said.cloned().collect());
    };
    let mut shared: Vec<String> = Vec::new();
    for entry in said {
        for own in own {
            if let Some(narrower) = narrower(own, entry)
                && !shared.iter().any(|known| known == narrower)
            {
                shared.push(narrower.to_owned());
            }
        }
    }
    Names::Only(shared)
}

/// What two entries both allow: one of them, or nothing.
fn narrower<'a>(one: &'a str, other: &'a str) -> Option<&'a str> {
    let covers = |wide: &str, narrow: &str| match wide.strip_suffix('*') {
        Some(prefix) => narrow.starts_with(prefix),
        None => wide == narrow,
    };
    if covers(one, other) {
        Some(other)
    } else {
        covers(other, one).then_some(one)
    }
}

/// A name, or a prefix with `*` at its end. As in a keyring, a bare `*` is not one.
fn is_entry(text: &str) -> bool {
    let name = text.strip_suffix('*').unwrap_or(text);
    !name.is_empty() && !name.contains('*')
}

#[cfg(test)]
mod tests;
