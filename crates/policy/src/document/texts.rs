//! Every text of a document that is a value: never a key, and nothing that is settled before values
//! are known.

use super::{
    AllOrList, BodyEntry, CallerEntry, CaseEntry, Ceilings, Choice, Client, Document, EachEntry,
    Expect, Labels, Model, Published, Route,
};
use crate::{List, Text};

/// What is done with a text.
type Visit<'v> = dyn FnMut(&mut Text) + 'v;

impl Document {
    /// Calls `visit` with every text in which a value may be used.
    pub(crate) fn each_text(&mut self, visit: &mut Visit<'_>) {
        let Self {
            policy,
            version,
            about,
            include: _,
            values: _,
            client: written_client,
            routes,
            models,
            sets,
            callers,
            cases,
            present: _,
        } = self;
        texts([policy, version, about], visit);
        written_client.iter_mut().for_each(|it| client(it, visit));
        let routes = routes.iter_mut().flatten();
        routes.for_each(|it| route(it, visit));
        models.iter_mut().for_each(|it| model(it, visit));
        sets.iter_mut()
            .for_each(|it| lists([&mut it.models], visit));
        callers
            .iter_mut()
            .flatten()
            .for_each(|it| caller(it, visit));
        cases.iter_mut().for_each(|it| it.each_text(visit));
    }
}

impl CaseEntry {
    /// Calls `visit` with every text in which a value may be used.
    pub(crate) fn each_text(&mut self, visit: &mut Visit<'_>) {
        case(self, visit);
    }
}

impl EachEntry {
    /// Calls `visit` with every text in which a value of the document may be used.
    pub(crate) fn each_text(&mut self, visit: &mut Visit<'_>) {
        for (_, value) in &mut self.values {
            if let BodyEntry::Text(text) = value {
                visit(text);
            }
        }
    }
}

fn client(client: &mut Client, visit: &mut Visit<'_>) {
    let Client {
        name,
        category,
        compatibility,
        preset,
        setup,
        caveats,
        corrections,
        position: _,
        present: _,
    } = client;
    texts([name, category, compatibility, preset], visit);
    lists([setup, caveats, corrections], visit);
}

fn route(route: &mut Route, visit: &mut Visit<'_>) {
    let Route {
        verdict,
        action,
        scope,
        purpose,
        model,
        because,
        query,
        headers,
        required_headers,
        set_headers,
        key: _,
        present: _,
    } = route;
    texts([verdict, action, model, because], visit);
    let sets = scope.iter_mut().flat_map(|scope| &mut scope.sets);
    sets.flat_map(|set| &mut set.items).for_each(&mut *visit);
    lists([purpose, query, headers, required_headers], visit);
    set_headers.iter_mut().for_each(|(_, value)| visit(value));
}

fn model(model: &mut Model, visit: &mut Visit<'_>) {
    let Model {
        name: _,
        published,
        endpoints,
        listed,
        deprecated,
        ceilings: limits,
    } = model;
    match published {
        None => {}
        Some(Published::Name(name)) => visit(name),
        Some(Published::Choices(choices, _)) => {
            choices.iter_mut().for_each(|it| choice(it, visit));
        }
    }
    texts([listed, deprecated], visit);
    lists([endpoints], visit);
    limits.iter_mut().for_each(|it| ceilings(it, visit));
}

fn choice(choice: &mut Choice, visit: &mut Visit<'_>) {
    let Choice {
        name,
        weight,
        labels: wanted,
        position: _,
        present: _,
    } = choice;
    texts([name, weight], visit);
    wanted.iter_mut().for_each(|it| labels(it, visit));
}

fn labels(labels: &mut Labels, visit: &mut Visit<'_>) {
    let values = labels
        .entries
        .iter_mut()
        .flat_map(|(_, list)| &mut list.items);
    values.for_each(visit);
}

fn ceilings(ceilings: &mut Ceilings, visit: &mut Visit<'_>) {
    let Ceilings {
        max_tokens,
        n,
        reasoning_effort,
        position: _,
        present: _,
    } = ceilings;
    texts([max_tokens, n, reasoning_effort], visit);
}

fn caller(caller: &mut CallerEntry, visit: &mut Visit<'_>) {
    let CallerEntry {
        name: _,
        keys,
        labels: wanted,
        routes,
        models,
        ceilings: limits,
        present: _,
    } = caller;
    lists([keys, routes, models], visit);
    wanted.iter_mut().for_each(|it| labels(it, visit));
    limits.iter_mut().for_each(|it| ceilings(it, visit));
}

fn case(case: &mut CaseEntry, visit: &mut Visit<'_>) {
    let CaseEntry {
        name,
        request,
        model,
        preset,
        scopes,
        purposes,
        models,
        published,
        datasets,
        key,
        labels,
        body,
        headers,
        each,
        skip,
        expect: expected,
        position: _,
        present: _,
    } = case;
    texts([name, request, model, preset, key, skip], visit);
    let entries = each.iter_mut().flatten();
    entries.for_each(|entry| entry.each_text(visit));
    lists([scopes, purposes], visit);
    for list in [models, published, datasets].into_iter().flatten() {
        match list {
            AllOrList::Word(word) => visit(word),
            AllOrList::List(list) => list.items.iter_mut().for_each(&mut *visit),
        }
    }
    labels.iter_mut().for_each(|(_, value)| visit(value));
    for (_, value) in body {
        if let BodyEntry::Text(text) = value {
            visit(text);
        }
    }
    headers.iter_mut().for_each(|(_, value)| visit(value));
    expected.iter_mut().for_each(|it| expect(it, visit));
}

fn expect(expect: &mut Expect, visit: &mut Visit<'_>) {
    let Expect {
        forward,
        model,
        response_model,
        path,
        query,
        set_headers,
        drop_headers,
        notice,
        refuse,
        message,
        reason,
        list,
        position: _,
        present: _,
    } = expect;
    texts([forward, model, response_model, path, query, notice], visit);
    texts([refuse, message, reason], visit);
    lists([drop_headers, list], visit);
    let set = set_headers.iter_mut().flatten();
    set.for_each(|(_, value)| visit(value));
}

fn texts<const N: usize>(texts: [&mut Option<Text>; N], visit: &mut Visit<'_>) {
    texts.into_iter().flatten().for_each(visit);
}

fn lists<const N: usize>(lists: [&mut Option<List>; N], visit: &mut Visit<'_>) {
    let items = lists.into_iter().flatten().flat_map(|list| &mut list.items);
    items.for_each(visit);
}
