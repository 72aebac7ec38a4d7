//! What is wrong with a document: a stable code, a place, a message, and what to do about it.

use alloc::{collections::BTreeSet, string::String};
use core::fmt;

use crate::{Position, quote::value};

/// How bad a diagnostic is.
///
/// Exhaustive on purpose: a document is valid or it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The document is no policy.
    Error,
    /// It is one, and part of it is probably not what its author meant.
    Warning,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is wrong with a document.
///
/// Printed as `12:5: error[unknown_key]: unknown key …`, after the name of the file if it is one that
/// the document includes; the help is a line of its own for the caller to print.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable word for programs; `docs/errors.md` has a section for each.
    pub code: &'static str,
    /// The included file it is in; `None` for the document itself.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What was probably meant in place of the word that stands there, as YAML.
    pub suggestion: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            severity,
            code,
            file,
            line,
            column,
            message,
            ..
        } = self;
        let severity = severity.word();
        if let Some(file) = file {
            write!(out, "{file}:")?;
        }
        write!(out, "{line}:{column}: {severity}[{code}]: {message}")
    }
}

impl core::error::Error for Diagnostic {}

/// What has been found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<(u16, Diagnostic)>,
    /// Places of which nothing more is to be said.
    closed: BTreeSet<Position>,
    /// The included files, by [`Position::file`] less one.
    files: Vec<String>,
}

impl Findings {
    /// Nothing found so far in a document that includes these.
    pub(crate) fn of_files(files: &[String]) -> Self {
        Self {
            files: files.to_vec(),
            ..Self::default()
        }
    }

    /// The files that places can be in, besides the document.
    pub(crate) fn files(&self) -> &[String] {
        &self.files
    }

    /// Passes over whatever else is found at a place: it would follow from what is known of it.
    pub(crate) fn close(&mut self, place: Position) {
        self.closed.insert(place);
    }

    /// The number of a further file, for the places in it.
    pub(crate) fn add_file(&mut self, name: &str) -> u16 {
        self.files.push(name.into());
        u16::try_from(self.files.len()).unwrap_or(u16::MAX)
    }

    /// `line 3`, and of which file if that is not the one that `of` is in.
    pub(crate) fn line(&self, place: Position, of: Position) -> String {
        let line = place.line;
        match self.file(place.file) {
            _ if place.file == of.file => format!("line {line}"),
            Some(file) => format!("line {line} of {file}"),
            None => format!("line {line} of the document"),
        }
    }

    fn file(&self, number: u16) -> Option<&String> {
        self.files.get(usize::from(number).checked_sub(1)?)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn add(&mut self, code: Code, at: Position, message: impl Into<String>) {
        self.push(Severity::Error, code.word(), at, message.into(), None, None);
    }

    pub(crate) fn add_with_help(
        &mut self,
        code: Code,
        at: Position,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add_with_suggestion(code, at, message, help, None);
    }

    /// `suggestion` is the text that was probably meant.
    pub(crate) fn add_with_suggestion(
        &mut self,
        code: Code,
        at: Position,
        message: impl Into<String>,
        help: impl Into<String>,
        suggestion: Option<&str>,
    ) {
        let (message, help) = (message.into(), Some(help.into()));
        self.push(Severity::Error, code.word(), at, message, help, suggestion);
    }

    /// Says what is probably not meant. What has warnings alone is still valid, so this is for those
    /// who look at a document that has no error.
    pub(crate) fn warn(
        &mut self,
        code: Warning,
        at: Position,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (message, help) = (message.into(), Some(help.into()));
        self.push(Severity::Warning, code.word(), at, message, help, None);
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: Position,
        message: String,
        help: Option<String>,
        suggestion: Option<&str>,
    ) {
        if self.closed.contains(&at) {
            return;
        }
        let Position { line, column, file } = at;
        let diagnostic = Diagnostic {
            severity,
            code,
            file: self.file(file).cloned(),
            line,
            column,
            message,
            help,
            suggestion: suggestion.map(value),
        };
        self.found.push((file, diagnostic));
    }

    /// Everything found, each once, in the order of the text: the document's first.
    pub(crate) fn sorted(self) -> Vec<Diagnostic> {
        let mut found = self.found;
        found.sort_by(|(in_a, a), (in_b, b)| {
            let a = (in_a, a.line, a.column, a.code, &a.message);
            a.cmp(&(in_b, b.line, b.column, b.code, &b.message))
        });
        found.dedup();
        found.into_iter().map(|(_, found)| found).collect()
    }

    /// The value, or everything found.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Diagnostic>> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            _ => Err(self.sorted()),
        }
    }
}

/// The one of `known` that `word` was probably meant to be.
pub(crate) fn closest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Who writes more than this did not mistype.
    const LONGEST: usize = 300;
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let distance = |candidate: &str| strsim::osa_distance(&lower, &candidate.to_lowercase());
    // A third of the word may be wrong: `verdit` is close to `verdict`, `foo` to nothing.
    let is_close =
        |(distance, candidate): &(usize, &str)| distance * 3 <= candidate.chars().count().max(3);
    let candidates = known
        .into_iter()
        .map(|candidate| (distance(candidate), candidate));
    let (_, closest) = candidates
        .filter(is_close)
        .min_by_key(|(distance, _)| *distance)?;
    Some(closest)
}

/// `did you mean …?`, if one of `known` is close enough to `word`, else what may be written.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    match closest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of {}", known.join(", ")),
    }
}

/// User text for a message: cut, and without control characters.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut out: String = text.chars().take(MOST).flat_map(printable).collect();
    if text.chars().count() > MOST {
        out.push('…');
    }
    out
}

fn printable(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control() || c == '\u{feff}' || c == '\u{2028}' || c == '\u{2029}';
    let plain = (!escaped).then_some(c);
    plain
        .into_iter()
        .chain(escaped.then(|| c.escape_default()).into_iter().flatten())
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident, $(#[$all_doc:meta])* $all:ident: $($variant:ident = $word:literal,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($variant,)+ }

        impl $name {
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl Diagnostic {
            $(#[$all_doc])*
            pub const $all: &'static [&'static str] = &[$($word,)+];
        }
    };
}

codes! {
    /// The code of a warning. `docs/errors.md` has a section for each, and a test keeps it so.
    Warning,
    /// Every code a warning can have.
    WARNINGS:
    NamesDifferInCase = "names_differ_in_case",
    UnreachableRoute = "unreachable_route",
    ShadowedRoute = "shadowed_route",
    UnreachableModel = "unreachable_model",
    ShadowedModel = "shadowed_model",
    RedundantModel = "redundant_model",
    UnreachableChoice = "unreachable_choice",
    RedundantCaller = "redundant_caller",
    UnusedSet = "unused_set",
    ScopeWithoutPreset = "scope_without_preset",
    CeilingWithoutEffect = "ceiling_without_effect",
    HeaderWithoutEffect = "header_without_effect",
}

codes! {
    /// The code of an error. `docs/errors.md` has a section for each, and a test keeps it so.
    Code,
    /// Every code an error can have.
    CODES:
    YamlSyntax = "yaml_syntax",
    YamlAnchor = "yaml_anchor",
    YamlTag = "yaml_tag",
    YamlMerge = "yaml_merge",
    YamlDocuments = "yaml_documents",
    TooLarge = "too_large",
    TooDeep = "too_deep",
    EmptyDocument = "empty_document",
    BadKey = "bad_key",
    DuplicateKey = "duplicate_key",
    UnknownKey = "unknown_key",
    MissingKey = "missing_key",
    WrongShape = "wrong_shape",
    Unquoted = "unquoted",
    Blank = "blank",
    BadText = "bad_text",
    EmptyList = "empty_list",
    DuplicateEntry = "duplicate_entry",
    BadPolicyName = "bad_policy_name",
    UnknownMethod = "unknown_method",
    BadTemplate = "bad_template",
    DuplicateRoute = "duplicate_route",
    AliasRoute = "alias_route",
    UnknownVerdict = "unknown_verdict",
    UnknownAction = "unknown_action",
    ForwardNotSupported = "forward_not_supported",
    MissingBecause = "missing_because",
    MissingScope = "missing_scope",
    BadScope = "bad_scope",
    UnknownPurpose = "unknown_purpose",
    UnknownSource = "unknown_source",
    WrongSource = "wrong_source",
    BadQueryName = "bad_query_name",
    BadHeaderName = "bad_header_name",
    BadModelName = "bad_model_name",
    BadPublishedName = "bad_published_name",
    UnknownEndpoint = "unknown_endpoint",
    EndpointWithoutRoute = "endpoint_without_route",
    NotABoolean = "not_a_boolean",
    NotANumber = "not_a_number",
    BadChoice = "bad_choice",
    BadLabel = "bad_label",
    UnknownEffort = "unknown_effort",
    BadSetName = "bad_set_name",
    BadCallerName = "bad_caller_name",
    BadCallerKey = "bad_caller_key",
    UnknownModel = "unknown_model",
    UnknownCallerRoute = "unknown_caller_route",
    BadHeaderValue = "bad_header_value",
    NotInGtTable = "not_in_gt_table",
    LessThanGt = "less_than_gt",
    DuplicateCase = "duplicate_case",
    BadCaseBody = "bad_case_body",
    BadEach = "bad_each",
    BadRequestLine = "bad_request_line",
    BadExpectation = "bad_expectation",
    UnknownCaseRoute = "unknown_case_route",
    UnknownRefusal = "unknown_refusal",
    UnknownPreset = "unknown_preset",
    ConflictingPreset = "conflicting_preset",
    UnknownCategory = "unknown_category",
    UnknownCompatibility = "unknown_compatibility",
    BadInclude = "bad_include",
    UnreadableInclude = "unreadable_include",
    IncludeCycle = "include_cycle",
    IncludeConflict = "include_conflict",
    BadValueName = "bad_value_name",
    BadValue = "bad_value",
    BadReference = "bad_reference",
    UnknownValue = "unknown_value",
    MissingValue = "missing_value",
    UnusedValue = "unused_value",
}
