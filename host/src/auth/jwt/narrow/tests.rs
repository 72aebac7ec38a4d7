//! The law of narrowing: a caller may do nothing that its profile may not.

use std::sync::Arc;

use jiff::Timestamp;
use signalbox_policy::fences;

use super::*;

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn some<'a>(&mut self, all: &[&'a str]) -> Vec<&'a str> {
        let count = self.roll(4);
        (0..count).map(|_| all[self.roll(all.len())]).collect()
    }

    fn words(&mut self, all: &[&str]) -> Vec<String> {
        self.some(all).into_iter().map(str::to_owned).collect()
    }

    fn names(&mut self) -> Names {
        if self.roll(4) == 0 {
            Names::All
        } else {
            Names::Only(self.words(&PATTERNS[..PATTERNS.len() - 3]))
        }
    }

    fn purposes(&mut self) -> Purposes {
        Purposes::from_bits(u8::try_from(self.roll(8)).unwrap())
    }

    fn list(&mut self, all: &[&str]) -> Option<Vec<String>> {
        (self.roll(4) > 0).then(|| self.words(all))
    }
}

/// The last three are in no keyring, but may be in a token.
const PATTERNS: [&str; 12] = [
    "a", "ab", "abc", "b", "a*", "ab*", "abc*", "b*", "all", "*", "", "a*b",
];
const NAMES: [&str; 10] = ["", "a", "ab", "abc", "abcd", "b", "bc", "all", "*", "a*"];
const SCOPES: [&str; 4] = ["inference:chat", "inference:embed", "datasets:write", "x"];

fn profile(dice: &mut Dice) -> Caller {
    Caller {
        id: "p".to_owned(),
        purposes: dice.purposes(),
        scopes: dice.words(&SCOPES),
        labels: vec![("team".to_owned(), "ours".to_owned())],
        models: dice.names(),
        published: dice.names(),
        datasets: dice.names(),
    }
}

fn claims(dice: &mut Dice) -> Claims {
    Claims {
        id: "jwt/i/s".to_owned(),
        ends: Timestamp::MAX,
        profile: Arc::from("p"),
        scopes: dice.list(&SCOPES),
        purposes: (dice.roll(2) > 0).then(|| dice.purposes()),
        models: dice.list(&PATTERNS),
        published: dice.list(&PATTERNS),
        datasets: dice.list(&PATTERNS),
        labels: vec![("team".to_owned(), "theirs".to_owned())],
    }
}

#[test]
fn a_caller_may_do_nothing_its_profile_or_its_token_does_not_allow() {
    let mut dice = Dice(7);
    for round in 0..20_000 {
        let (profile, claims) = (profile(&mut dice), claims(&mut dice));
        let caller = caller(&profile, &claims);
        let lists = |caller: &Caller| {
            [
                caller.models.clone(),
                caller.published.clone(),
                caller.datasets.clone(),
            ]
        };
        let said = [&claims.models, &claims.published, &claims.datasets];
        for ((narrow, wide), said) in lists(&caller).iter().zip(lists(&profile)).zip(said) {
            let said = said.clone().map_or(Names::All, |said| {
                Names::Only(said.into_iter().filter(|entry| is_entry(entry)).collect())
            });
            for name in NAMES {
                let both = wide.allow(name) && said.allow(name);
                assert_eq!(
                    narrow.allow(name),
                    both,
                    "{round} {name}: {wide:?} and {said:?}"
                );
            }
        }
        for purpose in Purpose::ALL {
            let one = Purposes::from_iter([purpose]);
            let said = claims.purposes.is_none_or(|said| said.satisfy(one));
            let both = profile.purposes.satisfy(one) && said;
            assert_eq!(caller.purposes.satisfy(one), both, "{round} {purpose:?}");
            assert!(!caller.purposes.contains(purpose) || profile.purposes.satisfy(one));
        }
        for scope in &caller.scopes {
            assert!(profile.scopes.contains(scope));
        }
        assert_eq!(
            caller.labels, profile.labels,
            "a token says nothing the operator did"
        );
    }
}

#[test]
fn what_the_fences_let_through_for_a_caller_they_let_through_for_its_profile() {
    let mut dice = Dice(11);
    let mut passed = 0;
    for _ in 0..20_000 {
        let (profile, claims) = (profile(&mut dice), claims(&mut dice));
        let caller = caller(&profile, &claims);
        let scopes = dice.some(&SCOPES[..2]).into_iter().map(str::to_owned);
        let scopes: Vec<String> = scopes.collect();
        let asked = fences::Asked {
            purposes: dice.purposes(),
            scopes: fences::Scopes::All(&scopes),
            dataset: (dice.roll(2) == 0).then(|| NAMES[dice.roll(NAMES.len())]),
            conversation: dice.roll(3) == 0,
            model: (dice.roll(2) == 0)
                .then(|| (NAMES[dice.roll(NAMES.len())], NAMES[dice.roll(NAMES.len())])),
        };
        if fences::check(&caller, &asked).is_ok() {
            passed += 1;
            assert_eq!(
                fences::check(&profile, &asked),
                Ok(()),
                "{profile:?} {claims:?} {asked:?}"
            );
        }
    }
    assert!(passed > 100, "{passed}");
}
