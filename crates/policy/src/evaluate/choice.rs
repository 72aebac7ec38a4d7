//! What a name is published as for a caller.

use super::callers::Fitting;
use crate::{Caller, Choice, ModelRule, published_name};

/// The published name of `written`; `None` if it is not for this caller.
pub(super) fn published<'a>(
    rule: &ModelRule<'a>,
    written: &'a str,
    caller: &Caller,
    callers: &Fitting<'_>,
) -> Option<&'a str> {
    if !rule.terms.callers.meets(callers.rules) {
        return None;
    }
    if rule.terms.choices.is_empty() {
        return Some(published_name(rule, written));
    }
    let fits = |choice: &Choice<'_>| choice.labels.fit(&caller.labels);
    let first = rule.terms.choices.iter().find(fits)?;
    if first.weight.is_none() {
        return Some(first.published);
    }
    let shares = || {
        let fitting = rule.terms.choices.iter().filter(fits);
        fitting.filter_map(|choice| Some((choice.published, u64::from(choice.weight?))))
    };
    let total: u64 = shares().map(|(_, weight)| weight).sum();
    let mut place = place_of(&caller.id, rule.pattern, total);
    for (published, weight) in shares() {
        match place.checked_sub(weight) {
            None => return Some(published),
            Some(rest) => place = rest,
        }
    }
    None
}

/// A place below `total` for a caller and a name: always the same, and over many callers spread
/// evenly. A share that grows takes callers from its neighbour alone.
fn place_of(caller: &str, name: &str, total: u64) -> u64 {
    let bytes = caller.bytes().chain([0]).chain(name.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // FNV leaves what differs at the end in its low bits; the place is taken from the high ones.
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let mixed = mixed ^ (mixed >> 31);
    // Weights are small: the product of a 32-bit number and their sum fits.
    ((mixed >> 32) * total) >> 32
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec::Vec};

    use super::*;

    #[test]
    fn callers_are_shared_evenly_and_stay_where_they_are() {
        let keys: Vec<_> = (0..10_000).map(|number| format!("key-{number}")).collect();
        let places = |total| keys.iter().map(move |key| place_of(key, "gpt-4o", total));
        let below = |most| places(100).filter(|place| *place < most).count();
        assert!(places(100).all(|place| place < 100));
        assert!((850..1150).contains(&below(10)), "{}", below(10));
        assert!((4700..5300).contains(&below(50)), "{}", below(50));
        for (few, many) in places(100).zip(places(200)) {
            assert_eq!(few, many / 2, "the same part of the whole");
        }
        let other = keys.iter().map(|key| place_of(key, "gpt-4", 100));
        let same = other.zip(places(100)).filter(|(one, other)| one == other);
        assert!(same.count() < 500, "names are shared independently");
    }
}
