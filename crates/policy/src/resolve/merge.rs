//! Entries of a document and of its bases, put together by their keys.

use std::collections::{BTreeMap, BTreeSet};

use super::include::Part;
use crate::{
    Document, Text,
    diagnostic::{Code, Findings, shown},
    document::{CallerEntry, CaseEntry, Model, ModelSet, Route, Value},
};

/// Something that stands under a key, and is replaced as a whole.
trait Keyed: Clone + PartialEq {
    /// `None` if it has none, which someone else reports.
    fn key(&self) -> Option<&Text>;

    /// Those of a document.
    fn of(document: &Document) -> &[Self];

    /// What to write to decide between two.
    const WHERE: &'static str;
}

/// The values that are named anywhere.
pub(super) fn values(parts: &[Part], findings: &mut Findings) -> Vec<Value> {
    Merged::of(parts, findings)
}

/// The document with the entries of its bases, and without a word of where they came from.
pub(super) fn document(mut parts: Vec<Part>, findings: &mut Findings) -> Document {
    if parts.len() > 1 {
        let has_routes = parts.iter().any(|part| part.document.routes.is_some());
        let routes: Vec<Route> = Merged::of(&parts, findings);
        let models: Vec<Model> = Merged::of(&parts, findings);
        let has_callers = parts.iter().any(|part| part.document.callers.is_some());
        let sets: Vec<ModelSet> = Merged::of(&parts, findings);
        let callers: Vec<CallerEntry> = Merged::of(&parts, findings);
        let cases: Vec<CaseEntry> = Merged::of(&parts, findings);
        if let Some(own) = parts.first_mut() {
            own.document.routes = has_routes.then_some(routes);
            own.document.models = models;
            own.document.sets = sets;
            own.document.callers = has_callers.then_some(callers);
            own.document.cases = cases;
        }
    }
    let own = parts.into_iter().next().map(|part| part.document);
    let mut document = own.unwrap_or_default();
    document.include = None;
    document.values = Vec::new();
    document
}

/// The entries of a part, its bases' among them.
struct Merged<E> {
    entries: Vec<E>,
    /// Where each key stands, and which base it is of.
    places: BTreeMap<String, (usize, usize)>,
}

impl<E: Keyed> Merged<E> {
    fn of(parts: &[Part], findings: &mut Findings) -> Vec<E> {
        let mut done = vec![None; parts.len()];
        part(parts, 0, &mut done, findings)
    }
}

/// The entries of part `number`. Each part is put together once, however often it is included.
fn part<E: Keyed>(
    parts: &[Part],
    number: usize,
    done: &mut [Option<Vec<E>>],
    findings: &mut Findings,
) -> Vec<E> {
    if let Some(Some(entries)) = done.get(number) {
        return entries.clone();
    }
    let Some(this) = parts.get(number) else {
        return Vec::new();
    };
    let own = E::of(&this.document);
    let decided: BTreeSet<&str> = own.iter().filter_map(key).collect();
    let mut merged = Merged {
        entries: Vec::new(),
        places: BTreeMap::new(),
    };
    for (index, (said, base)) in this.bases.iter().enumerate() {
        let entries = part(parts, *base, done, findings);
        merged.add_base(entries, index, said, &decided, findings);
    }
    merged.add_own(own);
    if let Some(place) = done.get_mut(number) {
        *place = Some(merged.entries.clone());
    }
    merged.entries
}

impl<E: Keyed> Merged<E> {
    /// Adds the entries of a base; two bases must not say different things, unless it is `decided`
    /// which of them counts.
    fn add_base(
        &mut self,
        entries: Vec<E>,
        base: usize,
        said: &Text,
        decided: &BTreeSet<&str>,
        findings: &mut Findings,
    ) {
        for entry in entries {
            let Some(key) = key(&entry).map(str::to_owned) else {
                self.entries.push(entry);
                continue;
            };
            match self.places.get(&key) {
                Some((place, other)) if *other != base => {
                    let is_same = self.entries.get(*place) == Some(&entry);
                    if !is_same && !decided.contains(&*key) {
                        let key = shown(&key);
                        let message = format!("two included files differ in `{key}`");
                        let help = format!("write the one that counts {}", E::WHERE);
                        findings.add_with_help(Code::IncludeConflict, said.position, message, help);
                    }
                }
                // One that stands twice in one file: whoever checks the entries says so.
                Some(_) => self.entries.push(entry),
                None => {
                    self.places.insert(key, (self.entries.len(), base));
                    self.entries.push(entry);
                }
            }
        }
    }

    /// Puts a file's own entries in the place of its bases', or after them.
    fn add_own(&mut self, own: &[E]) {
        for entry in own {
            let place = key(entry).and_then(|key| self.places.remove(key));
            match place.and_then(|(place, _)| self.entries.get_mut(place)) {
                Some(of_base) => *of_base = entry.clone(),
                None => self.entries.push(entry.clone()),
            }
        }
    }
}

fn key<E: Keyed>(entry: &E) -> Option<&str> {
    entry.key().map(|text| text.value.as_str())
}

impl Keyed for Value {
    fn key(&self) -> Option<&Text> {
        Some(&self.name)
    }

    fn of(document: &Document) -> &[Self] {
        &document.values
    }

    const WHERE: &'static str = "under `values:` here";
}

impl Keyed for Route {
    fn key(&self) -> Option<&Text> {
        Some(&self.key)
    }

    fn of(document: &Document) -> &[Self] {
        document.routes.as_deref().unwrap_or_default()
    }

    const WHERE: &'static str = "under `routes:` here";
}

impl Keyed for Model {
    fn key(&self) -> Option<&Text> {
        Some(&self.name)
    }

    fn of(document: &Document) -> &[Self] {
        &document.models
    }

    const WHERE: &'static str = "under `models:` here";
}

impl Keyed for ModelSet {
    fn key(&self) -> Option<&Text> {
        Some(&self.name)
    }

    fn of(document: &Document) -> &[Self] {
        &document.sets
    }

    const WHERE: &'static str = "under `sets:` here";
}

impl Keyed for CallerEntry {
    fn key(&self) -> Option<&Text> {
        Some(&self.name)
    }

    fn of(document: &Document) -> &[Self] {
        document.callers.as_deref().unwrap_or_default()
    }

    const WHERE: &'static str = "under `callers:` here";
}

impl Keyed for CaseEntry {
    fn key(&self) -> Option<&Text> {
        self.name.as_ref()
    }

    fn of(document: &Document) -> &[Self] {
        &document.cases
    }

    const WHERE: &'static str = "under `cases:` here";
}
