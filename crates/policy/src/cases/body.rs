//! What else than the model a body says, for those who ask what would be decided.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{BodyMember, BodyMemberFault, limits};

/// The value of a member of a body.
///
/// Exhaustive on purpose, like [`BodyMember`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BodyValue {
    /// A whole number.
    Integer(u64),
    /// A string.
    Text(String),
    /// `null`: it is there, and neither.
    Other(()),
}

impl BodyValue {
    /// As a policy is told of it.
    #[must_use]
    pub fn told(&self) -> BodyMember<'_> {
        match self {
            Self::Integer(number) => BodyMember::Integer(*number),
            Self::Text(text) if text.len() > limits::BODY_MEMBER_TEXT => {
                BodyMember::Unclear(BodyMemberFault::TooLong)
            }
            Self::Text(text) => BodyMember::Text(text),
            Self::Other(()) => BodyMember::Unclear(BodyMemberFault::OtherType),
        }
    }

    /// What a policy that asks for these members is told of a body.
    #[must_use]
    pub fn told_of<'b>(
        body: &'b BTreeMap<String, Self>,
        asked: &'b [String],
    ) -> Vec<(&'b str, BodyMember<'b>)> {
        let told = |name: &'b String| Some((name.as_str(), body.get(name)?.told()));
        asked.iter().filter_map(told).collect()
    }
}
