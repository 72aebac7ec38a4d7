//! What a layer was told.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use http::request::Parts;
use signalbox_gate::{DecisionPool, Gate, Observer, Peer};

use crate::async_runtime::AsyncRuntime;
use crate::identity::{Identify, VerifyTokens};
use crate::models::ModelLists;
use crate::subjects::Subjects;
use crate::times::Times;
use crate::upstream::Upstream;

/// Where a request's connection is from.
pub(crate) type FindPeer = dyn Fn(&Parts) -> Option<Peer> + Send + Sync;
/// Who is told of one request.
pub(crate) type MakeObserver = dyn Fn() -> Box<dyn Observer + Send> + Send + Sync;

/// What a layer was told. Copies share everything.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) gate: Arc<Gate>,
    pub(crate) upstream: Upstream,
    pub(crate) times: Times,
    pub(crate) peer: Arc<FindPeer>,
    pub(crate) runtime: Option<Arc<dyn AsyncRuntime>>,
    pub(crate) decisions: Option<Arc<DecisionPool>>,
    pub(crate) spool: Option<Arc<PathBuf>>,
    pub(crate) tokens: Option<Arc<dyn VerifyTokens>>,
    pub(crate) identify: Option<Arc<dyn Identify>>,
    pub(crate) observer: Option<Arc<MakeObserver>>,
    pub(crate) subjects: Arc<Subjects>,
    pub(crate) lists: Arc<ModelLists>,
}

impl Config {
    pub(crate) fn new(gate: Arc<Gate>, upstream: Upstream) -> Self {
        Self {
            gate,
            upstream,
            times: Times::default(),
            peer: Arc::new(|head| head.extensions.get::<Peer>().copied()),
            runtime: None,
            decisions: None,
            spool: None,
            tokens: None,
            identify: None,
            observer: None,
            subjects: Arc::default(),
            lists: Arc::default(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("upstream", &self.upstream)
            .field("times", &self.times)
            .field("runtime", &self.runtime)
            .field("spool", &self.spool)
            .finish_non_exhaustive()
    }
}
