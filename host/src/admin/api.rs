//! Where requests are answered, in the order in which they are checked: host (not on the open
//! routes), origin, route, method, token, and what the route itself looks at.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::request::Parts;
use hyper::body::Incoming;
use signalbox_swap::{Actor, Swaps, Trigger};
use tokio::sync::Semaphore;

use super::Overview;
use super::answer::Answer;
use super::error::AdminError;
use super::guard::{self, Access};
use super::route::{Act, Asked};
use super::running_transactions::RunningTransactions;
use super::shares::Place;
use super::upload::Upload;
use crate::config::AdminConfig;

/// What answers.
pub(super) struct AdminApi {
    pub(super) config: AdminConfig,
    pub(super) overview: Arc<dyn Overview>,
    /// Transactions under way.
    pub(super) works: RunningTransactions,
    /// Uploads that may be in memory at a time, from their first byte to their transaction's end.
    pub(super) places: Arc<Semaphore>,
    /// Explanations that may be made at a time.
    pub(super) explanations: Semaphore,
}

/// Who is at the other end.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    /// SHA-256 of its certificate, if it had to show one.
    pub(super) certificate: Option<String>,
    /// Its connection's place among all.
    pub(super) place: Place,
}

impl AdminApi {
    pub(super) fn new(config: AdminConfig, overview: Arc<dyn Overview>) -> Self {
        Self {
            config,
            overview,
            works: RunningTransactions::default(),
            places: Arc::new(Semaphore::new(MOST_UPLOADS)),
            explanations: Semaphore::new(MOST_EXPLANATIONS),
        }
    }

    pub(super) async fn answer(&self, peer: &Peer, request: Request<Incoming>) -> Answer {
        let (head, incoming) = request.into_parts();
        let mut upload = Upload::new(incoming, &head.headers);
        let asked = match self.admit(&head, &peer.place) {
            Ok(asked) => asked,
            Err(refused) => {
                upload.let_go(STRANGERS_BYTES, STRANGERS_TIME).await;
                return refused.answer();
            }
        };
        let outcome = match asked {
            Asked::Show(show) => self.show(show),
            Asked::Act(act) => self.act(peer, &head, &mut upload, act).await,
        };
        match outcome {
            Ok(answer) => answer,
            Err(refused) => {
                upload.let_go(DISCARD_BYTES, DISCARD_TIME).await;
                refused.answer()
            }
        }
    }

    /// Host and origin come first: a page in a browser learns nothing, not even which routes exist.
    /// The open routes tell everybody the same, and probes call them by any name.
    fn admit<'h>(&self, head: &'h Parts, place: &Place) -> Result<Asked<'h>, AdminError> {
        let asked = Asked::of(&head.method, head.uri.path());
        let needed = asked.as_ref().map_or(Access::Operate, Asked::needs);
        if needed > Access::Open {
            guard::check_host(&self.config, head)?;
        }
        guard::check_origin(head)?;
        let held = guard::access(&self.config, head);
        if held > Access::Open {
            place.promote();
        }
        let asked = asked?;
        guard::check_access(held, needed)?;
        Ok(asked)
    }

    async fn act(
        &self,
        peer: &Peer,
        head: &Parts,
        upload: &mut Upload,
        act: Act<'_>,
    ) -> Result<Answer, AdminError> {
        match act {
            Act::Explain => self.explain(head, upload).await,
            Act::Promote(name) => {
                self.on_candidate(peer, head, upload, name, Swaps::promote)
                    .await
            }
            Act::Revoke => self.revoke(peer, head, upload).await,
            Act::Rollback(name) => self.rollback(peer, head, upload, name).await,
            Act::Swap => self.swap(peer, head, upload).await,
            Act::Withdraw(name) => {
                self.on_candidate(peer, head, upload, name, Swaps::withdraw)
                    .await
            }
        }
    }
}

impl Peer {
    /// Who asks, as the history has it.
    pub(super) fn actor(&self) -> Actor {
        let who = match &self.certificate {
            None => self.address.to_string(),
            Some(digest) => format!("{}, certificate sha256:{digest}", self.address),
        };
        Actor::new(Trigger::Admin, who)
    }
}

/// Each may hold some hundred MiB, and they compile one after the other anyway.
pub(super) const MOST_UPLOADS: usize = 4;
/// Each may take a tenth of a second of a core that requests are decided on.
const MOST_EXPLANATIONS: usize = 2;
/// Of a body that is refused, for a client that reads its answer only when it has sent all.
const DISCARD_BYTES: usize = 64 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);
/// The same for whoever has no token.
const STRANGERS_BYTES: usize = 1 << 20;
const STRANGERS_TIME: Duration = Duration::from_secs(1);
