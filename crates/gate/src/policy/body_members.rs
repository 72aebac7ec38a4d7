//! What a policy is told of the members of a body it asked for.

use std::sync::Arc;

use signalbox_http::json::{Member, MemberFault, MemberNames};
use signalbox_policy::{BodyMember, BodyMemberFault, Description};

/// Members of a body by their names, in the order in which the policy asks for them: those the body
/// has.
pub(crate) type BodyMembers = [(Arc<str>, Member)];

/// The names of the members that a policy asks for.
pub(crate) fn member_names(described: &Description) -> MemberNames {
    described
        .body_members
        .iter()
        .map(|name| name.as_str().into())
        .collect()
}

/// A member in the contract's words.
pub(crate) fn told((name, member): &(Arc<str>, Member)) -> (&str, BodyMember<'_>) {
    let member = match member {
        Member::Integer(number) => BodyMember::Integer(*number),
        Member::Text(text) => BodyMember::Text(text),
        Member::Unclear(fault) => BodyMember::Unclear(match fault {
            MemberFault::Repeated => BodyMemberFault::Repeated,
            MemberFault::LetterCase => BodyMemberFault::LetterCase,
            MemberFault::OtherType => BodyMemberFault::OtherType,
            MemberFault::TooLong => BodyMemberFault::TooLong,
        }),
    };
    (name, member)
}

/// Bytes of their texts, and what each takes beside.
pub(crate) fn size(members: &BodyMembers) -> usize {
    let one = |(_, member): &(Arc<str>, Member)| match member {
        Member::Integer(_) | Member::Unclear(_) => 0,
        Member::Text(text) => text.len(),
    };
    members.iter().map(one).sum::<usize>() + size_of_val(members)
}
