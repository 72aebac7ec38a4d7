//! On what terms a model or a route may be used, beyond what a key's own lists say: who the caller
//! is, how much is asked for, and which of several published names it is.
//!
//! Lists of texts are packed into one text, so that tables hold them as they hold every other: their
//! parts have no control characters, which stand between them.

use alloc::string::String;

/// A list that is packed into one text.
macro_rules! packed {
    ($(#[$about:meta])+ $name:ident) => {
        $(#[$about])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name<'a>(&'a str);

        impl<'a> $name<'a> {
            /// The list that a text stands for.
            #[must_use]
            pub const fn new(packed: &'a str) -> Self {
                Self(packed)
            }

            /// The text.
            #[must_use]
            pub const fn packed(self) -> &'a str {
                self.0
            }

            /// Whether there is nothing in it.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0.is_empty()
            }
        }
    };
}

/// The terms of a model name. The default sets none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms<'a> {
    /// Whether lists of models show the name.
    pub is_listed: bool,
    /// For people: what to use instead, if the name is deprecated.
    pub deprecated: Option<&'a str>,
    /// What it may be published as, in place of one name.
    pub choices: Choices<'a>,
    /// The most that may be asked for.
    pub ceilings: Ceilings,
    /// The rules for callers any one of which will do.
    pub callers: CallerSet,
}

impl Default for Terms<'_> {
    fn default() -> Self {
        Self {
            is_listed: true,
            deprecated: None,
            choices: Choices::default(),
            ceilings: Ceilings::default(),
            callers: CallerSet::ALL,
        }
    }
}

/// A rule for callers: who it is for. What they may do stands with routes and models, as a
/// [`CallerSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerRule<'a> {
    /// What the document calls it.
    pub name: &'a str,
    /// The keys it is for; every key if there is none.
    pub keys: Words<'a>,
    /// The labels they must have, all of them.
    pub labels: Labels<'a>,
    /// The most that they may ask for.
    pub ceilings: Ceilings,
}

/// Some of a policy's rules for callers, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerSet(u64);

impl CallerSet {
    /// Every rule, and everyone where a policy has none.
    pub const ALL: Self = Self(u64::MAX);
    /// No rule.
    pub const NONE: Self = Self(0);
    /// How many rules a policy may have.
    pub const MOST: usize = 64;

    /// The set as bits, the first rule lowest.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The set of these bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// With the rule at a place. What is beyond the last place a set has is in none.
    #[must_use]
    pub fn with(self, place: usize) -> Self {
        let bit = u32::try_from(place)
            .ok()
            .and_then(|place| 1_u64.checked_shl(place));
        Self(self.0 | bit.unwrap_or_default())
    }

    /// Whether some rule is in both.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

packed! {
    /// Texts one of which will do.
    Words
}

impl<'a> Words<'a> {
    /// The words, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        parts(self.0, WORD)
    }
}

packed! {
    /// Labels a caller must have: for each name one of its values.
    Labels
}

impl<'a> Labels<'a> {
    /// Each name with the values that will do.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Words<'a>)> {
        parts(self.0, FIELD).map(|label| {
            let (name, values) = label.split_once(WORD).unwrap_or((label, ""));
            (name, Words(values))
        })
    }

    /// Whether a caller with these labels has all that are asked for.
    #[must_use]
    pub fn fit(self, held: &[(String, String)]) -> bool {
        self.iter().all(|(name, values)| {
            let mut held = held.iter().filter(|(held, _)| held == name);
            held.any(|(_, value)| values.iter().any(|wanted| wanted == value))
        })
    }
}

packed! {
    /// What a name may be published as, and for whom. The first that fits counts; if it has a weight, those
    /// that fit and have one share the callers by their weights.
    Choices
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The published name.
    pub published: &'a str,
    /// Its share of the callers; `None` for all of them.
    pub weight: Option<u32>,
    /// Whom it is for.
    pub labels: Labels<'a>,
}

impl<'a> Choices<'a> {
    /// The choices, in order.
    pub fn iter(self) -> impl Iterator<Item = Choice<'a>> {
        parts(self.0, LINE).map(|line| {
            let (weight, rest) = line.split_once(FIELD).unwrap_or(("", line));
            let (published, labels) = rest.split_once(FIELD).unwrap_or((rest, ""));
            Choice {
                published,
                weight: weight.parse().ok(),
                labels: Labels(labels),
            }
        })
    }
}

/// The most that may be asked for. What is not set is not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ceilings {
    /// Tokens of an answer: of `max_tokens` and of `max_completion_tokens`.
    pub tokens: Option<u32>,
    /// Answers to one request: of `n`.
    pub answers: Option<u32>,
    /// Of `reasoning_effort`.
    pub effort: Option<Effort>,
}

impl Ceilings {
    /// Whether none is set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Both together: of each the lower one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            tokens: lower(self.tokens, other.tokens),
            answers: lower(self.answers, other.answers),
            effort: lower(self.effort, other.effort),
        }
    }
}

fn lower<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// How much a model is to think, the least first. The words are those of the API.
///
/// Exhaustive on purpose: a word that is not known cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// `none`
    None,
    /// `minimal`
    Minimal,
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
    /// `xhigh`
    ExtraHigh,
}

impl Effort {
    /// Each, the least first.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Minimal,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::ExtraHigh,
    ];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::ExtraHigh => "xhigh",
        }
    }

    /// What a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.word() == word)
    }
}

packed! {
    /// Headers with their values, as they are set on requests to GT.
    SetHeaders
}

impl<'a> SetHeaders<'a> {
    /// Each name with its value.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        parts(self.0, LINE).map(|line| line.split_once(FIELD).unwrap_or((line, "")))
    }
}

/// The members of a body that ceilings look at.
pub(crate) const TOKENS: [&str; 2] = ["max_tokens", "max_completion_tokens"];
pub(crate) const ANSWERS: &str = "n";
pub(crate) const EFFORT: &str = "reasoning_effort";

/// The parts of a packed text; none of an empty one.
fn parts(packed: &str, between: char) -> impl Iterator<Item = &str> {
    packed.split(between).filter(|part| !part.is_empty())
}

/// What stands between choices and between headers.
pub(crate) const LINE: char = '\n';
/// What stands between the fields of one, and between labels.
pub(crate) const FIELD: char = '\t';
/// What stands between words, and between a label's name and its values.
pub(crate) const WORD: char = '\u{1f}';

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec::Vec};

    use super::*;

    #[test]
    fn choices_are_read_as_they_were_packed() {
        let choices = Choices::new("\tsales\tteam\u{1f}a\u{1f}b\tplan\u{1f}x\n1\tnew\n99\tusual");
        let read: Vec<_> = choices
            .iter()
            .map(|it| (it.published, it.weight, it.labels.iter().count()))
            .collect();
        let expected = [
            ("sales", None, 2),
            ("new", Some(1), 0),
            ("usual", Some(99), 0),
        ];
        assert_eq!(read, expected);
        assert!(Choices::default().iter().next().is_none());
    }

    #[test]
    fn labels_fit_who_has_one_value_of_each() {
        let labels = Labels::new("team\u{1f}a\u{1f}b\tplan\u{1f}x");
        let held = |held: &[(&str, &str)]| {
            let held = held.iter().map(|(k, v)| (k.to_string(), v.to_string()));
            labels.fit(&held.collect::<Vec<_>>())
        };
        assert!(held(&[("plan", "x"), ("team", "b")]));
        assert!(!held(&[("team", "b")]));
        assert!(!held(&[("plan", "x"), ("team", "c")]));
        assert!(Labels::default().fit(&[]));
    }

    #[test]
    fn a_set_has_the_rules_it_was_given() {
        assert!(CallerSet::ALL.meets(CallerSet::NONE.with(63)));
        assert_eq!(CallerSet::NONE.with(64), CallerSet::NONE);
        assert!(!CallerSet::NONE.with(0).meets(CallerSet::NONE.with(1)));
        assert!(!CallerSet::ALL.meets(CallerSet::NONE));
    }

    #[test]
    fn of_two_ceilings_the_lower_one_counts() {
        let one = Ceilings {
            tokens: Some(5),
            effort: Some(Effort::High),
            ..Ceilings::default()
        };
        let other = Ceilings {
            tokens: Some(7),
            answers: Some(1),
            effort: Some(Effort::Low),
        };
        let both = Ceilings {
            tokens: Some(5),
            ..other
        };
        assert_eq!((one.and(other), other.and(one)), (both, both));
        assert_eq!(
            Effort::ALL.map(|it| Effort::from_word(it.word())),
            Effort::ALL.map(Some)
        );
    }
}
