//! A policy document as written: every key with its place, before anything is decided about it.

use crate::{Diagnostic, List, Position, Text, diagnostic::Findings, yaml};

/// What was written counts, not where it stands.
macro_rules! equal_by {
    ($type:ty: $($field:ident),+) => {
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&+
            }
        }
    };
}

mod case;
mod client;
mod read;
mod read_terms;
mod shape;
mod terms;
mod texts;

pub(crate) use case::{CASE_KEYS, EXPECT_KEYS, case_file};
pub(crate) use client::CLIENT_KEYS;
pub(crate) use read::{DOCUMENT_KEYS, MODEL_KEYS, ROUTE_KEYS, values};
pub(crate) use read_terms::{CALLER_KEYS, CEILING_KEYS, CHOICE_KEYS};
pub(crate) use shape::Present;
pub use terms::{
    BodyEntry, CallerEntry, Ceilings, Choice, EachEntry, Labels, ModelSet, Published, Scope,
};

/// A policy document as written. Two are equal if they say the same, wherever it stands.
///
/// A document is not a policy yet: [`Document::check`] makes one of it.
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct Document {
    /// `policy:`, the policy's own name.
    pub policy: Option<Text>,
    /// `version:`, free text.
    pub version: Option<Text>,
    /// `about:`, for people.
    pub about: Option<Text>,
    /// `include:`, the files it builds on, one or a list.
    pub include: Option<List>,
    /// `values:`, as they stand.
    pub values: Vec<Value>,
    /// `client:`, for people and tools.
    pub client: Option<Client>,
    /// `routes:`, as they stand; `None` if the key is not there.
    pub routes: Option<Vec<Route>>,
    /// `models:`, as they stand.
    pub models: Vec<Model>,
    /// `sets:`, as they stand.
    pub sets: Vec<ModelSet>,
    /// `callers:`, as they stand; `None` if the key is not there.
    pub callers: Option<Vec<CallerEntry>>,
    /// `cases:`, as they stand.
    pub cases: Vec<CaseEntry>,
    pub(crate) present: Present,
}

/// One entry of `values:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Value {
    /// The key: what texts call it by.
    pub name: Text,
    /// What it is if nothing else is given; `None` if something must be.
    pub default: Option<Text>,
}

/// The value of `client:`.
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct Client {
    /// Where the value begins.
    pub position: Position,
    /// `name:`
    pub name: Option<Text>,
    /// `category:`
    pub category: Option<Text>,
    /// `compatibility:`
    pub compatibility: Option<Text>,
    /// `preset:`
    pub preset: Option<Text>,
    /// `setup:`
    pub setup: Option<List>,
    /// `caveats:`
    pub caveats: Option<List>,
    /// `corrections:`
    pub corrections: Option<List>,
    pub(crate) present: Present,
}

/// One entry of `routes:`.
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The key: method and template.
    pub key: Text,
    /// `verdict:`
    pub verdict: Option<Text>,
    /// `action:`
    pub action: Option<Text>,
    /// `scope:`
    pub scope: Option<Scope>,
    /// `purpose:`, one word or a list of them.
    pub purpose: Option<List>,
    /// `model:`, where the body carries the model name.
    pub model: Option<Text>,
    /// `because:`
    pub because: Option<Text>,
    /// `query:`, names that may be sent to GT.
    pub query: Option<List>,
    /// `headers:`, further names that may be sent to GT.
    pub headers: Option<List>,
    /// `required_headers:`, names without which a request is refused.
    pub required_headers: Option<List>,
    /// `set_headers:`, what is set on the request to GT.
    pub set_headers: Vec<(Text, Text)>,
    pub(crate) present: Present,
}

/// One entry of `models:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// The key: a name, or a pattern that ends in `*`.
    pub name: Text,
    /// `published:`
    pub published: Option<Published>,
    /// `for:`
    pub endpoints: Option<List>,
    /// `listed:`, `true` or `false`.
    pub listed: Option<Text>,
    /// `deprecated:`
    pub deprecated: Option<Text>,
    /// `ceilings:`
    pub ceilings: Option<Ceilings>,
}

/// One entry of `cases:`.
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct CaseEntry {
    /// Where the entry begins.
    pub position: Position,
    /// `name:`
    pub name: Option<Text>,
    /// `request:`, method and target.
    pub request: Option<Text>,
    /// `model:`, the name the client writes.
    pub model: Option<Text>,
    /// `preset:`, in place of `scopes` and `purposes`.
    pub preset: Option<Text>,
    /// `scopes:`
    pub scopes: Option<List>,
    /// `purposes:`, one word or a list of them.
    pub purposes: Option<List>,
    /// `models:`
    pub models: Option<AllOrList>,
    /// `published:`
    pub published: Option<AllOrList>,
    /// `datasets:`
    pub datasets: Option<AllOrList>,
    /// `key:`, its identifier.
    pub key: Option<Text>,
    /// `labels:` of the key.
    pub labels: Vec<(Text, Text)>,
    /// `body:`, what else it says.
    pub body: Vec<(Text, BodyEntry)>,
    /// `headers:`
    pub headers: Vec<(Text, Text)>,
    /// `each:`, what the case is repeated for.
    pub each: Option<Vec<EachEntry>>,
    /// `skip:`, why it is not run.
    pub skip: Option<Text>,
    /// `expect:`
    pub expect: Option<Expect>,
    pub(crate) present: Present,
}

/// The value of `expect:` in a case.
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct Expect {
    /// Where the value begins.
    pub position: Position,
    /// `forward:`, the route.
    pub forward: Option<Text>,
    /// `model:`, the published name.
    pub model: Option<Text>,
    /// `response_model:`, the name in the client's answer.
    pub response_model: Option<Text>,
    /// `path:`
    pub path: Option<Text>,
    /// `query:`
    pub query: Option<Text>,
    /// `set_headers:`
    pub set_headers: Option<Vec<(Text, Text)>>,
    /// `drop_headers:`
    pub drop_headers: Option<List>,
    /// `notice:`
    pub notice: Option<Text>,
    /// `refuse:`, the code.
    pub refuse: Option<Text>,
    /// `message:`
    pub message: Option<Text>,
    /// `reason:`
    pub reason: Option<Text>,
    /// `list:`, the names.
    pub list: Option<List>,
    pub(crate) present: Present,
}

/// A list, or the word `all`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllOrList {
    /// The word; the checker says so if it is another.
    Word(Text),
    /// The list.
    List(List),
}

impl Document {
    /// Reads a document as written. What the words in it mean is looked at by [`Document::check`].
    ///
    /// # Errors
    /// Everything that is not YAML of the plain kind, not a known key or not of its key's shape,
    /// in the order of the text.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut findings = Findings::default();
        let document = Self::parse_as_far_as_possible(text, 0, &mut findings);
        findings.finish(document)
    }

    /// `file` is the number of the text, as in [`Position`].
    pub(crate) fn parse_as_far_as_possible(
        text: &str,
        file: u16,
        findings: &mut Findings,
    ) -> Option<Self> {
        let root = yaml::read(text, file, findings)?;
        Some(read::document(root, findings))
    }
}

equal_by!(Document: policy, version, about, include, values, client, routes, models, sets, callers, cases);
equal_by!(Client: name, category, compatibility, preset, setup, caveats, corrections);
equal_by!(Route: key, verdict, action, scope, purpose, model, because, query, headers, required_headers, set_headers);
equal_by!(CaseEntry: name, request, model, preset, scopes, purposes, models, published, datasets, key, labels, body, headers, each, skip, expect);
equal_by!(Expect: forward, model, response_model, path, query, set_headers, drop_headers, notice, refuse, message, reason, list);
