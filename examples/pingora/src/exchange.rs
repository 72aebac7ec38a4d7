//! How far one request has come.

use http::request::Parts;
use signalbox_gate::{AbortReason, BodyFailure, RelayBody, Respond, Sent};

use crate::upload::Upload;

/// How far one request has come: for the context of a proxy. Dropped, it gives back all that the request held.
#[derive(Debug, Default)]
pub struct Exchange {
    pub(crate) state: State,
    /// What of the client's body goes to GT.
    pub(crate) upload: Upload,
    /// Why the client's body did not go on whole.
    pub(crate) failure: Option<BodyFailure>,
}

#[derive(Debug, Default)]
pub(crate) enum State {
    /// Nothing was let through.
    #[default]
    Closed,
    /// GT is asked, or about to be.
    Waiting(Box<Waiting>),
    /// GT's response goes to the client.
    Relaying(Box<Relaying>),
    /// The gate answers in GT's place.
    Responding(Box<Respond<()>>),
    /// The response is whole.
    Over,
}

/// A request that GT is asked.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) sent: Sent<()>,
    pub(crate) head: Parts,
    /// GT's response was not the client's: the request goes to GT once more, with another key.
    pub(crate) is_asked_again: bool,
}

/// A response on its way.
#[derive(Debug)]
pub(crate) struct Relaying {
    pub(crate) body: RelayBody<()>,
    /// Why it is not to go on.
    pub(crate) ends: Option<AbortReason>,
}

impl Exchange {
    /// Whether the request was let through and may go to GT, or has gone.
    #[must_use]
    pub const fn is_let_through(&self) -> bool {
        !matches!(self.state, State::Closed)
    }

    pub(crate) fn take(&mut self) -> State {
        std::mem::take(&mut self.state)
    }

    pub(crate) const fn waiting(&self) -> Option<&Waiting> {
        match &self.state {
            State::Waiting(waiting) => Some(waiting),
            _ => None,
        }
    }
}
