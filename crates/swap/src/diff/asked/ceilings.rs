//! How much of a member of the body is let through: asked with values around every ceiling there is.

use std::cmp::Ordering;

use signalbox_policy::{BodyMember, Ceilings, Effort, Request};

use super::{Asking, End, Side};
use crate::diff::{Aspect, Change, Effect, Subject};

/// Values of members from which it shows where a ceiling is, the least first.
pub(super) fn probes(ceilings: impl Iterator<Item = Ceilings>) -> Vec<Probe> {
    let (mut tokens, mut answers, mut effort) = (Vec::new(), Vec::new(), false);
    for ceiling in ceilings {
        tokens.extend(ceiling.tokens);
        answers.extend(ceiling.answers);
        effort |= ceiling.effort.is_some();
    }
    let mut all = Vec::new();
    for (aspect, member, mut most) in [
        (Aspect::MaxTokens, "max_tokens", tokens),
        (Aspect::N, "n", answers),
    ] {
        most.sort_unstable();
        most.dedup();
        if !most.is_empty() {
            let values = most.into_iter().map(u64::from).chain([u64::MAX]);
            let values = values.map(BodyMember::Integer).collect();
            all.push(Probe {
                aspect,
                member,
                values,
            });
        }
    }
    if effort {
        let values = Effort::ALL.map(|effort| BodyMember::Text(effort.word()));
        all.push(Probe {
            aspect: Aspect::ReasoningEffort,
            member: "reasoning_effort",
            values: values.into(),
        });
    }
    all
}

/// A member of the body and values for it, the least first.
pub(super) struct Probe {
    aspect: Aspect,
    member: &'static str,
    values: Vec<BodyMember<'static>>,
}

impl<'p> Asking<'p> {
    /// How much of each member both let through.
    pub(super) fn ceilings(
        &mut self,
        subject: &Subject,
        sides: [&Side<'p>; 2],
        request: Request<'_>,
    ) -> Result<(), End> {
        let probes = std::mem::take(&mut self.probes);
        for probe in &probes {
            let [before, now] = sides.map(|side| self.most_of(probe, side, request));
            let (before, now) = (before?, now?);
            let effect = match before.cmp(&now) {
                Ordering::Equal => continue,
                Ordering::Greater => Effect::Narrower,
                Ordering::Less => Effect::Wider,
            };
            let shown = |most: usize| {
                let last = probe.values.len();
                match most
                    .checked_sub(1)
                    .and_then(|place| probe.values.get(place))
                {
                    _ if most == last => "no ceiling".to_owned(),
                    Some(BodyMember::Integer(number)) => number.to_string(),
                    Some(BodyMember::Text(word)) => (*word).to_owned(),
                    Some(BodyMember::Unclear(_)) | None => "none of it".to_owned(),
                }
            };
            let text = format!("{} of {subject}", probe.member);
            let change = Change::new(effect, subject.clone(), probe.aspect, text);
            self.add(change.between(shown(before), shown(now)))?;
        }
        self.probes = probes;
        Ok(())
    }

    /// How many of a probe's values are let through, from the least on.
    fn most_of(
        &mut self,
        probe: &Probe,
        side: &Side<'_>,
        request: Request<'_>,
    ) -> Result<usize, End> {
        for (place, value) in probe.values.iter().enumerate() {
            // A policy is told of the members that it asks for.
            if !side.wants_member(probe.member) {
                break;
            }
            let members = [(probe.member, *value)];
            let body_members = &members;
            let allowed = self.allows(
                side,
                Request {
                    body_members,
                    ..request
                },
            )?;
            if allowed.is_none_or(|it| it.is_refused()) {
                return Ok(place);
            }
        }
        Ok(probe.values.len())
    }
}
