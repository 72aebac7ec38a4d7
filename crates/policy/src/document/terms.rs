//! Who may use what, as written: scopes, callers, choices among published names, and ceilings.

use crate::{List, Position, Text};

use super::Present;

/// The value of `scope:`: sets of scopes, any one of which will do.
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// Where the value begins.
    pub position: Position,
    /// The sets. One scope alone is a set of one.
    pub sets: Vec<List>,
}

/// The value of `published:`
#[derive(Clone, Debug, Eq)]
pub enum Published {
    /// One name.
    Name(Text),
    /// Several, for different callers, and where their list begins.
    Choices(Vec<Choice>, Position),
}

/// One entry of `published:` in a list.
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// Where the entry begins.
    pub position: Position,
    /// `name:`
    pub name: Option<Text>,
    /// `weight:`, in digits.
    pub weight: Option<Text>,
    /// `labels:`, for each name one value or a list of them.
    pub labels: Option<Labels>,
    pub(crate) present: Present,
}

/// The value of `labels:`
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct Labels {
    /// Where the value begins.
    pub position: Position,
    /// Names, with the values that will do.
    pub entries: Vec<(Text, List)>,
}

/// The value of `ceilings:`
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct Ceilings {
    /// Where the value begins.
    pub position: Position,
    /// `max_tokens:`, in digits.
    pub max_tokens: Option<Text>,
    /// `n:`, in digits.
    pub n: Option<Text>,
    /// `reasoning_effort:`
    pub reasoning_effort: Option<Text>,
    pub(crate) present: Present,
}

/// One entry of `callers:`
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct CallerEntry {
    /// The key: what the rule is called.
    pub name: Text,
    /// `keys:`, the identifiers of keys.
    pub keys: Option<List>,
    /// `labels:`
    pub labels: Option<Labels>,
    /// `routes:`, as they stand under `routes:`.
    pub routes: Option<List>,
    /// `models:`, as they stand under `models:`, and names of sets.
    pub models: Option<List>,
    /// `ceilings:`
    pub ceilings: Option<Ceilings>,
    pub(crate) present: Present,
}

/// One entry of `sets:`
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct ModelSet {
    /// The key: what the set is called.
    pub name: Text,
    /// Its models, as they stand under `models:`.
    pub models: Option<List>,
}

/// The value of a member of a case's `body:`, or of a name in its `each:`
#[derive(Clone, Debug, Eq)]
pub enum BodyEntry {
    /// A number, in digits.
    Number(Text),
    /// Text.
    Text(Text),
    /// `null`
    Null(Position),
}

/// One entry of `each:` in a case
#[derive(Clone, Debug, Default, Eq)]
#[non_exhaustive]
pub struct EachEntry {
    /// Where the entry begins.
    pub position: Position,
    /// Names with what they stand for.
    pub values: Vec<(Text, BodyEntry)>,
}

impl PartialEq for Published {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(other)) => one == other,
            (Self::Choices(one, _), Self::Choices(other, _)) => one == other,
            _ => false,
        }
    }
}

impl PartialEq for BodyEntry {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) | (Self::Text(one), Self::Text(other)) => {
                one == other
            }
            (Self::Null(_), Self::Null(_)) => true,
            _ => false,
        }
    }
}

equal_by!(Scope: sets);
equal_by!(EachEntry: values);
equal_by!(Choice: name, weight, labels);
equal_by!(Labels: entries);
equal_by!(Ceilings: max_tokens, n, reasoning_effort);
equal_by!(CallerEntry: name, keys, labels, routes, models, ceilings);
equal_by!(ModelSet: name, models);
