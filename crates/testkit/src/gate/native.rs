//! The gate before native logic.

use signalbox_cases::Decider;
use signalbox_gate::AskError;

use super::{Exchange, NoGate, NoMessage, TestGate};
use crate::guests::Guest;

/// A gate that asks native logic in the place of a component; with the feature `guests`.
///
/// The gate takes components alone. So it is given one that says of itself what the logic says, and what it then asks, the
/// logic is told and answers.
#[derive(Debug)]
pub struct NativeGate<P> {
    gate: TestGate,
    policy: P,
}

impl<P: Decider> NativeGate<P> {
    /// A gate that goes by this logic, with keys as for [`TestGate::new`].
    ///
    /// # Errors
    /// What is given is not taken.
    pub fn new(policy: P, keys: &[(&str, &str)]) -> Result<Self, NoGate> {
        let stands_in = Guest {
            description: policy.description().clone(),
            catalogue: policy.catalogue().cloned().collect(),
            ..Guest::default()
        };
        let gate = TestGate::new(&stands_in.component(), keys)?;
        Ok(Self { gate, policy })
    }

    /// Plays one exchange, as [`TestGate::exchange`] does.
    ///
    /// # Errors
    /// The bytes are no request, or no responses.
    pub fn exchange(&self, request: &[u8], responses: &[&[u8]]) -> Result<Exchange, NoMessage> {
        self.gate.decided(request, responses, |call| {
            let (_, request) = call.into_parts();
            let decision = request.view(|request| self.policy.decide(request));
            decision.map_err(AskError::Decide)
        })
    }
}
