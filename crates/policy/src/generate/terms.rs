//! Terms for generated documents: scopes together, choices, ceilings and rules for callers.

use proptest::{collection, option, prelude::*, sample};

use super::{
    text::{list, text},
    words::{KEYS, LABELS, PUBLISHED, SCOPES},
};
use crate::{
    Document, Effort, List, Text,
    document::{CallerEntry, Ceilings, Choice, Labels, ModelSet, Published, Scope},
};

/// What a document may say of who may use what, before it is known of which routes and models.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    scopes: Vec<Option<Scope>>,
    headers: Vec<bool>,
    models: Vec<ModelTerms>,
    callers: Option<Vec<Caller>>,
    set: Vec<bool>,
}

#[derive(Clone, Debug)]
struct ModelTerms {
    choices: Option<Vec<Choice>>,
    ceilings: Option<Ceilings>,
    is_unlisted: bool,
    is_deprecated: bool,
}

#[derive(Clone, Debug)]
struct Caller {
    key: Option<&'static str>,
    labels: Option<Labels>,
    routes: Option<Vec<bool>>,
    models: Option<Vec<bool>>,
    with_set: bool,
    ceilings: Option<Ceilings>,
}

impl Terms {
    /// The document with them, still valid.
    pub(super) fn put_into(self, mut document: Document) -> Document {
        let routes = document.routes.iter_mut().flatten();
        for ((route, scope), with_headers) in routes.zip(self.scopes).zip(self.headers) {
            route.scope = scope.or_else(|| route.scope.take());
            if with_headers {
                route.required_headers = Some(list(&["x-team"]));
                route.set_headers = vec![(text("x-env"), text("prod 1"))];
            }
        }
        for (model, terms) in document.models.iter_mut().zip(self.models) {
            if let Some(choices) = terms.choices {
                let position = crate::Position::default();
                model.published = Some(Published::Choices(choices, position));
            }
            model.ceilings = terms.ceilings;
            let is_pattern = model.name.value.ends_with('*');
            model.listed = (terms.is_unlisted && !is_pattern).then(|| text("false"));
            model.deprecated = terms.is_deprecated.then(|| text("Use another one."));
        }
        let models: Vec<Text> = document.models.iter().map(|it| it.name.clone()).collect();
        let set = chosen(&models, &self.set);
        let has_set = !set.is_empty() && self.callers.is_some();
        if has_set {
            document.sets = vec![ModelSet {
                name: text("a-set"),
                models: Some(list_of(set)),
            }];
        }
        let routes = document.routes.iter().flatten();
        let routes: Vec<Text> = routes.map(|it| it.key.clone()).collect();
        document.callers = self.callers.map(|callers| {
            let rules = callers.into_iter().zip(["one", "two", "three"]);
            let rule = |(caller, name): (Caller, &'static str)| {
                caller.entry(name, &routes, &models, has_set)
            };
            rules.map(rule).collect()
        });
        document
    }
}

impl Caller {
    fn entry(
        self,
        name: &'static str,
        routes: &[Text],
        models: &[Text],
        has_set: bool,
    ) -> CallerEntry {
        let routes = self.routes.map(|picks| chosen(routes, &picks));
        let models = self.models.map(|picks| {
            let mut models = chosen(models, &picks);
            models.extend((self.with_set && has_set).then(|| text("a-set")));
            models
        });
        let non_empty =
            |items: Option<Vec<Text>>| items.filter(|items| !items.is_empty()).map(list_of);
        CallerEntry {
            name: text(name),
            keys: self.key.map(|key| list(&[key])),
            labels: self.labels,
            routes: non_empty(routes),
            models: non_empty(models),
            ceilings: self.ceilings,
            ..CallerEntry::default()
        }
    }
}

/// Terms of which most documents have few.
pub(super) fn terms() -> impl Strategy<Value = Terms> {
    (
        collection::vec(option::weighted(0.2, scope()), MOST),
        collection::vec(prop::bool::weighted(0.1), MOST),
        collection::vec(model(), MOST),
        option::weighted(0.4, collection::vec(caller(), 1..=3)),
        collection::vec(any::<bool>(), MOST),
    )
        .prop_map(|(scopes, headers, models, callers, set)| Terms {
            scopes,
            headers,
            models,
            callers,
            set,
        })
}

fn scope() -> impl Strategy<Value = Scope> {
    let pair = sample::subsequence(SCOPES, 2..=2);
    (pair, sample::select(SCOPES), any::<bool>()).prop_map(|(pair, one, together)| {
        let alone = |scope: &&str| list(&[*scope]);
        let sets = if together {
            let other = (!pair.contains(&one)).then(|| list(&[one]));
            [list(&pair)].into_iter().chain(other).collect()
        } else {
            pair.iter().map(alone).collect()
        };
        Scope {
            sets,
            ..Scope::default()
        }
    })
}

fn model() -> impl Strategy<Value = ModelTerms> {
    (
        option::weighted(0.2, choices()),
        option::weighted(0.3, ceilings()),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(choices, ceilings, is_unlisted, is_deprecated)| ModelTerms {
                choices,
                ceilings,
                is_unlisted,
                is_deprecated,
            },
        )
}

/// Two to four, of which only the last is for every caller.
fn choices() -> impl Strategy<Value = Vec<Choice>> {
    let choice = (
        sample::select(PUBLISHED),
        option::of(labels()),
        option::of(1..100_u32),
    );
    collection::vec(choice, 2..=4).prop_map(|choices| {
        let last = choices.len() - 1;
        let choice =
            |(place, (name, labels, weight)): (usize, (&str, Option<Labels>, Option<u32>))| {
                let weight = match (&labels, weight) {
                    (None, None) if place < last => Some(1),
                    _ => weight,
                };
                Choice {
                    name: Some(name.into()),
                    weight: weight.map(|weight| text(weight.to_string())),
                    labels,
                    ..Choice::default()
                }
            };
        choices.into_iter().enumerate().map(choice).collect()
    })
}

fn labels() -> impl Strategy<Value = Labels> {
    let label = sample::select(LABELS);
    let values = sample::subsequence(&["ops", "sales", "x y"][..], 1..=2);
    (label, values).prop_map(|(name, values)| Labels {
        entries: vec![(text(name), list(&values))],
        ..Labels::default()
    })
}

fn ceilings() -> impl Strategy<Value = Ceilings> {
    let number = || option::of(sample::select(&["1", "16", "4096"][..]));
    let effort = option::of(sample::select(&Effort::ALL[..]));
    (number(), number(), effort).prop_map(|(tokens, answers, effort)| {
        let is_empty = tokens.is_none() && answers.is_none() && effort.is_none();
        Ceilings {
            max_tokens: tokens.or(is_empty.then_some("16")).map(Text::from),
            n: answers.map(Text::from),
            reasoning_effort: effort.map(|it| it.word().into()),
            ..Ceilings::default()
        }
    })
}

fn caller() -> impl Strategy<Value = Caller> {
    (
        option::weighted(0.3, sample::select(KEYS)),
        option::weighted(0.4, labels()),
        option::weighted(0.4, collection::vec(any::<bool>(), MOST)),
        option::weighted(0.5, collection::vec(any::<bool>(), MOST)),
        any::<bool>(),
        option::weighted(0.2, ceilings()),
    )
        .prop_map(|(key, labels, routes, models, with_set, ceilings)| Caller {
            key,
            labels,
            routes,
            models,
            with_set,
            ceilings,
        })
}

fn chosen(names: &[Text], picks: &[bool]) -> Vec<Text> {
    let picked = names.iter().zip(picks).filter(|(_, is_picked)| **is_picked);
    picked.map(|(name, _)| name.clone()).collect()
}

fn list_of(items: Vec<Text>) -> List {
    List {
        items,
        ..List::default()
    }
}

/// No generated document has more routes, nor more models.
const MOST: usize = 32;
