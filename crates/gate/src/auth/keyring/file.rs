//! `keys.yaml` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::auth::key_limits::WrittenKeyLimits;
use crate::text::yaml::{WrittenNames, present, required};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(deserialize_with = "required")]
    pub(super) keys: Vec<Spanned<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(deserialize_with = "required")]
    pub(super) id: Spanned<String>,
    #[serde(default, deserialize_with = "present")]
    pub sha256: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) profile: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub(super) policy: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) preset: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) scopes: Option<Vec<Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) purposes: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(deserialize_with = "required")]
    pub(super) models: WrittenNames,
    #[serde(default, deserialize_with = "present")]
    pub(super) published: Option<WrittenNames>,
    #[serde(default, deserialize_with = "present")]
    pub(super) datasets: Option<WrittenNames>,
    #[serde(default, deserialize_with = "present")]
    pub(super) limits: Option<WrittenKeyLimits>,
    #[serde(default, deserialize_with = "present")]
    pub(super) expires: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) labels: Option<BTreeMap<String, Spanned<String>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) group: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) credentials: Option<Credentials>,
    #[serde(default, deserialize_with = "present")]
    pub(super) revoked: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    #[serde(default, deserialize_with = "present")]
    pub(super) inference: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) upload: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) conversation: Option<Spanned<String>>,
}
