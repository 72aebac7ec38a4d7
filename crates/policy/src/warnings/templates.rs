//! Templates that take paths from others.

use std::collections::BTreeMap;

use crate::RouteRule;

/// Routes, by what stands before each parameter of their templates.
pub(super) struct Templates<'r, 'p> {
    by_start: BTreeMap<Start, Vec<(usize, &'r RouteRule<'p>)>>,
}

/// How many segments a template has, and those before one of them: parameters without their names.
type Start = (usize, String);

impl<'r, 'p> Templates<'r, 'p> {
    pub(super) fn of(routes: &'r [RouteRule<'p>]) -> Self {
        let mut by_start: BTreeMap<Start, Vec<_>> = BTreeMap::new();
        for (place, route) in routes.iter().enumerate() {
            for (start, segment) in starts(route.template) {
                if is_parameter(segment) {
                    by_start.entry(start).or_default().push((place, route));
                }
            }
        }
        Self { by_start }
    }

    /// The first route that `counts` and shares a path with `template`, where the path counts as
    /// `template`: at the first segment that only one of them leaves open, it is the other's.
    pub(super) fn hidden_by(
        &self,
        template: &str,
        counts: impl Fn(&RouteRule<'p>) -> bool,
    ) -> Option<&'r RouteRule<'p>> {
        let first = |(start, segment): (Start, &str)| {
            if is_parameter(segment) {
                return None;
            }
            let mut routes = self.by_start.get(&start)?.iter();
            routes.find(|(_, it)| meet(template, it.template) && counts(it))
        };
        let found = starts(template).into_iter().filter_map(first);
        let (_, route) = found.min_by_key(|(place, _)| *place)?;
        Some(*route)
    }
}

/// Each segment of a template, with what stands before it.
fn starts(template: &str) -> Vec<(Start, &str)> {
    let count = template.split('/').count();
    let mut before = String::new();
    let mut starts = Vec::with_capacity(count);
    for segment in template.split('/') {
        starts.push(((count, before.clone()), segment));
        before.push('/');
        before.push_str(if is_parameter(segment) { "{}" } else { segment });
    }
    starts
}

/// Whether some path is of both, which have equally many segments.
fn meet(one: &str, other: &str) -> bool {
    let mut pairs = one.split('/').zip(other.split('/'));
    pairs.all(|(one, other)| is_parameter(one) || is_parameter(other) || one == other)
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}
