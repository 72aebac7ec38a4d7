//! What tokens cost: the operator's list of prices.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use signalbox_gate::Usage;

use crate::yaml::{self, Unreadable, present, required, word};

/// The price of each model that has one.
#[derive(Debug)]
pub(crate) struct Prices {
    /// The operator's word for the unit of all prices.
    pub(crate) currency: String,
    models: HashMap<String, Price>,
}

/// What a token of each kind costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    prompt: Rate,
    completion: Rate,
    cached: Rate,
    reasoning: Rate,
}

/// The price of a million tokens, in millionths of the currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rate(u64);

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PricesError {
    /// It could not be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is no list of prices.
    #[error("`{}` is no list of prices: {}: {source}", path.display(), source.position)]
    List {
        /// Which file.
        path: PathBuf,
        /// Where it goes wrong, and why.
        source: Unreadable,
    },
}

#[derive(Debug, thiserror::Error)]
#[error(
    "a price is a number without a sign, with six digits before the point and six behind it at most"
)]
struct NotAPrice;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPrices {
    #[serde(deserialize_with = "required")]
    currency: String,
    #[serde(deserialize_with = "required")]
    models: HashMap<String, WrittenPrice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPrice {
    #[serde(default, deserialize_with = "present")]
    prompt: Option<Rate>,
    #[serde(default, deserialize_with = "present")]
    completion: Option<Rate>,
    #[serde(default, deserialize_with = "present")]
    cached: Option<Rate>,
    #[serde(default, deserialize_with = "present")]
    reasoning: Option<Rate>,
}

impl Prices {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, or is no list of prices.
    pub(crate) fn load(path: &Path) -> Result<Self, PricesError> {
        let text = std::fs::read_to_string(path).map_err(|source| PricesError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|source| PricesError::List {
            path: path.to_owned(),
            source,
        })
    }

    fn parse(text: &str) -> Result<Self, Unreadable> {
        let WrittenPrices { currency, models } = yaml::read(text)?;
        let priced = |(name, written): (String, WrittenPrice)| (name, written.price());
        Ok(Self {
            currency,
            models: models.into_iter().map(priced).collect(),
        })
    }

    /// The price of the model that GT publishes under this name.
    pub(crate) fn of(&self, published: &str) -> Option<&Price> {
        self.models.get(published)
    }
}

impl WrittenPrice {
    /// What is not written costs what it is a part of, and what is a part of nothing costs nothing.
    fn price(self) -> Price {
        let prompt = self.prompt.unwrap_or_default();
        let completion = self.completion.unwrap_or_default();
        Price {
            prompt,
            completion,
            cached: self.cached.unwrap_or(prompt),
            reasoning: self.reasoning.unwrap_or(completion),
        }
    }
}

impl Price {
    /// What these tokens cost, in billionths of the currency, the last one begun counted whole.
    pub(crate) fn cost(&self, usage: &Usage) -> u64 {
        let part = |all: Option<u64>, of: Option<u64>| {
            let all = all.unwrap_or_default();
            // More than all of them is no part of them.
            let of = of.unwrap_or_default().min(all);
            (all - of, of)
        };
        let (prompt, cached) = part(usage.prompt, usage.cached);
        let (completion, reasoning) = part(usage.completion, usage.reasoning);
        let costs = [
            (prompt, self.prompt),
            (cached, self.cached),
            (completion, self.completion),
            (reasoning, self.reasoning),
        ];
        let cost = |(tokens, Rate(rate)): (u64, Rate)| u128::from(tokens) * u128::from(rate);
        let cost: u128 = costs.map(cost).iter().sum();
        u64::try_from(cost.div_ceil(1_000)).unwrap_or(u64::MAX)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, |text| Self::parse(text).ok_or(NotAPrice))
    }
}

impl Rate {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| {
            (1..=DIGITS).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        // Six digits behind the point are millionths.
        let millionths: u64 = format!("{fraction:0<DIGITS$}").parse().ok()?;
        let whole: u64 = whole.parse().ok()?;
        Some(Self(whole * 1_000_000 + millionths))
    }
}

const DIGITS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(text: &str) -> Prices {
        Prices::parse(text).unwrap()
    }

    fn usage(prompt: u64, cached: u64, completion: u64, reasoning: u64) -> Usage {
        Usage {
            prompt: Some(prompt),
            completion: Some(completion),
            cached: Some(cached),
            reasoning: Some(reasoning),
            total: None,
        }
    }

    #[test]
    fn a_million_tokens_cost_their_price() {
        let prices = prices(
            "currency: EUR\nmodels:\n  a: {prompt: 2.50, cached: 0.25, completion: 10, reasoning: 12.000001}\n",
        );
        assert_eq!(prices.currency, "EUR");
        let price = prices.of("a").unwrap();
        let million = 1_000_000;
        for (usage, billionths) in [
            (usage(million, 0, 0, 0), 2_500_000_000),
            (usage(million, million, 0, 0), 250_000_000),
            (usage(0, 0, million, 0), 10_000_000_000),
            (usage(0, 0, million, million), 12_000_001_000),
            (
                usage(1_000, 400, 100, 10),
                1_500_000 + 100_000 + 900_000 + 120_001,
            ),
            // A part that is larger than the whole is the whole.
            (usage(10, 99, 0, 0), 2_500),
            (Usage::default(), 0),
        ] {
            assert_eq!(price.cost(&usage), billionths, "{usage:?}");
        }
        // One token of the cheapest price there is.
        let least = WrittenPrice {
            prompt: Rate::parse("0.000001"),
            completion: None,
            cached: None,
            reasoning: None,
        };
        assert_eq!(least.price().cost(&usage(1, 0, 5, 0)), 1);
        let most = u64::MAX;
        assert_eq!(price.cost(&usage(most, 0, most, 0)), u64::MAX);
    }

    #[test]
    fn a_part_without_a_price_costs_what_the_rest_costs() {
        let prices = prices("currency: x\nmodels: {a: {prompt: 1, completion: 2}}");
        let price = prices.of("a").unwrap();
        assert_eq!(price.cost(&usage(10, 10, 10, 10)), 30_000);
        assert_eq!(prices.of("b"), None);
    }

    #[test]
    fn what_is_no_list_of_prices_is_refused() {
        for text in [
            "",
            "models: {}",
            "currency: EUR",
            "currency: EUR\nmodels: {a: }",
            "currency: EUR\nmodels: {a: {prompt: -1}}",
            "currency: EUR\nmodels: {a: {prompt: 1e3}}",
            "currency: EUR\nmodels: {a: {prompt: .5}}",
            "currency: EUR\nmodels: {a: {prompt: 1.}}",
            "currency: EUR\nmodels: {a: {prompt: 1.0000001}}",
            "currency: EUR\nmodels: {a: {prompt: 1000000}}",
            "currency: EUR\nmodels: {a: {prompt: free}}",
            "currency: EUR\nmodels: {a: {prompt: }}",
            "currency: EUR\nmodels: {a: {input: 1}}",
            "currency: EUR\nmodels: {a: {prompt: 1}, a: {prompt: 2}}",
        ] {
            assert!(Prices::parse(text).is_err(), "{text}");
        }
    }
}
