//! Changes of one entry of a document.

use crate::{
    Document,
    document::{Model, Route},
};

/// Changes the route at a place.
pub(super) fn route(place: usize, change: impl Fn(&mut Route) + 'static) -> impl Fn(&mut Document) {
    move |document| {
        let mut routes = document.routes.iter_mut().flatten();
        if let Some(route) = routes.nth(place) {
            change(route);
        }
    }
}

/// Changes the model at a place.
pub(super) fn model(place: usize, change: impl Fn(&mut Model) + 'static) -> impl Fn(&mut Document) {
    move |document| {
        if let Some(model) = document.models.get_mut(place) {
            change(model);
        }
    }
}
