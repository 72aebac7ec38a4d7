//! The key's fences: what a key may touch whatever a policy says.
//!
//! [`check`] is the one function for it. An evaluation calls it to refuse with the right code; the
//! host calls it again after every `forward`, so that a careless plugin cannot widen a key.

use alloc::{string::String, vec::Vec};

use crate::{
    Caller, CatalogueEntry, Description, Forward, ModelSource, Purposes, RouteDescription,
    RouteIndex, ScopeSets, gt,
};

/// What a request asks of a key.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Any one of these on the key will do.
    pub purposes: Purposes,
    /// Which scopes will do.
    pub scopes: Scopes<'a>,
    /// The dataset target, if the route writes to one.
    pub dataset: Option<&'a str>,
    /// Whether the request takes part in a conversation.
    pub conversation: bool,
    /// The model name as written and as published, if the route has one and it is known.
    pub model: Option<(&'a str, &'a str)>,
}

/// Which scopes will do.
///
/// Exhaustive on purpose: whoever checks them looks at each.
#[derive(Clone, Copy, Debug)]
pub enum Scopes<'a> {
    /// All of these together.
    All(&'a [String]),
    /// Any one of these sets; every key's, if there is none.
    Any(&'a [Vec<String>]),
    /// Any one of a rule's sets, likewise.
    Rule(ScopeSets<'a>),
}

impl<'a> Scopes<'a> {
    /// A scope the key lacks: the first one it lacks of the first set, where no set will do.
    fn missing(self, caller: &Caller) -> Option<&'a str> {
        match self {
            Self::All(scopes) => lacking(caller, scopes.iter().map(String::as_str)),
            Self::Any(sets) => {
                let lacks = |set: &'a Vec<String>| lacks(caller, set.iter().map(String::as_str));
                first_unless_some_fit(sets.iter().map(lacks))
            }
            Self::Rule(sets) => {
                first_unless_some_fit(sets.iter().map(|set| lacks(caller, set.iter())))
            }
        }
    }
}

/// The first scope that is not on the key.
fn lacking<'a>(caller: &Caller, mut scopes: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let held = |scope: &str| caller.scopes.iter().any(|held| held == scope);
    scopes.find(|scope| !held(scope))
}

/// As [`lacking`], of one of several sets. No description has an empty one: no key has what it asks.
fn lacks<'a>(caller: &Caller, scopes: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut scopes = scopes.peekable();
    match scopes.peek() {
        None => Some(""),
        Some(_) => lacking(caller, scopes),
    }
}

/// What the first set lacks, unless some set lacks nothing.
fn first_unless_some_fit<'a>(mut lacks: impl Iterator<Item = Option<&'a str>>) -> Option<&'a str> {
    let first = lacks.next()??;
    lacks.all(|missing| missing.is_some()).then_some(first)
}

impl<'a> Asked<'a> {
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
            scopes: Scopes::Any(&route.scopes),
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
    /// The key lacks this scope, and has none of the other sets that would do.
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
pub fn check<'a>(caller: &Caller, asked: &Asked<'a>) -> Result<(), Breach<'a>> {
    if !caller.purposes.satisfy(asked.purposes) {
        return Err(Breach::Purpose);
    }
    if let Some(missing) = asked.scopes.missing(caller) {
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

/// Whether a key is shown a catalogue entry: it is listed, some route the name works on is forwarded,
/// and the key may call that route with that name, and reach one of the published names it may lead to.
#[must_use]
pub fn shows(caller: &Caller, description: &Description, entry: &CatalogueEntry) -> bool {
    let may_use = |published: &String| caller.may_use(&entry.name, published);
    if !entry.is_listed || !entry.published.iter().any(may_use) {
        return false;
    }
    let works_on = |(index, route): &(RouteIndex, &RouteDescription)| {
        route.model != ModelSource::None
            && route.forwarded
            && (entry.routes.is_empty() || entry.routes.contains(index))
    };
    let routes = (0..).map(RouteIndex).zip(&description.routes);
    let mut usable = routes.filter(works_on).map(|(_, route)| Asked {
        purposes: route.purposes,
        scopes: Scopes::Any(&route.scopes),
        dataset: None,
        conversation: false,
        model: None,
    });
    usable.any(|asked| check(caller, &asked).is_ok())
}

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec};

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
            scopes: Scopes::Rule(ScopeSets::new(Some("inference:chat"))),
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
                    scopes: Scopes::Rule(ScopeSets::new(Some("inference:chat x"))),
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

    /// The scope a key with `a` and `b` lacks of these sets, in each form they come in.
    fn missing(sets: &[&[&'static str]]) -> Option<String> {
        let caller = Caller {
            scopes: vec!["a".to_string(), "b".to_string()],
            ..caller()
        };
        let lists: Vec<Vec<String>> = sets
            .iter()
            .map(|set| set.iter().map(ToString::to_string).collect())
            .collect();
        let text: Vec<_> = sets.iter().map(|set| set.join(" ")).collect();
        let text = (!sets.is_empty()).then(|| text.join("\n"));
        let forms = [
            Scopes::Any(&lists),
            Scopes::Rule(ScopeSets::new(text.as_deref())),
        ];
        let [any, rule] = forms.map(|scopes| scopes.missing(&caller).map(String::from));
        assert_eq!(any, rule, "{sets:?}");
        if let [set] = &*lists {
            let all = Scopes::All(set).missing(&caller).map(String::from);
            assert!(set.is_empty() || all == any, "{sets:?}");
        }
        any
    }

    #[test]
    fn any_one_set_of_scopes_will_do_if_all_of_it_is_held() {
        for open in [&[][..], &[&["a"][..]], &[&["b", "a"]], &[&["x"], &["a"]]] {
            assert_eq!(missing(open), None, "{open:?}");
        }
        for (sets, lacks) in [
            (&[&["x"][..]][..], "x"),
            (&[&["a", "x"]], "x"),
            (&[&["a", "x"], &["y", "b"]], "x"),
            (&[&["a", "x", "y"]], "x"),
            // No description has one, and nobody gets in by it.
            (&[&[]], ""),
            (&[&[], &["y"]], ""),
        ] {
            assert_eq!(missing(sets).as_deref(), Some(lacks), "{sets:?}");
        }
        assert_eq!(missing(&[&[], &["a"]]), None);
        assert_eq!(Scopes::All(&[]).missing(&caller()), None);
    }

    #[test]
    fn a_key_is_shown_what_is_listed_and_what_it_may_reach_in_one_way() {
        let route = |scope: &str| RouteDescription {
            method: "POST".to_string(),
            template: "/v1/chat/completions".to_string(),
            verdict: crate::Verdict::Native,
            forwarded: true,
            purposes: [Purpose::Inference].into_iter().collect(),
            scopes: vec![vec!["x".to_string()], vec![scope.to_string()]],
            model: ModelSource::Json,
            query: Vec::new(),
            headers: Vec::new(),
            reason: None,
        };
        let description = Description {
            name: "p".to_string(),
            version: String::new(),
            routes: vec![route("y"), route("inference:chat")],
            headers: Vec::new(),
            wants: crate::Wants::default(),
            body_members: Vec::new(),
            model_count: 1,
        };
        let entry = |published: &[&str], routes: &[u32]| CatalogueEntry {
            name: "gpt-4o".to_string(),
            published: published.iter().map(ToString::to_string).collect(),
            is_listed: true,
            deprecated: None,
            routes: routes.iter().map(|index| RouteIndex(*index)).collect(),
        };
        let shown = |entry: &CatalogueEntry| shows(&caller(), &description, entry);
        assert!(shown(&entry(&["other", "agent"], &[])));
        assert!(shown(&entry(&["agent"], &[1])));
        assert!(!shown(&entry(&["agent"], &[0])));
        assert!(!shown(&entry(&["other"], &[])));
        let hidden = CatalogueEntry {
            is_listed: false,
            ..entry(&["agent"], &[])
        };
        assert!(!shown(&hidden));
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
