//! The most that may be asked for.

use super::words;
use crate::{
    Ceilings, Effort, Text,
    diagnostic::{Code, Findings},
    document,
};

pub(super) fn ceilings(written: Option<&document::Ceilings>, findings: &mut Findings) -> Ceilings {
    let Some(written) = written else {
        return Ceilings::default();
    };
    let none_is_there = [&written.max_tokens, &written.n, &written.reasoning_effort]
        .into_iter()
        .all(Option::is_none);
    let keys = ["max_tokens", "n", "reasoning_effort"];
    if none_is_there && !keys.iter().any(|key| written.present.has(key)) {
        let help = "leave it out if there is none";
        let message = "`ceilings` has no entry";
        findings.add_with_help(Code::EmptyList, written.position, message, help);
    }
    let number = |text: Option<&Text>, what: &str, findings: &mut Findings| {
        text.and_then(|text| words::number(text, what, MOST, findings))
    };
    let efforts = Effort::ALL.map(|effort| (effort.word(), effort));
    Ceilings {
        tokens: number(written.max_tokens.as_ref(), "`max_tokens`", findings),
        answers: number(written.n.as_ref(), "`n`", findings),
        effort: written.reasoning_effort.as_ref().and_then(|text| {
            words::one_of(text, "effort", &efforts, Code::UnknownEffort, findings)
        }),
    }
}

const MOST: u32 = 1_000_000_000;
