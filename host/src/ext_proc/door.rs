//! What the gate needs of this host for a stream.

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use http::HeaderValue;
use jiff::Timestamp;
use signalbox_ext_proc::{Door, ModelLists, SpoolPlace, Times};
use signalbox_gate::keyring::Key;
use signalbox_gate::{DecisionPool, Gate, SpoolFailure, TokenRefused, VerifyToken};
use signalbox_swap::error_chain;

use crate::auth::jwt::Line;
use crate::listener::client_io::ConnectionState;
use crate::observe::request_log::{Place, RequestLog};
use crate::request::spool::SpoolFolder;
use crate::server::phase::Phase;
use crate::server::worker::Worker;

/// What the streams of one connection share.
#[derive(Debug)]
pub(super) struct HostDoor {
    pub(super) worker: Rc<Worker>,
    pub(super) link: Rc<ConnectionState>,
    /// What goes into `host` of a request for GT.
    pub(super) upstream: HeaderValue,
}

impl HostDoor {
    /// Waits until the worker is so far on its way out.
    pub(super) async fn enters(&self, phase: Phase) {
        let phases = &self.worker.phases;
        let mut listener = None;
        poll_fn(|context| {
            if phases.current() >= phase {
                return Poll::Ready(());
            }
            listener = Some(phases.listen(context.waker()));
            Poll::Pending
        })
        .await;
        drop(listener);
    }
}

impl Door for HostDoor {
    type Observer = RequestLog;

    fn gate(&self) -> &Arc<Gate> {
        &self.worker.shared.gate
    }

    fn upstream(&self) -> &HeaderValue {
        &self.upstream
    }

    fn times(&self) -> Times {
        let configured = &self.worker.shared.config.times;
        let mut times = Times::default();
        times.first_message = configured.head.duration();
        times.body_idle = configured.body_idle.duration();
        times.body_total = configured.body_total.duration();
        times.first_byte = configured.first_byte.duration();
        times.answer_idle = configured.answer_idle.duration();
        times.models_cache = configured.models_cache.duration();
        times
    }

    fn observer(&self) -> RequestLog {
        let worker = &self.worker;
        let place = Place::new(
            Rc::clone(&worker.counters),
            worker.begin(),
            self.link.begin(),
        );
        RequestLog::new(&worker.shared.observers, Some(place))
    }

    async fn verify(&self, token: &VerifyToken<RequestLog>) -> Result<Arc<Key>, TokenRefused> {
        let Some(jwt) = &self.worker.shared.auth.jwt else {
            return Err(TokenRefused::Invalid);
        };
        let line = Line::of(token.client());
        let now = Timestamp::now();
        jwt.verify(token.token(), line, || token.keyring(), now)
            .await
    }

    fn decisions(&self) -> Option<&DecisionPool> {
        Some(&self.worker.shared.policies.pool)
    }

    fn spool(&self) -> Option<Arc<dyn SpoolPlace>> {
        let folder = Arc::clone(&self.worker.shared.spool);
        Some(Arc::new(Folder(folder)))
    }

    fn lists(&self) -> &ModelLists {
        &self.worker.shared.lists
    }

    async fn cut(&self) {
        self.enters(Phase::Cutting).await;
    }
}

/// The folder of the host, for forms that Envoy sends.
struct Folder(Arc<SpoolFolder>);

impl SpoolPlace for Folder {
    fn file(&self) -> io::Result<File> {
        self.0.file()
    }

    fn failed(&self, error: io::Error) -> SpoolFailure {
        let error = self.0.failed(error);
        tracing::error!(error = error_chain(&error), "a form cannot be held on disk");
        error.failure()
    }
}
