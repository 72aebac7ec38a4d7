//! Ceilings of a model or of a rule for callers.

use std::{cmp::Ordering, ops::ControlFlow};

use signalbox_policy::{Ceilings, Effort};

use super::{Aspect, Change, Effect, Found, Subject};

/// A ceiling for each member it holds for.
pub(super) fn ceilings(
    subject: &Subject,
    old: Ceilings,
    new: Ceilings,
    found: &mut Found<'_>,
) -> ControlFlow<()> {
    let effort =
        |effort: Option<Effort>| effort.map(|effort| (effort as u64, effort.word().to_owned()));
    let number = |most: Option<u32>| most.map(|most| (u64::from(most), most.to_string()));
    for (aspect, member, before, now) in [
        (
            Aspect::MaxTokens,
            "max_tokens",
            number(old.tokens),
            number(new.tokens),
        ),
        (Aspect::N, "n", number(old.answers), number(new.answers)),
        (
            Aspect::ReasoningEffort,
            "reasoning_effort",
            effort(old.effort),
            effort(new.effort),
        ),
    ] {
        let rank = |it: &Option<(u64, String)>| it.as_ref().map_or(u64::MAX, |(rank, _)| *rank);
        let (effect, words) = match rank(&before).cmp(&rank(&now)) {
            Ordering::Equal => continue,
            Ordering::Greater => (Effect::Narrower, "lower"),
            Ordering::Less => (Effect::Wider, "higher"),
        };
        let text = format!("{subject} has a {words} ceiling of `{member}`");
        let [before, now] =
            [before, now].map(|it| it.map_or_else(|| "none".into(), |(_, word)| word));
        let change = Change::new(effect, subject.clone(), aspect, text);
        found(change.between(before, now))?;
    }
    ControlFlow::Continue(())
}
