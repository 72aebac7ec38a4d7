//! What the running host shows to operators.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use signalbox_registry::{Pulled, Reference};
use signalbox_swap::{Failure, Swaps, error_chain};

use super::{Overview, TlsError};
use crate::observe::health::Readiness;
use crate::observe::record::DecisionId;
use crate::observe::status::{PolicyStatus, Status};
use crate::server::shared::Shared;
use signalbox_gate::keyring::Key;

impl Overview for Shared {
    fn readiness(&self) -> Readiness {
        self.observers.health.readiness()
    }

    fn status(&self) -> Status {
        let (readiness, now) = (self.observers.health.readiness(), Timestamp::now());
        let keyring = self.auth.keys.current();
        let overview = self.policies.swaps.overview();
        let idle = overview.iter().filter(|policy| policy.live.is_none());
        Status {
            version: env!("CARGO_PKG_VERSION"),
            started: self.started,
            uptime_seconds: now.duration_since(self.started).as_secs(),
            status: readiness.status,
            reasons: readiness.reasons,
            idle: idle.map(|policy| policy.name.clone()).collect(),
            policies: overview.iter().filter_map(PolicyStatus::of).collect(),
            keys: keyring.len(),
            keyring_sha256: self.auth.keys.digest().to_string(),
            jwt: self
                .auth
                .jwt
                .as_ref()
                .map(|jwt| jwt.issuers().status(now))
                .unwrap_or_default(),
            warnings: keyring.warnings().to_vec(),
            credentials: self
                .upstream
                .credentials
                .current()
                .names()
                .map(str::to_owned)
                .collect(),
            upstreams: self.upstream.hosts.status(),
        }
    }

    fn metrics(&self) -> String {
        let is_degraded = self.observers.health.readiness().status == "degraded";
        self.observers
            .metrics
            .set_keys(self.auth.keys.current().len());
        if let Some(jwt) = &self.auth.jwt {
            self.observers
                .metrics
                .set_jwt(&jwt.issuers().status(Timestamp::now()));
        }
        self.observers
            .metrics
            .render(&self.policies.swaps.overview(), is_degraded)
    }

    fn decision(&self, id: DecisionId) -> Option<serde_json::Value> {
        self.observers.records.find(id)
    }

    fn swaps(&self) -> &Swaps {
        &self.policies.swaps
    }

    fn key(&self, id: &str) -> Option<Arc<Key>> {
        self.auth.keys.current().key(id).map(Arc::clone)
    }

    fn pull<'a>(
        &'a self,
        reference: &'a Reference,
    ) -> Pin<Box<dyn Future<Output = Result<Pulled, Failure>> + Send + 'a>> {
        Box::pin(self.sources.registry.pull(reference))
    }

    fn certificates(&self, outcome: &Result<(), TlsError>) {
        match outcome {
            Ok(()) => {
                tracing::info!("took over the certificate of the admin listener");
                self.observers.health.recover(CERTIFICATE);
            }
            Err(error) => {
                let chain = error_chain(error);
                tracing::error!(error = chain, "kept the certificate of the admin listener");
                self.observers.health.degrade_by(CERTIFICATE, error);
            }
        }
    }
}

/// What is not well, in readiness.
const CERTIFICATE: &str = "admin certificate";
