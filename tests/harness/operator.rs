//! What an operator does with a running gate, over its admin listener.

use serde_json::{Value, json};
use signalbox_swap::{Entry, Failure, Outcome, PolicyOverview};

use crate::{
    gate::Gate,
    http::{Answer, Ask},
};

/// What came of a transaction.
#[derive(Clone, Debug)]
pub struct Done {
    /// The status of the answer.
    pub status: u16,
    /// The entry of the history.
    pub entry: Entry,
}

impl Done {
    /// The one generation that serves now, or decides beside the live policy.
    ///
    /// # Panics
    /// If it was not done, or for several policies.
    #[must_use]
    pub fn generation(&self) -> u64 {
        assert_eq!(self.entry.outcome, Outcome::Done, "{:?}", self.entry);
        let [changed] = self.entry.policies.as_slice() else {
            panic!("one policy: {:?}", self.entry)
        };
        changed.to.expect("what is done has a generation")
    }

    /// Why it was not done.
    ///
    /// # Panics
    /// If it was.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        match &self.entry.outcome {
            Outcome::Failed(failure) => failure,
            done => panic!("it did not fail: {done:?}"),
        }
    }
}

/// A component on its way.
#[derive(Clone, Debug)]
pub struct Upload {
    query: String,
    statement: Option<String>,
    component: Vec<u8>,
}

impl Upload {
    /// A component that is to serve under a name.
    #[must_use]
    pub fn new(policy: &str, component: &[u8]) -> Self {
        Self {
            query: format!("policy={policy}"),
            statement: None,
            component: component.to_vec(),
        }
    }

    /// With a parameter, as it stands in a query.
    #[must_use]
    pub fn with(mut self, parameter: &str) -> Self {
        self.query = format!("{}&{parameter}", self.query);
        self
    }

    /// With a statement, in base64.
    #[must_use]
    pub fn statement(mut self, base64: &str) -> Self {
        self.statement = Some(base64.to_owned());
        self
    }

    /// The request that carries it.
    #[must_use]
    pub fn ask(&self) -> Ask {
        let ask = Ask::new("POST", &format!("/swaps?{}", self.query))
            .header("content-type", "application/wasm")
            .body(self.component.clone());
        match &self.statement {
            Some(statement) => ask.header("x-signalbox-statement", statement),
            None => ask,
        }
    }
}

impl Gate {
    /// Sends a component.
    #[must_use]
    pub fn upload(&self, upload: &Upload) -> Done {
        done(&self.admin(&upload.ask()))
    }

    /// Sends an order for several policies, or one with cases of its own.
    #[must_use]
    pub fn order(&self, order: &Value) -> Done {
        done(&self.admin(&Ask::json("/swaps", order.to_string())))
    }

    /// Does `rollback`, `promote` or `withdraw`.
    #[must_use]
    pub fn operate(&self, policy: &str, verb: &str, body: &Value) -> Done {
        let target = format!("/policies/{policy}/{verb}");
        done(&self.admin(&Ask::json(&target, body.to_string())))
    }

    /// Forbids a component for good.
    #[must_use]
    pub fn revoke(&self, digest: &str) -> Done {
        let body = json!({"digest": digest}).to_string();
        done(&self.admin(&Ask::json("/revoke", body)))
    }

    /// The history, newest first.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn history(&self) -> Vec<Entry> {
        let mut answer = self.admin(&Ask::get("/swaps")).json();
        serde_json::from_value(answer["swaps"].take()).expect("a list of entries")
    }

    /// How a policy stands.
    ///
    /// # Panics
    /// If there is none of this name.
    #[must_use]
    pub fn overview(&self, policy: &str) -> PolicyOverview {
        let answer = self.admin(&Ask::get(&format!("/policies/{policy}")));
        serde_json::from_value(answer.json())
            .unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
    }

    /// The generation that serves.
    ///
    /// # Panics
    /// If none does.
    #[must_use]
    pub fn live(&self, policy: &str) -> u64 {
        let live = self.overview(policy).live;
        live.expect("something serves").generation
    }
}

fn done(answer: &Answer) -> Done {
    let entry = serde_json::from_slice(&answer.body);
    let entry =
        entry.unwrap_or_else(|error| panic!("{error}: {} {}", answer.status, answer.text()));
    Done {
        status: answer.status,
        entry,
    }
}
