//! Every text of a document that is a value: never a key, and nothing that is settled before values
//! are known.

use super::{AllOrList, CaseEntry, Client, Document, Expect, Model, Route};
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
            cases,
            present: _,
        } = self;
        texts([policy, version, about], visit);
        written_client.iter_mut().for_each(|it| client(it, visit));
        let routes = routes.iter_mut().flatten();
        routes.for_each(|it| route(it, visit));
        models.iter_mut().for_each(|it| model(it, visit));
        cases.iter_mut().for_each(|it| case(it, visit));
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
        key: _,
        present: _,
    } = route;
    texts([verdict, action, scope, model, because], visit);
    lists([purpose, query, headers], visit);
}

fn model(model: &mut Model, visit: &mut Visit<'_>) {
    let Model {
        name: _,
        published,
        endpoints,
    } = model;
    texts([published], visit);
    lists([endpoints], visit);
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
        headers,
        expect,
        position: _,
        present: _,
    } = case;
    texts([name, request, model, preset], visit);
    lists([scopes, purposes], visit);
    for list in [models, published, datasets].into_iter().flatten() {
        match list {
            AllOrList::Word(word) => visit(word),
            AllOrList::List(list) => list.items.iter_mut().for_each(&mut *visit),
        }
    }
    headers.iter_mut().for_each(|(_, value)| visit(value));
    if let Some(Expect {
        forward,
        model,
        refuse,
        list,
        position: _,
        present: _,
    }) = expect
    {
        texts([forward, model, refuse], visit);
        lists([list], visit);
    }
}

fn texts<const N: usize>(texts: [&mut Option<Text>; N], visit: &mut Visit<'_>) {
    texts.into_iter().flatten().for_each(visit);
}

fn lists<const N: usize>(lists: [&mut Option<List>; N], visit: &mut Visit<'_>) {
    let items = lists.into_iter().flatten().flat_map(|list| &mut list.items);
    items.for_each(visit);
}
