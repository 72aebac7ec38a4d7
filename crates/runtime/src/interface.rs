//! What a policy said of itself, checked, in the form its answers are checked against.

use std::collections::HashMap;

use signalbox_policy::{Description, RouteDescription};

use crate::Catalogue;

/// A checked description and catalogue.
#[derive(Debug)]
pub(crate) struct Surface {
    pub(crate) description: Description,
    pub(crate) catalogue: Catalogue,
    /// Positions in `description.routes` by `METHOD template`.
    routes: HashMap<String, usize>,
}

impl Surface {
    pub(crate) fn new(description: Description, catalogue: Catalogue) -> Self {
        let name = |route: &RouteDescription| format!("{} {}", route.method, route.template);
        let routes = description.routes.iter().map(name).zip(0..).collect();
        Self {
            description,
            catalogue,
            routes,
        }
    }

    /// The route of a name, as `METHOD template`.
    pub(crate) fn route(&self, name: &str) -> Option<&RouteDescription> {
        self.description.routes.get(*self.routes.get(name)?)
    }
}
