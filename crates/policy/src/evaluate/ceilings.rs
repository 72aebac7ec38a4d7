//! How much a request may ask for. Nothing is lowered: what asks for more is refused.

use super::{Check, Trace, message, message::Refused};
use crate::{
    BodyMember, Ceilings, Effort,
    terms::{ANSWERS, EFFORT, TOKENS},
};

pub(super) fn check(
    most: Ceilings,
    members: &[(&str, BodyMember<'_>)],
    trace: &mut impl Trace,
) -> Result<(), Refused> {
    let member = |name: &str| {
        let found = members.iter().find(|(member, _)| *member == name);
        found.map(|(_, value)| *value)
    };
    if let Some(most) = most.tokens {
        for name in TOKENS {
            number(name, member(name), most)?;
        }
        trace.passed(Check::Ceilings, &TOKENS);
    }
    if let Some(most) = most.answers {
        number(ANSWERS, member(ANSWERS), most)?;
        trace.passed(Check::Ceilings, &[ANSWERS]);
    }
    if let Some(most) = most.effort {
        effort(member(EFFORT), most)?;
        trace.passed(Check::Ceilings, &[EFFORT]);
    }
    Ok(())
}

fn number(name: &str, value: Option<BodyMember<'_>>, most: u32) -> Result<(), Refused> {
    match value {
        None => Ok(()),
        Some(BodyMember::Integer(asked)) if asked <= u64::from(most) => Ok(()),
        Some(BodyMember::Integer(asked)) => {
            let (asked, most) = (message::decimal(asked), message::decimal(most.into()));
            Err(message::above_ceiling(name, &asked, &most))
        }
        Some(BodyMember::Text(_) | BodyMember::Unclear(_)) => {
            Err(message::unclear_parameter(name, "a whole number"))
        }
    }
}

fn effort(value: Option<BodyMember<'_>>, most: Effort) -> Result<(), Refused> {
    let asked = match value {
        None => return Ok(()),
        Some(BodyMember::Text(word)) => Effort::from_word(word),
        Some(BodyMember::Integer(_) | BodyMember::Unclear(_)) => None,
    };
    match asked {
        Some(asked) if asked <= most => Ok(()),
        Some(asked) => Err(message::above_ceiling(EFFORT, asked.word(), most.word())),
        None => {
            let wanted = "one of none, minimal, low, medium, high and xhigh";
            Err(message::unclear_parameter(EFFORT, wanted))
        }
    }
}
