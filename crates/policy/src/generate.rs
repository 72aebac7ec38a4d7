//! Documents, callers and requests for property tests, drawn so that they meet: most requests
//! name a route, a model and a scope that some document has, and some name none.
//!
//! Only with the `generate` feature; nothing but tests uses it.

use proptest::{collection, option, prelude::*, sample};

use crate::{
    BodyMember, BodyMemberFault, Caller, Header, HeaderBuf, Names, Purpose, Purposes, Request,
    RequestedModel, gt::CONVERSATION_HEADER,
};

mod document;
mod terms;
mod text;
mod words;

pub use document::{documents, texts};
use words::{DATASETS, KEYS, LABELS, MODELS, PATHS, PATTERNS, PUBLISHED, SCOPES};

/// A request that owns its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asking {
    /// Upper-case method.
    pub method: String,
    /// Canonical path.
    pub path: String,
    /// The query without `?`.
    pub query: Option<String>,
    /// The content type.
    pub content_type: Option<String>,
    /// The headers a document's policy asks for.
    pub headers: Vec<HeaderBuf>,
    /// Who asks.
    pub caller: Caller,
    /// What is known of the model name.
    pub model: Known,
    /// The members of the body, told once its model is known.
    pub body_members: Vec<(&'static str, Member)>,
}

/// The value of a member of the body, owned.
///
/// Exhaustive on purpose, like [`BodyMember`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// A number.
    Integer(u64),
    /// A string.
    Text(String),
    /// It cannot be told.
    Unclear(BodyMemberFault),
}

/// What is known of the model name, owned.
///
/// Exhaustive on purpose, like [`RequestedModel`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The body has not been looked at.
    Unread,
    /// The body has no model name.
    Absent,
    /// The body has this one.
    Named(String),
}

impl Asking {
    /// Hands the request to `f`.
    pub fn ask<T>(&self, f: impl FnOnce(&Request<'_>) -> T) -> T {
        let header = |header: &'_ HeaderBuf| -> (String, Vec<u8>) {
            (header.name.clone(), header.value.clone())
        };
        let owned: Vec<(String, Vec<u8>)> = self.headers.iter().map(header).collect();
        let headers: Vec<Header<'_>> = owned
            .iter()
            .map(|(name, value)| Header { name, value })
            .collect();
        let members = self.body_members.iter();
        let members = members.map(|(name, member)| (*name, member.told()));
        let members = members.filter(|_| self.model != Known::Unread);
        let members: Vec<(&str, BodyMember<'_>)> = members.collect();
        f(&Request {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            content_type: self.content_type.as_deref(),
            headers: &headers,
            caller: &self.caller,
            model: self.model.requested(),
            body_members: &members,
        })
    }

    /// The same request with something else known of its model.
    #[must_use]
    pub fn with_model(&self, model: Known) -> Self {
        Self {
            model,
            ..self.clone()
        }
    }
}

impl Member {
    fn told(&self) -> BodyMember<'_> {
        match self {
            Self::Integer(number) => BodyMember::Integer(*number),
            Self::Text(text) => BodyMember::Text(text),
            Self::Unclear(fault) => BodyMember::Unclear(*fault),
        }
    }
}

impl Known {
    fn requested(&self) -> RequestedModel<'_> {
        match self {
            Self::Unread => RequestedModel::Unread,
            Self::Absent => RequestedModel::Absent,
            Self::Named(name) => RequestedModel::Named(name),
        }
    }
}

/// Keys of every kind: those that may do everything are as frequent as those that may do little.
pub fn callers() -> impl Strategy<Value = Caller> {
    let scopes = prop_oneof![
        Just(
            SCOPES
                .iter()
                .map(|scope| (*scope).to_owned())
                .collect::<Vec<_>>()
        ),
        sample::subsequence(SCOPES, 0..=SCOPES.len())
            .prop_map(|scopes| scopes.into_iter().map(str::to_owned).collect()),
    ];
    let lists = (names(MODELS), names(PUBLISHED), names(DATASETS));
    let who = (sample::select(KEYS), labels());
    (who, purposes(), scopes, lists).prop_map(|((id, labels), purposes, scopes, lists)| {
        let (models, published, datasets) = lists;
        Caller {
            id: id.into(),
            purposes,
            scopes,
            labels,
            models,
            published,
            datasets,
        }
    })
}

fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
    let value = || option::of(sample::select(&["ops", "sales", "x y", "other"][..]));
    (value(), value()).prop_map(|(first, second)| {
        let pairs = LABELS.iter().zip([first, second]);
        let pairs = pairs.filter_map(|(name, value)| Some(((*name).into(), value?.into())));
        pairs.collect()
    })
}

/// Requests by generated callers.
pub fn requests() -> impl Strategy<Value = Asking> {
    let content_type = option::of(Just("application/json".to_owned()));
    let facts = (methods(), paths(), queries(), content_type, headers());
    (facts, callers(), models(), members()).prop_map(|(facts, caller, model, body_members)| {
        let (method, path, query, content_type, headers) = facts;
        Asking {
            method,
            path,
            query,
            content_type,
            headers,
            caller,
            model,
            body_members,
        }
    })
}

/// Those that ceilings look at, with values around the ceilings that documents set.
fn members() -> impl Strategy<Value = Vec<(&'static str, Member)>> {
    let fault = || sample::select(&[BodyMemberFault::Repeated, BodyMemberFault::OtherType][..]);
    let number = sample::select(&[0, 1, 2, 16, 17, 4096, 4097, u64::MAX][..]);
    let word = sample::select(&["none", "low", "high", "loud"][..]);
    let number = prop_oneof![
        8 => number.prop_map(Member::Integer),
        1 => word.clone().prop_map(|it| Member::Text(it.into())),
        1 => fault().prop_map(Member::Unclear),
    ];
    let effort = prop_oneof![
        8 => word.prop_map(|it| Member::Text(it.into())),
        1 => Just(Member::Integer(1)),
        1 => fault().prop_map(Member::Unclear),
    ];
    let each = (collection::vec(option::of(number), 3), option::of(effort));
    each.prop_map(|(numbers, effort)| {
        let names = [
            "max_tokens",
            "max_completion_tokens",
            "n",
            "reasoning_effort",
        ];
        let pairs = names.into_iter().zip(numbers.into_iter().chain([effort]));
        pairs
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    })
}

fn purposes() -> impl Strategy<Value = Purposes> {
    prop_oneof![
        Just(Purposes::from_iter(Purpose::ALL)),
        sample::subsequence(&Purpose::ALL, 1..=3).prop_map(Purposes::from_iter),
    ]
}

/// A key's list: everything, or some of `known`, with prefixes of them and strangers.
fn names(known: &'static [&'static str]) -> impl Strategy<Value = Names> {
    let prefix = (sample::select(known), 0..4_usize)
        .prop_map(|(name, length)| name.chars().take(length).chain(['*']).collect::<String>());
    let entry = prop_oneof![
        4 => sample::select(known).prop_map(str::to_owned),
        1 => prefix,
        1 => "[a-z]{1,4}",
    ];
    prop_oneof![
        2 => Just(Names::All),
        1 => collection::vec(entry, 0..4).prop_map(Names::Only),
    ]
}

fn methods() -> impl Strategy<Value = String> {
    let known = sample::select(&["GET", "POST", "POST", "POST", "PUT", "DELETE"][..]);
    known.prop_map(str::to_owned)
}

fn paths() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => sample::select(PATHS).prop_map(str::to_owned),
        1 => "/v1/x/[a-c]/[a-c]",
        1 => "/v1(/[A-Za-z0-9._~-]{1,6}){1,4}",
    ]
}

fn queries() -> impl Strategy<Value = Option<String>> {
    let known = [
        "limit=2",
        "after=a%20b&limit=2",
        "x=1",
        "limit",
        "limits=1&&limit=3",
        "",
    ];
    let query = sample::select(known.to_vec()).prop_map(str::to_owned);
    prop_oneof![3 => Just(None), 1 => query.prop_map(Some)]
}

fn headers() -> impl Strategy<Value = Vec<HeaderBuf>> {
    let value = prop_oneof![Just(b"c-1".to_vec()), collection::vec(any::<u8>(), 0..8)];
    let names = sample::select(&[CONVERSATION_HEADER, "x-team"][..]);
    let header = (names, value).prop_map(|(name, value)| HeaderBuf {
        name: name.into(),
        value,
    });
    prop_oneof![2 => Just(Vec::new()), 1 => collection::vec(header, 1..3)]
}

fn models() -> impl Strategy<Value = Known> {
    let extended = (sample::select(PATTERNS), "[a-z*-]{0,4}").prop_map(|(pattern, rest)| {
        let prefix = pattern.trim_end_matches('*');
        format!("{prefix}{rest}")
    });
    let name = prop_oneof![
        4 => sample::select(MODELS).prop_map(str::to_owned),
        2 => extended,
        1 => any::<String>(),
    ];
    prop_oneof![1 => Just(Known::Unread), 1 => Just(Known::Absent), 6 => name.prop_map(Known::Named)]
}
