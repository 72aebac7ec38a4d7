//! What all workers share, by concern.

use std::sync::Arc;

use jiff::Timestamp;
use signalbox_gate::Gate;
use signalbox_runtime::DecisionPool;
use signalbox_swap::Swaps;

use crate::auth::Auth;
use crate::auth::credentials::CredentialFiles;
use crate::config::Config;
use crate::listener::tls::ClientTls;
use crate::observe::observers::Observers;
use crate::policy_sources::PolicySources;
use crate::request::spool::SpoolFolder;
use crate::upstream::Hosts;

/// What all workers share: each part is read without waiting.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// The certificate shown to clients; without one they are spoken to in plaintext.
    pub(crate) tls: Option<ClientTls>,
    /// The certificates shown to proxies, where they come over TLS.
    pub(crate) private_tls: Vec<Arc<ClientTls>>,
    /// GT's lists of models, asked for by requests of proxies.
    pub(crate) lists: signalbox_ext_proc::ModelLists,
    /// What is done with a request.
    pub(crate) gate: Arc<Gate>,
    pub(crate) auth: Auth,
    pub(crate) policies: Policies,
    pub(crate) upstream: UpstreamAccess,
    pub(crate) observers: Arc<Observers>,
    /// Where policies come from.
    pub(crate) sources: Arc<PolicySources>,
    /// Where forms are held that do not fit into memory.
    pub(crate) spool: Arc<SpoolFolder>,
    pub(crate) started: Timestamp,
}

/// What decides.
#[derive(Debug)]
pub(crate) struct Policies {
    /// What serves, and everything that changes it.
    pub(crate) swaps: Swaps,
    /// Where policies run that are not trusted.
    pub(crate) pool: DecisionPool,
}

/// GT's hosts, and the keys that open them.
#[derive(Debug)]
pub(crate) struct UpstreamAccess {
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) credentials: CredentialFiles,
}
