//! The tokens of a request, counted when it has ended.

use signalbox_gate::Facts;

use super::RequestLog;
use crate::observe::metrics::OTHER_MODEL;
use crate::observe::prices::Price;
use crate::observe::spent::Spent;

impl RequestLog {
    /// Counts what the request took and what that cost; `None` if nothing is known of it.
    pub(super) fn spends(&self, facts: &Facts) -> Option<Spent> {
        let usage = facts.usage();
        if usage.is_none() && !facts.lacks_usage() {
            return None;
        }
        let (metrics, prices) = (&self.observers.metrics, self.observers.prices.as_ref());
        let published = facts.published();
        let price = published.zip(prices);
        let price = price.and_then(|(model, prices)| prices.of(model));
        // A name that only a pattern takes is the client's own.
        let is_bounded = facts.is_model_listed() || price.is_some();
        let model = published.filter(|_| is_bounded);
        let model = metrics.tokens.of(model.unwrap_or(OTHER_MODEL));
        let Some(tokens) = usage.copied() else {
            model.count_missing();
            return None;
        };
        model.count(&tokens);
        let cost = |price: &Price| price.cost(&tokens.usage);
        let cost_nanos = price.map(cost);
        if let Some(prices) = prices {
            match cost_nanos {
                Some(nanos) => model.count_cost(nanos, &prices.currency),
                None => model.count_unpriced(),
            }
        }
        Some(Spent::new(tokens, cost_nanos))
    }
}
