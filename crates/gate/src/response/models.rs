//! `GET /v1/models` and `GET /v1/models/{id}`: the policy's catalogue, as far as the key may use it.
//!
//! | mode | the names |
//! | --- | --- |
//! | `catalogue` | every listed name |
//! | `upstream` | the listed names that lead to something GT itself lists for our credential right now |
//! | `only` | these, as far as they are listed |
//!
//! In each mode the key's fences have the last word, and `{id}` finds exactly what the list shows.

use std::collections::HashSet;

use signalbox_policy::{Caller, CatalogueEntry, ListMode, fences};
use signalbox_runtime::Generation;

/// The names a key is shown, in ascending order.
///
/// `published` is what GT lists for the key's credential, where the mode asks for it: without it
/// nothing is shown then.
pub(crate) fn names(
    caller: &Caller,
    generation: &Generation,
    mode: &ListMode,
    published: Option<&HashSet<String>>,
) -> Vec<String> {
    let catalogue = generation.catalogue();
    let is_shown = |entry: &&CatalogueEntry| fences::shows(caller, generation.description(), entry);
    let name = |entry: &CatalogueEntry| entry.name.clone();
    match mode {
        ListMode::Catalogue => catalogue.iter().filter(is_shown).map(name).collect(),
        ListMode::Only(names) => {
            let entries = names.iter().filter_map(|name| catalogue.get(name));
            entries.filter(is_shown).map(name).collect()
        }
        ListMode::Upstream => {
            let is_published = |entry: &&CatalogueEntry| {
                published.is_some_and(|names| entry.published.iter().any(|it| names.contains(it)))
            };
            catalogue
                .iter()
                .filter(is_published)
                .filter(is_shown)
                .map(name)
                .collect()
        }
    }
}
