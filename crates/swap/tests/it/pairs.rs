//! Pairs of documents of which the second is made of the first: more, less, or otherwise.

use proptest::{collection, prelude::*};
use signalbox_policy::{
    Caller, Decision, Document, List, Request,
    generate::{Asking, Known, callers, documents, requests},
};

/// Two valid documents. Half of the second ones only add to the first.
pub(crate) fn pairs() -> impl Strategy<Value = (Document, Document)> {
    let words = collection::vec(0..6_u8, 64);
    (documents(), documents(), words, any::<bool>())
        .prop_map(|(first, other, words, adds)| {
            let second = changed(&first, other, &words, adds);
            (first, second)
        })
        .prop_filter("a name is for what is forwarded", |(_, second)| {
            second.check().is_ok()
        })
}

/// Requests by a few callers.
pub(crate) fn asked() -> impl Strategy<Value = Vec<Asking>> {
    let all = (
        collection::vec(callers(), 3),
        collection::vec(requests(), 40),
    );
    all.prop_map(|(callers, mut requests)| {
        for (number, asking) in requests.iter_mut().enumerate() {
            asking.caller = Caller {
                id: format!("caller-{}", number % callers.len()),
                ..callers[number % callers.len()].clone()
            };
        }
        requests
    })
}

/// The decision on all of a request, the head first.
pub(crate) fn decided(asking: &Asking, decide: impl Fn(&Request<'_>) -> Decision) -> Decision {
    match asking.with_model(Known::Unread).ask(&decide) {
        Decision::ReadModel => match asking.model {
            Known::Unread => asking.with_model(Known::Absent).ask(&decide),
            _ => asking.ask(&decide),
        },
        decision => decision,
    }
}

fn changed(first: &Document, other: Document, words: &[u8], adds: bool) -> Document {
    let mut second = first.clone();
    let mut words = words.iter().cycle();
    let mut is = |which: u8| words.next() == Some(&which);
    let mut routes = first.routes.clone().unwrap_or_default();
    let mut models = second.models.clone();
    if !adds {
        routes.retain(|_| !is(0));
        models.retain(|_| !is(0));
    }
    for route in other.routes.unwrap_or_default() {
        match routes.iter_mut().find(|it| it.key.value == route.key.value) {
            None if !is(1) => routes.push(route),
            Some(mine) if !adds && is(2) => *mine = route,
            _ => {}
        }
    }
    for model in other.models {
        match models
            .iter_mut()
            .find(|it| it.name.value == model.name.value)
        {
            None if !is(1) => models.push(model),
            Some(mine) if !adds && is(2) => *mine = model,
            _ => {}
        }
    }
    second.routes = Some(routes);
    second.models = models;
    without_strangers(second)
}

/// Without what sets and rules for callers say of routes and models that are gone.
fn without_strangers(mut document: Document) -> Document {
    let routes = document.routes.iter().flatten();
    let routes: Vec<_> = routes.map(|it| it.key.value.clone()).collect();
    let models: Vec<_> = document
        .models
        .iter()
        .map(|it| it.name.value.clone())
        .collect();
    let keep = |list: &mut Option<List>, known: &[String], also: &str| {
        if let Some(list) = list {
            list.items
                .retain(|it| known.contains(&it.value) || it.value == also);
        }
        *list = list.take().filter(|list| !list.items.is_empty());
    };
    for set in &mut document.sets {
        keep(&mut set.models, &models, "");
    }
    document.sets.retain(|set| set.models.is_some());
    let set = document.sets.first();
    let set = set.map_or(String::new(), |set| set.name.value.clone());
    for caller in document.callers.iter_mut().flatten() {
        keep(&mut caller.routes, &routes, "");
        keep(&mut caller.models, &models, &set);
    }
    document
}
