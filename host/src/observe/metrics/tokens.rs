//! Tokens by model, and what they cost.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use signalbox_gate::TokenUsage;

/// Money, in the operator's currency.
pub(super) type Money = Counter<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TokenLabels {
    kind: &'static str,
    model: String,
    source: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ModelLabel {
    model: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CostLabels {
    model: String,
    currency: String,
}

/// What is counted by model.
#[derive(Clone, Debug, Default)]
pub(super) struct Families {
    pub(super) tokens: Family<TokenLabels, Counter>,
    pub(super) cost: Family<CostLabels, Money>,
    pub(super) unpriced: Family<ModelLabel, Counter>,
    pub(super) missing: Family<ModelLabel, Counter>,
}

/// The models met so far.
#[derive(Debug, Default)]
pub(crate) struct TokenMetrics {
    pub(super) families: Families,
    known: RwLock<HashMap<String, Arc<ModelTokens>>>,
}

/// The counters of one model. Each is looked up once and then is one atomic addition.
#[derive(Debug)]
pub(crate) struct ModelTokens {
    model: String,
    families: Families,
    tokens: [[OnceLock<Counter>; KINDS.len()]; SOURCES.len()],
    cost: OnceLock<Money>,
}

impl TokenMetrics {
    /// The counters of a model, by a name that no client has chosen.
    pub(crate) fn of(&self, model: &str) -> Arc<ModelTokens> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = known.get(model) {
            return Arc::clone(model);
        }
        // Policies come and go, and each may publish models of its own.
        let model = if known.len() < MOST_MODELS {
            model
        } else {
            OTHER_MODEL
        };
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let model = known.entry(model.to_owned()).or_insert_with(|| {
            Arc::new(ModelTokens {
                model: model.to_owned(),
                families: self.families.clone(),
                tokens: std::array::from_fn(|_| std::array::from_fn(|_| OnceLock::new())),
                cost: OnceLock::new(),
            })
        });
        Arc::clone(model)
    }
}

impl ModelTokens {
    /// Counts the tokens of a request.
    pub(crate) fn count(&self, tokens: &TokenUsage) {
        let usage = &tokens.usage;
        let counts = [
            usage.prompt,
            usage.completion,
            usage.cached,
            usage.reasoning,
        ];
        let place = usize::from(tokens.is_estimated);
        let (Some(counters), Some(source)) = (self.tokens.get(place), SOURCES.get(place)) else {
            return;
        };
        for ((counter, kind), count) in counters.iter().zip(KINDS).zip(counts) {
            if let Some(count) = count.filter(|count| *count > 0) {
                let labels = || TokenLabels {
                    kind,
                    model: self.model.clone(),
                    source,
                };
                let find = || self.families.tokens.get_or_create_owned(&labels());
                counter.get_or_init(find).inc_by(count);
            }
        }
    }

    /// Counts what a request cost, in billionths of the currency.
    pub(crate) fn count_cost(&self, nanos: u64, currency: &str) {
        let find = || {
            self.families.cost.get_or_create_owned(&CostLabels {
                model: self.model.clone(),
                currency: currency.to_owned(),
            })
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "53 bits of billionths are nine millions of the currency, for one request"
        )]
        let cost = nanos as f64 / 1e9;
        self.cost.get_or_init(find).inc_by(cost);
    }

    /// Counts a request whose tokens have no price.
    pub(crate) fn count_unpriced(&self) {
        self.families.unpriced.get_or_create(&self.label()).inc();
    }

    /// Counts a whole answer that does not say what it took.
    pub(crate) fn count_missing(&self) {
        self.families.missing.get_or_create(&self.label()).inc();
    }

    fn label(&self) -> ModelLabel {
        ModelLabel {
            model: self.model.clone(),
        }
    }
}

const KINDS: [&str; 4] = ["prompt", "completion", "cached", "reasoning"];
const SOURCES: [&str; 2] = ["reported", "estimated"];
/// More than tenants publish; each costs a few KiB.
const MOST_MODELS: usize = 256;
/// Also what is named by clients alone.
pub(crate) const OTHER_MODEL: &str = "other";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_models_is_bounded() {
        let tokens = TokenMetrics::default();
        for n in 0..1_000 {
            tokens.of(&format!("model-{n}")).count_missing();
        }
        assert_eq!(tokens.of("model-5").model, "model-5");
        assert_eq!(tokens.of("model-999").model, OTHER_MODEL);
        assert_eq!(tokens.known.read().unwrap().len(), MOST_MODELS + 1);
    }
}
