//! Paths that belong to templates of several routes.

use std::collections::BTreeSet;

use signalbox_policy::{ModelSource, RouteDescription};

use super::Asking;
use crate::diff::routes::{is_parameter, overlap};

impl Asking<'_> {
    /// Of these routes, what another template of either policy may take: one policy may have the
    /// more specific template, and the other not.
    pub(super) fn overlaps(&self, routes: &[&RouteDescription]) -> Vec<RouteDescription> {
        let sides = [&self.old, &self.new].into_iter();
        let all = sides.flat_map(|side| &side.plugin.description().routes);
        let templates: BTreeSet<&str> = all.map(|route| route.template.as_str()).collect();
        let mut parts = Vec::new();
        for route in routes {
            for other in &templates {
                if !overlap(&route.template, other) {
                    continue;
                }
                let template = filled(&route.template, other);
                let is_asked = |it: &&RouteDescription| {
                    (&it.method, &it.template) == (&route.method, &template)
                };
                if routes.iter().any(is_asked) {
                    continue;
                }
                parts.push(RouteDescription {
                    template,
                    model: self.model_source(route),
                    ..RouteDescription::clone(route)
                });
            }
        }
        // Of several routes for the same paths, one with a model is asked with names, too.
        parts.sort_by(|one, other| key(one).cmp(&key(other)));
        parts.dedup_by(|one, other| {
            (&one.method, &one.template) == (&other.method, &other.template)
        });
        parts
    }
}

fn key(route: &RouteDescription) -> (&str, &str, bool) {
    (
        &route.template,
        &route.method,
        route.model == ModelSource::None,
    )
}

/// A template with the text of another one in place of its parameters.
fn filled(template: &str, other: &str) -> String {
    let segments = template.split('/').zip(other.split('/'));
    let segments = segments.map(|(mine, others)| {
        if is_parameter(mine) && !is_parameter(others) {
            others
        } else {
            mine
        }
    });
    segments.collect::<Vec<_>>().join("/")
}
