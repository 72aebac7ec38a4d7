//! The route a wrong path was probably meant for.
//!
//! It is a help for people and no part of the decision, so its work has a bound of its own: however
//! many routes there are and however long they are, at most [`MOST_CELLS`] cells are computed, and
//! where that does not suffice no route is named.

use alloc::vec::Vec;

use crate::{Request, RouteRule, Rules};

/// The route whose template is closest to the path, if it is close enough to be what was meant.
pub(super) fn nearest<'a, R: Rules>(rules: &'a R, request: &Request<'_>) -> Option<RouteRule<'a>> {
    Search::new().nearest(rules, request).ok().flatten()
}

/// One search, and the cells it may still compute.
struct Search {
    cells: usize,
    row: Vec<usize>,
}

/// All cells are used up.
#[derive(Debug, PartialEq)]
struct OutOfCells;

impl Search {
    const fn new() -> Self {
        Self {
            cells: MOST_CELLS,
            row: Vec::new(),
        }
    }

    fn nearest<'a, R: Rules>(
        &mut self,
        rules: &'a R,
        request: &Request<'_>,
    ) -> Result<Option<RouteRule<'a>>, OutOfCells> {
        let path = request.path.as_bytes();
        if path.len() > LONGEST {
            return Ok(None);
        }
        let mut best: Option<(usize, RouteRule<'a>)> = None;
        let mut last: Option<(&str, Option<usize>)> = None;
        for route in rules.routes() {
            let most = best.map_or(path.len() / 3, |(key, _)| key / 2);
            // Routes are ordered by template: the other methods of one need no second look.
            let distance = match last {
                Some((template, distance)) if template == route.template => distance,
                _ => self.distance(path, route.template.as_bytes(), most)?,
            };
            last = Some((route.template, distance));
            let other_method = usize::from(route.method != request.method);
            if let Some(key) = distance.map(|distance| distance * 2 + other_method)
                && best.is_none_or(|(best, _)| key < best)
            {
                best = Some((key, route));
            }
        }
        Ok(best.map(|(_, route)| route))
    }

    /// Levenshtein's distance, if it is at most `most`, in one row that each step overwrites.
    fn distance(
        &mut self,
        left: &[u8],
        right: &[u8],
        most: usize,
    ) -> Result<Option<usize>, OutOfCells> {
        // Texts are at least as far apart as their lengths.
        if left.len().abs_diff(right.len()) > most {
            return Ok(None);
        }
        let (left, right) = without_common_ends(left, right);
        self.row.clear();
        self.row.extend(1..=right.len());
        let mut distance = right.len();
        for (index, byte) in left.iter().enumerate() {
            self.cells = self.cells.checked_sub(right.len()).ok_or(OutOfCells)?;
            let mut diagonal = index;
            distance = index + 1;
            let mut least = distance;
            for (other, above) in right.iter().zip(&mut self.row) {
                let next = (diagonal + usize::from(byte != other)).min(*above + 1);
                distance = next.min(distance + 1);
                least = least.min(distance);
                diagonal = core::mem::replace(above, distance);
            }
            // No later row holds less than the least of this one.
            if least > most {
                return Ok(None);
            }
        }
        Ok((distance <= most).then_some(distance))
    }
}

/// What is left of two texts without what both begin and end with: it is as far apart.
fn without_common_ends<'t>(left: &'t [u8], right: &'t [u8]) -> (&'t [u8], &'t [u8]) {
    let pairs = left.iter().zip(right);
    let start = pairs.take_while(|(left, right)| left == right).count();
    let [left, right] = [left, right].map(|text| text.get(start..).unwrap_or_default());
    let pairs = left.iter().rev().zip(right.iter().rev());
    let end = pairs.take_while(|(left, right)| left == right).count();
    let [left, right] = [left, right].map(|text| text.get(..text.len() - end).unwrap_or_default());
    (left, right)
}

/// Bytes of a path beyond which it is no typing mistake.
const LONGEST: usize = 256;

/// A cell takes a few nanoseconds, so this is well below the time of a decision; the routes of GT need
/// less than a quarter of it.
const MOST_CELLS: usize = 1 << 17;

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;
    use crate::{Caller, ModelRule, Names, Policy, Purposes, RequestedModel, ScopeSets};

    /// A route for each template.
    struct Many(Vec<String>);

    impl Rules for Many {
        fn routes(&self) -> impl Iterator<Item = RouteRule<'_>> {
            self.0.iter().map(|template| RouteRule {
                method: "GET",
                template,
                verdict: crate::Verdict::Native,
                action: crate::Action::Forward,
                purposes: Purposes::from_bits(0),
                scopes: ScopeSets::OPEN,
                model: crate::ModelSource::None,
                query: crate::NameList::default(),
                headers: crate::NameList::default(),
                required_headers: crate::NameList::default(),
                set_headers: crate::SetHeaders::default(),
                callers: crate::CallerSet::ALL,
                because: None,
            })
        }

        fn model(&self, _: &str) -> Option<ModelRule<'_>> {
            None
        }

        fn exact_models(&self) -> impl Iterator<Item = ModelRule<'_>> {
            [].into_iter()
        }

        fn callers(&self) -> impl Iterator<Item = crate::CallerRule<'_>> {
            [].into_iter()
        }

        fn terms(&self) -> impl Iterator<Item = crate::Terms<'_>> {
            [].into_iter()
        }
    }

    fn caller() -> Caller {
        Caller {
            id: "key".into(),
            purposes: Purposes::from_bits(1),
            scopes: Vec::new(),
            labels: Vec::new(),
            models: Names::All,
            published: Names::All,
            datasets: Names::All,
        }
    }

    /// What is found for a path, and how many cells that took.
    fn search(rules: &impl Rules, path: &str) -> (Result<Option<String>, OutOfCells>, usize) {
        let mut search = Search::new();
        let caller = caller();
        let request = Request {
            method: "GET",
            path,
            query: None,
            content_type: None,
            headers: &[],
            caller: &caller,
            model: RequestedModel::Unread,
            body_members: &[],
        };
        let found = search.nearest(rules, &request);
        let found = found.map(|route| route.map(|route| route.template.into()));
        (found, MOST_CELLS - search.cells)
    }

    fn distance(left: &[u8], right: &[u8], most: usize) -> Option<usize> {
        Search::new().distance(left, right, most).unwrap()
    }

    #[test]
    fn distance_counts_edits() {
        for (left, right, expected) in [
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("abc", "", 3),
            ("flaw", "lawn", 2),
            ("abc", "abc", 0),
            ("/v1/models", "/v1/model", 1),
            ("aab", "ab", 1),
        ] {
            let [left, right] = [left, right].map(str::as_bytes);
            assert_eq!(distance(left, right, 9), Some(expected));
            assert_eq!(distance(left, right, expected), Some(expected));
            if let Some(less) = expected.checked_sub(1) {
                assert_eq!(distance(left, right, less), None);
            }
        }
    }

    #[test]
    fn a_near_miss_of_many_long_routes_takes_bounded_work() {
        // Seen with 510 templates of 190 bytes: 18 million cells, and 6 ms on a worker's thread.
        let letters = |seed: usize| -> String {
            let letter = |at: usize| char::from(b'a' + ((at * (seed + 7) * 31 + seed) % 23) as u8);
            (0..186).map(letter).collect()
        };
        let many = Many(
            (0..510)
                .map(|number| format!("/v1/{}", letters(number)))
                .collect(),
        );
        let path = format!("/v1/{}z", letters(511));
        let (found, cells) = search(&many, &path);
        assert_eq!(found, Err(OutOfCells), "what cannot be told is not said");
        assert!(cells <= MOST_CELLS);
        let request = |path| search(&many, path).0;
        let missed = many.0[3].replacen("/v1/", "/v2/", 1);
        assert!(matches!(request(&missed), Err(OutOfCells) | Ok(Some(_))));
    }

    #[test]
    fn routes_that_begin_or_end_alike_are_told_apart_within_the_bound() {
        let stem = "s".repeat(180);
        let many = Many(
            (0..510)
                .map(|number| format!("/v1/{stem}{number:03}"))
                .collect(),
        );
        let (found, cells) = search(&many, &format!("/v1/{stem}30"));
        assert_eq!(found, Ok(Some(format!("/v1/{stem}030"))));
        assert!(cells < 510 * 9, "only what differs is compared: {cells}");
    }

    #[test]
    fn every_route_of_the_largest_runbook_is_found_for_a_letter_less() {
        let document = include_str!("../../../../plugins/runbooks/full.yaml");
        let policy: Policy = crate::read(document).unwrap();
        let templates: Vec<&str> = policy.templates().collect();
        let mut most = 0;
        for template in &templates {
            let path = format!("/v{}", &template[3..]);
            let (found, cells) = search(&policy, &path);
            assert_eq!(found, Ok(Some(String::from(*template))));
            most = most.max(cells);
        }
        assert!(
            most < MOST_CELLS / 4,
            "{most} cells for {} routes",
            templates.len()
        );
    }
}
