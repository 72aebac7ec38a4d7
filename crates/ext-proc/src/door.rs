//! What the program around the gate brings.

use std::fs::File;
use std::future::Future;
use std::io;
use std::sync::Arc;

use http::{HeaderValue, StatusCode};
use signalbox_gate::keyring::Key;
use signalbox_gate::{
    AbortReason, DecisionPool, Gate, Observer, SpoolFailure, TokenRefused, VerifyToken,
};

use crate::model_lists::ModelLists;
use crate::times::Times;

/// What the program around the gate brings.
pub trait Door: 'static {
    /// Who is told of an exchange.
    type Observer: StreamObserver + 'static;

    /// The gate.
    fn gate(&self) -> &Arc<Gate>;

    /// What goes into `host` of a request for GT.
    fn upstream(&self) -> &HeaderValue;

    /// How long things may take.
    fn times(&self) -> Times;

    /// Who is told of the next exchange.
    fn observer(&self) -> Self::Observer;

    /// Checks the signature of a JWT. Without it nobody has time for that.
    fn verify(
        &self,
        token: &VerifyToken<Self::Observer>,
    ) -> impl Future<Output = Result<Arc<Key>, TokenRefused>> {
        let _ = token;
        std::future::ready(Err(TokenRefused::Busy))
    }

    /// Where policies are asked that may block. Without it their requests are refused.
    fn decisions(&self) -> Option<&DecisionPool> {
        None
    }

    /// Where forms are held that do not fit into memory. Without it they are refused.
    fn spool(&self) -> Option<Arc<dyn SpoolPlace>> {
        None
    }

    /// GT's own lists of models, kept for a while.
    fn lists(&self) -> &ModelLists;

    /// Ready once what is under way is to end.
    fn cut(&self) -> impl Future<Output = ()> {
        std::future::pending()
    }
}

/// Where forms are held that do not fit into memory.
pub trait SpoolPlace: Send + Sync {
    /// A new file that nobody else can read and that is gone once it is closed. May block.
    ///
    /// # Errors
    /// If there can be none.
    fn file(&self) -> io::Result<File>;

    /// A form could not be held.
    fn failed(&self, error: io::Error) -> SpoolFailure {
        SpoolFailure::from(&error)
    }
}

/// Who is told of an exchange: by the gate, and of what only who moves its bytes knows.
pub trait StreamObserver: Observer {
    /// The request goes on to GT now, with this `host`.
    fn forwards(&mut self, host: &HeaderValue) {
        let _ = host;
    }

    /// So many bytes of the client's body go on to GT.
    fn took_in(&mut self, bytes: u64) {
        let _ = bytes;
    }

    /// The head of GT's response is here.
    fn first_byte(&mut self, status: StatusCode) {
        let _ = status;
    }

    /// The head of the response is ready.
    fn responds(&mut self, status: StatusCode) {
        let _ = status;
    }

    /// So many bytes go to the client.
    fn sent(&mut self, bytes: usize) {
        let _ = bytes;
    }

    /// GT's response was passed on to its end; so many of its events were too long to be restamped.
    fn passed_on(&mut self, oversized: u64) {
        let _ = oversized;
    }

    /// A response ends before its time, or is not waited for any more.
    fn broke_off(&mut self, reason: AbortReason) {
        let _ = reason;
    }

    /// GT gave no response.
    fn upstream_failed(&mut self, cause: &'static str) {
        let _ = cause;
    }

    /// The proxy is not configured as it has to be: tell the operator.
    fn misconfigured(&mut self, why: &'static str) {
        let _ = why;
    }
}

impl StreamObserver for () {}
