//! The names a policy lets clients write, drained from it once.

use signalbox_policy::CatalogueEntry;

/// A policy's catalogue: every exact name, in ascending byte order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    entries: Vec<CatalogueEntry>,
    /// Places in `entries`, and in the published names there; ordered by published name and then by
    /// name.
    by_published: Vec<(usize, usize)>,
}

impl Catalogue {
    /// The caller has checked that names ascend.
    pub(crate) fn new(entries: Vec<CatalogueEntry>) -> Self {
        let places = entries.iter().enumerate().flat_map(|(at, entry)| {
            let published = 0..entry.published.len();
            published.map(move |place| (at, place))
        });
        let mut by_published: Vec<_> = places.collect();
        // Stable: names of one published name stay in their order.
        by_published.sort_by(|left, right| {
            published_at(&entries, *left).cmp(&published_at(&entries, *right))
        });
        Self {
            entries,
            by_published,
        }
    }

    /// The entry of a name, whether it is listed or not.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&CatalogueEntry> {
        let position = self
            .entries
            .binary_search_by(|entry| entry.name.as_str().cmp(name))
            .ok()?;
        self.entries.get(position)
    }

    /// Every entry that may lead to a published name, in the order of their names.
    pub fn by_published<'a>(
        &'a self,
        published: &'a str,
    ) -> impl Iterator<Item = &'a CatalogueEntry> + 'a {
        let name = |place: &(usize, usize)| published_at(&self.entries, *place);
        let start = self
            .by_published
            .partition_point(|place| name(place).is_some_and(|it| it < published));
        let rest = self.by_published.iter().skip(start);
        rest.take_while(move |place| name(place) == Some(published))
            .filter_map(|(at, _)| self.entries.get(*at))
    }

    /// Every entry, in ascending byte order of names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &CatalogueEntry> {
        self.entries.iter()
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The published name at a place of the index.
fn published_at(entries: &[CatalogueEntry], (at, place): (usize, usize)) -> Option<&str> {
    let published = &entries.get(at)?.published;
    published.get(place).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let entry = |(name, published): (&str, &[&str])| CatalogueEntry {
            name: name.into(),
            published: published.iter().map(|&name| name.into()).collect(),
            is_listed: name != "c",
            deprecated: None,
            routes: Vec::new(),
        };
        let pairs: [(&str, &[&str]); 4] = [
            ("a", &["small"]),
            ("b", &["agent"]),
            ("c", &["small", "big"]),
            ("d", &["big"]),
        ];
        Catalogue::new(pairs.into_iter().map(entry).collect())
    }

    fn names<'a>(entries: impl Iterator<Item = &'a CatalogueEntry>) -> Vec<&'a str> {
        entries.map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn a_name_is_found() {
        assert_eq!(
            catalogue().get("b").map(|entry| entry.published.concat()),
            Some("agent".into())
        );
        assert_eq!(catalogue().get("bb"), None);
    }

    #[test]
    fn published_name_leads_back_to_all_its_names() {
        assert_eq!(names(catalogue().by_published("small")), ["a", "c"]);
        assert_eq!(names(catalogue().by_published("big")), ["c", "d"]);
        assert_eq!(names(catalogue().by_published("medium")), [""; 0]);
    }

    #[test]
    fn entries_come_in_order_of_names() {
        assert_eq!(names(catalogue().iter()), ["a", "b", "c", "d"]);
    }
}
