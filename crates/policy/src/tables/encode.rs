//! Writes tables. The same rules give the same bytes, in whatever order they come.

use alloc::{collections::BTreeMap, string::String, vec, vec::Vec};

use super::layout::{self, Hash, Span};
use crate::{CallerRule, CallerSet, ModelRule, RouteRule, Terms};

/// Why rules cannot be written as tables.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// Two routes have the same method and template.
    RouteTwice(String),
    /// Two entries have the same name or pattern.
    ModelTwice(String),
    /// The tables would not fit a 32-bit memory.
    TooLarge,
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::RouteTwice(route) => write!(f, "route `{route}` is there twice"),
            Self::ModelTwice(model) => write!(f, "model `{model}` is there twice"),
            Self::TooLarge => f.write_str("policy tables would be larger than 2 GiB"),
        }
    }
}

impl core::error::Error for EncodeError {}

/// What tables are made of. Routes and models come in any order; a model whose pattern ends in `*` is
/// a prefix.
#[derive(Clone, Debug, Default)]
pub struct Content<'a> {
    /// The policy's name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its routes.
    pub routes: Vec<RouteRule<'a>>,
    /// Its models.
    pub models: Vec<ModelRule<'a>>,
    /// Its rules for callers, in the order of their places.
    pub callers: Vec<CallerRule<'a>>,
}

/// The tables of a policy.
///
/// # Errors
/// If a route or a model is there twice, or if there is too much for a 32-bit memory.
pub fn encode(content: Content<'_>) -> Result<Vec<u8>, EncodeError> {
    let Content {
        name,
        version,
        routes,
        models,
        callers,
    } = content;
    if callers.len() > CallerSet::MOST {
        return Err(EncodeError::TooLarge);
    }
    let (patterns, models): (Vec<_>, Vec<_>) = models
        .into_iter()
        .partition(|model| model.pattern.ends_with('*'));
    let (models, patterns) = (sorted_models(models)?, sorted_models(patterns)?);
    let routes = sorted_routes(routes)?;

    let mut texts = Pool::default();
    let mut names = Pool::default();
    let mut terms = TermsPool::default();
    let title = [texts.put(name)?, texts.put(version)?];
    let route_records = concat(routes.iter().map(|route| route_record(route, &mut texts)))?;
    let [model_records, pattern_records] = [&models, &patterns].map(|models| {
        concat(models.iter().map(|model| {
            let place = terms.put(&model.terms, &mut texts)?;
            model_record(model, place, &mut names)
        }))
    });
    let (model_records, pattern_records) = (model_records?, pattern_records?);
    let caller_records = concat(
        callers
            .iter()
            .map(|caller| caller_record(caller, &mut texts)),
    )?;
    let prefixes: Vec<&[u8]> = patterns.iter().map(|model| prefix(model)).collect();
    let exact: Vec<&[u8]> = models
        .iter()
        .map(|model| model.pattern.as_bytes())
        .collect();

    let mut file = File::with_title(title);
    file.section(route_records, layout::ROUTE);
    file.section(model_records, layout::MODEL);
    file.section(pattern_records, layout::MODEL);
    file.section(lengths(&prefixes)?, 4);
    file.section(slots(&exact)?, layout::SLOT);
    file.section(slots(&prefixes)?, layout::SLOT);
    file.section(texts.bytes, 1);
    file.section(names.bytes, 1);
    file.section(terms.bytes, layout::TERMS);
    file.section(caller_records, layout::CALLER);
    file.finish()
}

fn sorted_models(mut models: Vec<ModelRule<'_>>) -> Result<Vec<ModelRule<'_>>, EncodeError> {
    models.sort_unstable_by_key(|model| model.pattern);
    let twice = models
        .array_windows()
        .find(|[left, right]| left.pattern == right.pattern);
    match twice {
        Some([model, _]) => Err(EncodeError::ModelTwice(model.pattern.into())),
        None => Ok(models),
    }
}

fn sorted_routes(mut routes: Vec<RouteRule<'_>>) -> Result<Vec<RouteRule<'_>>, EncodeError> {
    fn key<'a>(route: &RouteRule<'a>) -> (&'a str, &'a str) {
        (route.template, route.method)
    }
    routes.sort_unstable_by(|left, right| key(left).cmp(&key(right)));
    let twice = routes
        .array_windows()
        .find(|[left, right]| key(left) == key(right));
    match twice {
        Some([route, _]) => Err(EncodeError::RouteTwice(
            [route.method, " ", route.template].concat(),
        )),
        None => Ok(routes),
    }
}

fn route_record(route: &RouteRule<'_>, texts: &mut Pool) -> Result<Vec<u8>, EncodeError> {
    let spans = [
        texts.put(route.method)?,
        texts.put(route.template)?,
        texts.put_optional(route.scopes.joined())?,
        texts.put(route.query.joined())?,
        texts.put(route.headers.joined())?,
        texts.put_optional(route.because)?,
        texts.put(route.required_headers.joined())?,
        texts.put(route.set_headers.packed())?,
    ];
    let [low, high] = layout::callers_words(route.callers);
    Ok(record(&spans, &[low, high, layout::flags(route)]))
}

fn model_record(
    model: &ModelRule<'_>,
    terms: u32,
    names: &mut Pool,
) -> Result<Vec<u8>, EncodeError> {
    let spans = [
        names.put(model.pattern)?,
        names.put_optional(model.published)?,
    ];
    Ok(record(&spans, &[layout::use_word(model.endpoints, terms)]))
}

fn caller_record(caller: &CallerRule<'_>, texts: &mut Pool) -> Result<Vec<u8>, EncodeError> {
    let spans = [
        texts.put(caller.name)?,
        texts.put(caller.keys.packed())?,
        texts.put(caller.labels.packed())?,
    ];
    Ok(record(&spans, &layout::ceilings_words(caller.ceilings)))
}

fn record(spans: &[Span], words: &[u32]) -> Vec<u8> {
    let spans = spans.iter().flat_map(|span| [span.start, span.length]);
    let words = spans.chain(words.iter().copied());
    words.flat_map(u32::to_le_bytes).collect()
}

/// Terms one after another, each once: most models of a policy have the same.
#[derive(Default)]
struct TermsPool {
    bytes: Vec<u8>,
    /// The place of each, from 1.
    known: BTreeMap<Vec<u8>, u32>,
}

impl TermsPool {
    /// The place of these terms, from 1; 0 for those that set nothing.
    fn put(&mut self, terms: &Terms<'_>, texts: &mut Pool) -> Result<u32, EncodeError> {
        if *terms == Terms::default() {
            return Ok(0);
        }
        let spans = [
            texts.put(terms.choices.packed())?,
            texts.put_optional(terms.deprecated)?,
        ];
        let [tokens, answers, effort] = layout::ceilings_words(terms.ceilings);
        let [low, high] = layout::callers_words(terms.callers);
        let unlisted = u32::from(!terms.is_listed);
        let record = record(&spans, &[tokens, answers, effort, low, high, unlisted]);
        if let Some(place) = self.known.get(&record) {
            return Ok(*place);
        }
        let place = to_word(self.known.len() + 1)?;
        if place > layout::MOST_TERMS {
            return Err(EncodeError::TooLarge);
        }
        self.bytes.extend(&record);
        self.known.insert(record, place);
        Ok(place)
    }
}

fn concat(
    records: impl Iterator<Item = Result<Vec<u8>, EncodeError>>,
) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    for record in records {
        bytes.extend(record?);
    }
    Ok(bytes)
}

fn prefix<'a>(model: &ModelRule<'a>) -> &'a [u8] {
    model
        .pattern
        .strip_suffix('*')
        .unwrap_or(model.pattern)
        .as_bytes()
}

fn lengths(prefixes: &[&[u8]]) -> Result<Vec<u8>, EncodeError> {
    let mut lengths = Vec::with_capacity(prefixes.len());
    for prefix in prefixes {
        lengths.push(to_word(prefix.len())?);
    }
    lengths.sort_unstable();
    lengths.dedup();
    Ok(lengths.into_iter().flat_map(u32::to_le_bytes).collect())
}

/// Slots for keys in the order of their records; at most three in four are taken.
fn slots(keys: &[&[u8]]) -> Result<Vec<u8>, EncodeError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let capacity = (keys.len() + keys.len() / 3 + 1).next_power_of_two();
    let mut slots = vec![[0; 2]; capacity];
    for (index, key) in keys.iter().enumerate() {
        let hash = Hash::EMPTY.and(key);
        let taken = to_word(index + 1)?;
        let mut steps = (0..capacity).map(|step| hash.slot(step, capacity));
        let free = steps.find(|slot| slots.get(*slot).is_some_and(|[_, index]| *index == 0));
        if let Some(slot) = free.and_then(|slot| slots.get_mut(slot)) {
            *slot = [hash.tag(), taken];
        }
    }
    Ok(slots
        .into_iter()
        .flatten()
        .flat_map(u32::to_le_bytes)
        .collect())
}

/// Strings one after another, each once.
#[derive(Default)]
struct Pool {
    bytes: Vec<u8>,
    known: BTreeMap<String, Span>,
}

impl Pool {
    fn put(&mut self, text: &str) -> Result<Span, EncodeError> {
        if let Some(span) = self.known.get(text) {
            return Ok(*span);
        }
        let span = Span {
            start: to_word(self.bytes.len())?,
            length: to_word(text.len())?,
        };
        self.bytes.extend_from_slice(text.as_bytes());
        self.known.insert(text.into(), span);
        Ok(span)
    }

    fn put_optional(&mut self, text: Option<&str>) -> Result<Span, EncodeError> {
        text.map_or(Ok(Span::ABSENT), |text| self.put(text))
    }
}

/// The header's words, and the sections in the order of its fields.
struct File {
    head: Vec<usize>,
    body: Vec<u8>,
}

impl File {
    fn with_title(title: [Span; 2]) -> Self {
        let words = title
            .iter()
            .flat_map(|span| [span.start as usize, span.length as usize]);
        Self {
            head: words.collect(),
            body: Vec::new(),
        }
    }

    fn section(&mut self, bytes: Vec<u8>, size: usize) {
        self.head.push(layout::header::SIZE + self.body.len());
        self.head.push(bytes.len() / size);
        self.body.extend(bytes);
    }

    fn finish(self) -> Result<Vec<u8>, EncodeError> {
        let length = layout::header::SIZE + self.body.len();
        let mut bytes = Vec::with_capacity(length);
        bytes.extend(layout::MAGIC);
        bytes.extend(to_word(length)?.to_le_bytes());
        for word in self.head {
            bytes.extend(to_word(word)?.to_le_bytes());
        }
        bytes.extend(self.body);
        Ok(bytes)
    }
}

/// Half of a 32-bit memory is the most one object can take.
fn to_word(number: usize) -> Result<u32, EncodeError> {
    i32::try_from(number)
        .map(i32::cast_unsigned)
        .map_err(|_| EncodeError::TooLarge)
}
