//! A policy as bytes: [`Rules`] read in place, without allocation and without a parse.
//!
//! [`Tables::read`] checks the header, every section's bounds and the routes' text, which is as
//! long as a document's routes and independent of the number of models. Every later access is
//! checked again and total: a damaged entry is as if it were not there, so damage can only refuse.
//!
//! All numbers are little-endian `u32`; a *text* or *name* is an (offset, length) pair into the
//! section of that name, its offset `u32::MAX` where it is absent. Sections follow the header in
//! the order of its fields.
//!
//! | bytes | header field | a record of that section |
//! | --- | --- | --- |
//! | 0 | `SBT2` | |
//! | 4 | length of everything | |
//! | 8 | the policy's name, a text | |
//! | 16 | its version, a text | |
//! | 24 | routes: offset, count; by template, then method | 76: texts method, template, scopes, query, headers, because, required headers, set headers; callers, twice 32 bits; flags |
//! | 32 | models: offset, count; exact names in byte order | 20: names pattern, published; endpoint bits in the low byte, above it the place of its terms + 1, or 0 |
//! | 40 | patterns: offset, count; in byte order | the same; the pattern's name keeps its `*` |
//! | 48 | lengths: offset, count; ascending | 4: the length of one or more prefixes |
//! | 56 | model slots: offset, count; a power of two, or 0 | 8: high half of the hash; index into models + 1, or 0 |
//! | 64 | pattern slots: likewise, of the prefix without `*` | 8: likewise, index into patterns |
//! | 72 | texts: offset, bytes; valid UTF-8 as a whole | |
//! | 80 | names: offset, bytes; each published name once | |
//! | 88 | terms: offset, count; each once | 40: texts choices, deprecated; ceilings; callers, twice 32 bits; 1 if it is not listed |
//! | 96 | callers: offset, count; in the order of their places | 36: texts name, keys, labels; ceilings |
//!
//! Ceilings are three numbers: tokens, answers, and the place of the effort; `u32::MAX` where none is set.
//! Slots are probed upwards from the low half of the hash, a folded 64-bit FNV-1a. Flags of a
//! route: bits 0–1 verdict, 2–3 model source, 4 refused, 8–10 purposes. A model takes 31 to 41
//! bytes and its name, and its published name if no other model has the same.

mod encode;
mod layout;
#[cfg(test)]
mod tests;

pub use encode::{Content, EncodeError, encode};

use crate::{
    CallerRule, CallerSet, CatalogueEntry, Choices, Description, Labels, ModelRule, NameList,
    RouteIndex, RouteRule, Rules, ScopeSets, SetHeaders, Terms, Words, describe,
};
use layout::{CALLER, Hash, MODEL, ROUTE, Reference, SLOT, Span, TERMS, header};

/// A policy's tables, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    name: &'a str,
    version: &'a str,
    routes: &'a [[u8; ROUTE]],
    models: Index<'a>,
    patterns: Index<'a>,
    lengths: &'a [[u8; 4]],
    texts: &'a str,
    names: &'a [u8],
    terms: &'a [[u8; TERMS]],
    callers: &'a [[u8; CALLER]],
}

/// Records with a hash table over them.
#[derive(Clone, Copy, Debug)]
struct Index<'a> {
    records: &'a [[u8; MODEL]],
    slots: &'a [[u8; SLOT]],
}

/// Why bytes are not a policy's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadTables {
    /// They do not begin with the header of this version.
    Header,
    /// They are shorter than their header says.
    Length,
    /// A section lies outside them, or its size is not that of its records.
    Section,
    /// The texts are not UTF-8.
    Text,
}

impl core::fmt::Display for BadTables {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Header => "not the header of policy tables",
            Self::Length => "policy tables are cut short",
            Self::Section => "a section of the policy tables is out of bounds",
            Self::Text => "the texts of the policy tables are not UTF-8",
        })
    }
}

impl core::error::Error for BadTables {}

impl<'a> Tables<'a> {
    /// The length the first eight bytes of tables state.
    ///
    /// # Errors
    /// [`BadTables::Header`] if they are not the start of tables.
    pub fn stated_length(start: &[u8]) -> Result<usize, BadTables> {
        let magic = start.get(..4).ok_or(BadTables::Header)?;
        let length = layout::word(start, 1).ok_or(BadTables::Header)?;
        if magic != layout::MAGIC || (length as usize) < header::SIZE {
            return Err(BadTables::Header);
        }
        Ok(length as usize)
    }

    /// The tables at the start of `bytes`; whatever follows them is not looked at.
    ///
    /// # Errors
    /// What is wrong with the header or a section.
    pub fn read(bytes: &'a [u8]) -> Result<Self, BadTables> {
        let length = Self::stated_length(bytes)?;
        let bytes = bytes.get(..length).ok_or(BadTables::Length)?;
        let slots_of = |at| {
            let slots: &[[u8; SLOT]] = section(bytes, at)?;
            let is_legal = slots.is_empty() || slots.len().is_power_of_two();
            is_legal.then_some(slots).ok_or(BadTables::Section)
        };
        let texts = section::<1>(bytes, header::TEXTS)?.as_flattened();
        let texts = core::str::from_utf8(texts).map_err(|_| BadTables::Text)?;
        let text = |at| Span::at(bytes, at).text(texts).ok_or(BadTables::Section);
        let callers: &[[u8; CALLER]] = section(bytes, header::CALLERS)?;
        // One that were passed over would leave what it limits to the others.
        let is_whole = |record| caller_rule(record, texts).is_some();
        if callers.len() > CallerSet::MOST || !callers.iter().all(is_whole) {
            return Err(BadTables::Section);
        }
        Ok(Self {
            name: text(header::NAME)?,
            version: text(header::VERSION)?,
            routes: section(bytes, header::ROUTES)?,
            models: Index {
                records: section(bytes, header::MODELS)?,
                slots: slots_of(header::MODEL_SLOTS)?,
            },
            patterns: Index {
                records: section(bytes, header::PATTERNS)?,
                slots: slots_of(header::PATTERN_SLOTS)?,
            },
            lengths: section(bytes, header::LENGTHS)?,
            texts,
            names: section::<1>(bytes, header::NAMES)?.as_flattened(),
            terms: section(bytes, header::TERMS)?,
            callers,
        })
    }

    /// The policy's name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The policy's version.
    #[must_use]
    pub const fn version(&self) -> &'a str {
        self.version
    }

    /// How many exact names there are.
    #[must_use]
    pub const fn model_count(&self) -> usize {
        self.models.records.len()
    }

    /// The rules of the exact names after `after`, in byte order.
    pub fn models_after(&self, after: Option<&str>) -> impl Iterator<Item = ModelRule<'a>> {
        let is_before = |record: &[u8; MODEL]| {
            let name = self.name_bytes(record, layout::PATTERN);
            after.is_some_and(|after| name.is_some_and(|name| name <= after.as_bytes()))
        };
        let start = self.models.records.partition_point(is_before);
        let rest = self.models.records.get(start..).unwrap_or_default();
        rest.iter().filter_map(|record| self.model_rule(record))
    }

    /// The catalogue after `after`: patterns are callable, but not listed.
    pub fn catalogue_after(&self, after: Option<&str>) -> impl Iterator<Item = CatalogueEntry> {
        self.models_after(after)
            .filter_map(|rule| describe::catalogue_entry(self, &rule))
    }

    /// What the policy says of itself. `None` if a route cannot be read: the places of those behind it
    /// would be others than an answer's.
    #[must_use]
    pub fn description(&self) -> Option<Description> {
        let description =
            describe::description(self, self.name, self.version, self.models_after(None));
        (description.routes.len() == self.routes.len()).then_some(description)
    }

    fn longest_prefix(&self, name: &str) -> Option<ModelRule<'a>> {
        // Shortest first: the hash of each prefix goes on from the one before, so that a name is
        // hashed once however many lengths there are.
        let mut best = None;
        let mut hash = Hash::EMPTY;
        let mut hashed = 0;
        for length in self.lengths {
            let length = u32::from_le_bytes(*length) as usize;
            let Some(more) = name.as_bytes().get(hashed..length) else {
                break;
            };
            hash = hash.and(more);
            hashed = length;
            let prefix = name.as_bytes().get(..length)?;
            let is_pattern = |record: &[u8; MODEL]| {
                self.name_bytes(record, layout::PATTERN)
                    .and_then(|it| it.strip_suffix(b"*"))
                    == Some(prefix)
            };
            if let Some(record) = self.patterns.find(hash, is_pattern) {
                best = Some(record);
            }
        }
        self.model_rule(best?)
    }

    fn name_bytes(&self, record: &[u8; MODEL], reference: Reference) -> Option<&'a [u8]> {
        Span::at(record, reference).bytes(self.names)
    }

    fn model_rule(&self, record: &[u8; MODEL]) -> Option<ModelRule<'a>> {
        let name = |reference| core::str::from_utf8(self.name_bytes(record, reference)?).ok();
        let published = match Span::at(record, layout::PUBLISHED).is_absent() {
            true => None,
            false => Some(name(layout::PUBLISHED)?),
        };
        let word = layout::word(record, layout::USE)?;
        let terms = match layout::terms(word) {
            None => Terms::default(),
            Some(place) => self.terms_of(self.terms.get(place)?)?,
        };
        Some(ModelRule {
            pattern: name(layout::PATTERN)?,
            published,
            endpoints: layout::endpoints(word),
            terms,
        })
    }

    fn terms_of(&self, record: &[u8; TERMS]) -> Option<Terms<'a>> {
        let deprecated = Span::at(record, layout::DEPRECATED);
        Some(Terms {
            is_listed: layout::word(record, layout::UNLISTED)? == 0,
            deprecated: match deprecated.is_absent() {
                true => None,
                false => Some(deprecated.text(self.texts)?),
            },
            choices: Choices::new(Span::at(record, layout::CHOICES).text(self.texts)?),
            ceilings: layout::ceilings(record, layout::TERMS_CEILINGS)?,
            callers: layout::callers(record, layout::TERMS_CALLERS)?,
        })
    }

    fn template(&self, record: &[u8; ROUTE]) -> Option<&'a str> {
        Span::at(record, layout::TEMPLATE).text(self.texts)
    }

    fn route_of(&self, record: &[u8; ROUTE]) -> Option<RouteRule<'a>> {
        let text = |reference| Span::at(record, reference).text(self.texts);
        // Absent is not damaged: scopes that cannot be read must not open their route.
        let optional = |reference| match Span::at(record, reference).is_absent() {
            true => Some(None),
            false => text(reference).map(Some),
        };
        let flags = layout::word(record, layout::FLAGS)?;
        Some(RouteRule {
            method: text(layout::METHOD)?,
            template: self.template(record)?,
            verdict: layout::verdict(flags)?,
            action: layout::action(flags),
            purposes: layout::purposes(flags),
            scopes: ScopeSets::new(optional(layout::SCOPES)?),
            model: layout::model_source(flags)?,
            query: NameList::new(text(layout::QUERY)?),
            headers: NameList::new(text(layout::HEADERS)?),
            because: optional(layout::BECAUSE)?,
            required_headers: NameList::new(text(layout::REQUIRED_HEADERS)?),
            set_headers: SetHeaders::new(text(layout::SET_HEADERS)?),
            callers: layout::callers(record, layout::ROUTE_CALLERS)?,
        })
    }
}

impl Rules for Tables<'_> {
    fn routes(&self) -> impl Iterator<Item = RouteRule<'_>> {
        self.routes
            .iter()
            .filter_map(|record| self.route_of(record))
    }

    fn route(&self, index: RouteIndex) -> Option<RouteRule<'_>> {
        self.route_of(self.routes.get(index.place())?)
    }

    fn templates(&self) -> impl Iterator<Item = &str> {
        self.routes
            .iter()
            .filter_map(|record| self.template(record))
    }

    fn routes_of<'t>(
        &'t self,
        template: &'t str,
    ) -> impl Iterator<Item = (RouteIndex, RouteRule<'t>)> {
        let places = (0..).map(RouteIndex).zip(self.routes);
        let records = places.filter(move |(_, record)| self.template(record) == Some(template));
        records.filter_map(|(index, record)| Some((index, self.route_of(record)?)))
    }

    fn model(&self, name: &str) -> Option<ModelRule<'_>> {
        let is_name = |record: &[u8; MODEL]| {
            self.name_bytes(record, layout::PATTERN) == Some(name.as_bytes())
        };
        match self.models.find(Hash::EMPTY.and(name.as_bytes()), is_name) {
            Some(record) => self.model_rule(record),
            None => self.longest_prefix(name),
        }
    }

    fn exact_models(&self) -> impl Iterator<Item = ModelRule<'_>> {
        self.models_after(None)
    }

    fn callers(&self) -> impl Iterator<Item = CallerRule<'_>> {
        let texts = self.texts;
        let records = self.callers.iter();
        records.filter_map(move |record| caller_rule(record, texts))
    }

    fn terms(&self) -> impl Iterator<Item = Terms<'_>> {
        self.terms.iter().filter_map(|record| self.terms_of(record))
    }
}

fn caller_rule<'a>(record: &[u8; CALLER], texts: &'a str) -> Option<CallerRule<'a>> {
    let text = |reference| Span::at(record, reference).text(texts);
    Some(CallerRule {
        name: text(layout::CALLER_NAME)?,
        keys: Words::new(text(layout::CALLER_KEYS)?),
        labels: Labels::new(text(layout::CALLER_LABELS)?),
        ceilings: layout::ceilings(record, layout::CALLER_CEILINGS)?,
    })
}

impl<'a> Index<'a> {
    /// The record with this hash that `is_it`. Ends after one round, even in full tables.
    fn find(&self, hash: Hash, is_it: impl Fn(&[u8; MODEL]) -> bool) -> Option<&'a [u8; MODEL]> {
        for step in 0..self.slots.len() {
            let slot = self.slots.get(hash.slot(step, self.slots.len()))?;
            let index = (layout::word(slot, 1)? as usize).checked_sub(1)?;
            if layout::word(slot, 0)? != hash.tag() {
                continue;
            }
            let record = self.records.get(index)?;
            if is_it(record) {
                return Some(record);
            }
        }
        None
    }
}

/// The section whose offset and count stand at `at` in the header.
fn section<const SIZE: usize>(bytes: &[u8], at: Reference) -> Result<&[[u8; SIZE]], BadTables> {
    let Span {
        start,
        length: count,
    } = Span::at(bytes, at);
    let size = (count as usize)
        .checked_mul(SIZE)
        .ok_or(BadTables::Section)?;
    let section = bytes
        .get(start as usize..)
        .and_then(|rest| rest.get(..size));
    Ok(section.ok_or(BadTables::Section)?.as_chunks().0)
}

/// For whoever compares policies; the engine does not.
#[cfg(feature = "cases")]
impl<'a> Tables<'a> {
    /// The rules of the patterns, in byte order.
    pub fn patterns(&self) -> impl Iterator<Item = ModelRule<'a>> {
        let records = self.patterns.records.iter();
        records.filter_map(|record| self.model_rule(record))
    }
}
