//! The key's fences: what a key may touch whatever a policy says.
//!
//! [`check`] is the one function for it. An evaluation calls it to refuse with the right code; the
//! host calls it again after every `forward`, so that a careless plugin cannot widen a key.

use alloc::string::String;

use crate::{
    Caller, CatalogueEntry, Description, Forward, ModelSource, Purposes, RouteDescription, gt,
};

/// What a request asks of a key.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a, S = &'a str> {
    /// Any one of these on the key will do.
    pub purposes: Purposes,
    /// All of these must be on the key.
    pub scopes: &'a [S],
    /// The dataset target, if the route writes to one.
    pub dataset: Option<&'a str>,
    /// Whether the request takes part in a conversation.
    pub conversation: bool,
    /// The model name as written and as published, if the route has one and it is known.
    pub model: Option<(&'a str, &'a str)>,
}

impl<'a> Asked<'a, String> {
    /// What forwarding a request along a described route asks of its key. `written` is the model
    /// name found in the request.
    #[must_use]
    pub fn by_forward(
        route: &'a RouteDescription,
        forward: &'a Forward,
        conversation: bool,
        written: Option<&'a str>,
    ) -> Self {
        let first = forward.parameters.first().map(|(_, value)| value.as_str());
        Self {
            purposes: route.purposes,
            scopes: &route.scopes,
            dataset: gt::dataset(&route.template, first),
            conversation,
            model: written.zip(forward.model.as_deref()),
        }
    }
}

/// The first fence a request runs into.
///
/// Exhaustive on purpose: each has its own refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach<'a> {
    /// The key's purposes do not cover the route.
    Purpose,
    /// The key lacks this scope.
    Scope(&'a str),
    /// The dataset target is not on the key.
    Dataset(&'a str),
    /// The key may not take part in conversations.
    Conversation,
    /// The model name, or what it is published as, is not on the key.
    Model(&'a str),
}

/// Checks everything `asked` against the key: purpose, scopes, dataset, conversation, model, in
/// this order.
///
/// # Errors
/// The first fence in the way.
pub fn check<'a, S: AsRef<str>>(caller: &Caller, asked: &Asked<'a, S>) -> Result<(), Breach<'a>> {
    if !caller.purposes.satisfy(asked.purposes) {
        return Err(Breach::Purpose);
    }
    let held = |scope: &str| caller.scopes.iter().any(|held| held == scope);
    if let Some(missing) = asked
        .scopes
        .iter()
        .map(AsRef::as_ref)
        .find(|scope| !held(scope))
    {
        return Err(Breach::Scope(missing));
    }
    if let Some(dataset) = asked.dataset
        && !caller.datasets.allow(dataset)
    {
        return Err(Breach::Dataset(dataset));
    }
    if asked.conversation && !caller.purposes.contains(crate::Purpose::Conversation) {
        return Err(Breach::Conversation);
    }
    match asked.model {
        Some((written, published)) if !caller.may_use(written, published) => {
            Err(Breach::Model(written))
        }
        _ => Ok(()),
    }
}

/// Whether a key is shown a catalogue entry: some route the name works on is forwarded, and the key
/// may call that route with that name.
#[must_use]
pub fn shows(caller: &Caller, description: &Description, entry: &CatalogueEntry) -> bool {
    let model = Some((entry.name.as_str(), entry.published.as_str()));
    let works_on = |route: &&RouteDescription| {
        route.model != ModelSource::None
            && route.forwarded
            && (entry.routes.is_empty() || entry.routes.iter().any(|name| route.is_named(name)))
    };
    description.routes.iter().filter(works_on).any(|route| {
        let asked = Asked {
            purposes: route.purposes,
            scopes: &route.scopes,
            dataset: None,
            conversation: false,
            model,
        };
        check(caller, &asked).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec, vec::Vec};

    use super::*;
    use crate::{Names, Purpose};

    fn caller() -> Caller {
        Caller {
            id: "k".to_string(),
            purposes: [Purpose::Inference].into_iter().collect(),
            scopes: vec!["inference:chat".to_string()],
            labels: Vec::new(),
            models: Names::Only(vec!["gpt-*".to_string()]),
            published: Names::Only(vec!["agent".to_string()]),
            datasets: Names::NONE,
        }
    }

    fn asked() -> Asked<'static> {
        Asked {
            purposes: [Purpose::Inference].into_iter().collect(),
            scopes: &["inference:chat"],
            dataset: None,
            conversation: false,
            model: Some(("gpt-4o", "agent")),
        }
    }

    #[test]
    fn a_key_with_everything_asked_for_passes() {
        assert_eq!(check(&caller(), &asked()), Ok(()));
    }

    #[test]
    fn each_fence_stops_what_it_is_for() {
        let upload = [Purpose::Upload].into_iter().collect();
        let cases = [
            (
                Asked {
                    purposes: upload,
                    ..asked()
                },
                Breach::Purpose,
            ),
            (
                Asked {
                    scopes: &["inference:chat", "x"],
                    ..asked()
                },
                Breach::Scope("x"),
            ),
            (
                Asked {
                    dataset: Some("d"),
                    ..asked()
                },
                Breach::Dataset("d"),
            ),
            (
                Asked {
                    conversation: true,
                    ..asked()
                },
                Breach::Conversation,
            ),
            (
                Asked {
                    model: Some(("o1", "agent")),
                    ..asked()
                },
                Breach::Model("o1"),
            ),
            (
                Asked {
                    model: Some(("gpt-4o", "other")),
                    ..asked()
                },
                Breach::Model("gpt-4o"),
            ),
        ];
        for (asked, breach) in cases {
            assert_eq!(check(&caller(), &asked), Err(breach));
        }
    }

    #[test]
    fn a_conversation_key_may_do_what_an_inference_key_may() {
        let purposes = [Purpose::Conversation].into_iter().collect();
        let caller = Caller {
            purposes,
            ..caller()
        };
        assert_eq!(
            check(
                &caller,
                &Asked {
                    conversation: true,
                    ..asked()
                }
            ),
            Ok(())
        );
        let inference_only = Caller {
            purposes: Purposes::NONE,
            ..caller
        };
        assert_eq!(check(&inference_only, &asked()), Err(Breach::Purpose));
    }
}
