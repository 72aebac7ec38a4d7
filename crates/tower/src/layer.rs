//! What is put in front of a service.

use std::path::PathBuf;
use std::sync::Arc;

use http::request::Parts;
use signalbox_gate::{DecisionPool, Gate, Observer, Peer};
use tower_layer::Layer;

use crate::async_runtime::AsyncRuntime;
use crate::config::Config;
use crate::identity::{Identify, VerifyTokens};
use crate::service::Policy;
use crate::times::Times;
use crate::upstream::Upstream;

/// Puts a gate in front of a service that sends requests to GT.
///
/// Policies, keys and GT keys are replaced in the gate while it is in use: by the
/// [`Swaps`](Gate::policies) it was made with, its keyring and its credentials.
#[derive(Clone, Debug)]
pub struct PolicyLayer {
    config: Config,
}

impl PolicyLayer {
    /// A gate in front of a service that reaches GT at `upstream`.
    #[must_use]
    pub fn new(gate: Arc<Gate>, upstream: Upstream) -> Self {
        Self {
            config: Config::new(gate, upstream),
        }
    }

    /// With timers and blocking threads. Without, no time of [`Times`] is kept, what is quiet is looked
    /// at only when something comes, and no form is held on disk.
    #[must_use]
    pub fn with_runtime(mut self, runtime: impl AsyncRuntime + 'static) -> Self {
        self.config.runtime = Some(Arc::new(runtime));
        self
    }

    /// With these times in place of the defaults.
    #[must_use]
    pub fn with_times(mut self, times: Times) -> Self {
        self.config.times = times;
        self
    }

    /// With another way to tell where a connection is from. Without, it is a
    /// [`Peer`] in the request's extensions. A request of which it is not known is refused with 503
    /// `policy_failed`.
    #[must_use]
    pub fn with_peer(
        mut self,
        peer: impl Fn(&Parts) -> Option<Peer> + Send + Sync + 'static,
    ) -> Self {
        self.config.peer = Arc::new(peer);
        self
    }

    /// With threads that ask policies which are not trusted: `signalbox_runtime::Runtime::decision_pool`
    /// makes one. Without, requests that such a policy decides are refused with 503 `overloaded`.
    #[must_use]
    pub fn with_decision_pool(mut self, pool: Arc<DecisionPool>) -> Self {
        self.config.decisions = Some(pool);
        self
    }

    /// With a folder for forms that are larger than
    /// [`Settings::multipart_memory`](signalbox_gate::Settings::multipart_memory) until their model is
    /// known. Files in it have no name and no other reader. Without, or without
    /// [`Self::with_runtime`], such forms are refused with `spool_failed`.
    #[must_use]
    pub fn with_spool(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.spool = Some(Arc::new(folder.into()));
        self
    }

    /// With somebody who checks signatures, for a gate whose `Authenticator` takes JWTs. Without, a
    /// token that has to be checked is refused with 503.
    #[must_use]
    pub fn with_token_verification(mut self, tokens: impl VerifyTokens + 'static) -> Self {
        self.config.tokens = Some(Arc::new(tokens));
        self
    }

    /// With the program's own authentication in place of the gate's.
    #[must_use]
    pub fn with_identities(mut self, identify: impl Identify + 'static) -> Self {
        self.config.identify = Some(Arc::new(identify));
        self
    }

    /// With an observer of each exchange, for logs, metrics and traces.
    #[must_use]
    pub fn with_observer<O: Observer + Send + 'static>(
        mut self,
        observer: impl Fn() -> O + Send + Sync + 'static,
    ) -> Self {
        self.config.observer = Some(Arc::new(move || -> Box<dyn Observer + Send> {
            Box::new(observer())
        }));
        self
    }

    /// The gate.
    #[must_use]
    pub const fn gate(&self) -> &Arc<Gate> {
        &self.config.gate
    }
}

impl<S> Layer<S> for PolicyLayer {
    type Service = Policy<S>;

    fn layer(&self, inner: S) -> Policy<S> {
        Policy::new(inner, Arc::new(self.config.clone()))
    }
}
