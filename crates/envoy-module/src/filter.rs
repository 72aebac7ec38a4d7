//! One stream, as the hooks see it. Envoy may call back from within what a hook does: whoever finds the
//! exchange in use then lets nothing pass.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use signalbox_gate::{Client, Peer};

use crate::abi::{Done, Next, Stream};
use crate::callout::CalloutResponse;
use crate::exchange::Exchange;
use crate::module::Module;
use crate::relaying::EnvoyReply;
use crate::told::Told;

/// One stream.
#[derive(Debug)]
pub(crate) struct Filter {
    exchange: RefCell<Exchange>,
    module: Arc<Module>,
    /// What Envoy is about to answer by itself.
    reply: Cell<Option<EnvoyReply>>,
    /// Whether the head of a response has come.
    is_answering: Cell<bool>,
}

/// What a hook is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Request,
    Response,
    Either,
    /// The stream has ended.
    Over,
}

impl Filter {
    pub(crate) fn new(module: Arc<Module>) -> Self {
        Self {
            exchange: RefCell::new(Exchange::new(Arc::clone(&module))),
            module,
            reply: Cell::default(),
            is_answering: Cell::default(),
        }
    }

    pub(crate) fn request_headers(&self, stream: &Stream<'_>, is_end: bool) -> Next {
        self.request(|exchange| exchange.begin(stream, is_end))
    }

    pub(crate) fn request_body(&self, stream: &Stream<'_>, is_end: bool) -> Next {
        self.request(|exchange| exchange.request_body(stream, is_end))
    }

    pub(crate) fn request_trailers(&self, stream: &Stream<'_>) -> Next {
        self.request(|exchange| exchange.request_trailers(stream))
    }

    pub(crate) fn response_headers(&self, stream: &Stream<'_>, is_end: bool) -> Next {
        self.is_answering.set(true);
        let reply = self.reply.take();
        self.response(|exchange| exchange.response_headers(stream, reply, is_end))
    }

    pub(crate) fn response_body(&self, stream: &Stream<'_>, is_end: bool) -> Next {
        self.response(|exchange| exchange.response_body(stream, is_end))
    }

    pub(crate) fn response_trailers(&self, stream: &Stream<'_>) -> Next {
        self.response(|exchange| exchange.response_trailers(stream))
    }

    pub(crate) fn scheduled(&self, stream: &Stream<'_>, event: u64) -> Next {
        self.request(|exchange| exchange.woken(stream, event))
    }

    pub(crate) fn called_out(
        &self,
        stream: &Stream<'_>,
        response: Option<CalloutResponse>,
    ) -> Next {
        self.request(|exchange| exchange.called_out(stream, response))
    }

    /// Envoy is about to answer by itself.
    pub(crate) fn envoy_replies(&self, status: u32, details: &[u8]) {
        self.reply.set(Some(EnvoyReply::of(status, details)));
    }

    /// The stream has ended, and can still count.
    pub(crate) fn complete(&self, stream: &Stream<'_>) {
        if let Ok(mut exchange) = self.exchange.try_borrow_mut() {
            exchange.complete(stream);
        }
    }

    /// Nothing is called any more.
    pub(crate) fn ends(&self) {
        if let Ok(mut exchange) = self.exchange.try_borrow_mut() {
            exchange.end();
        }
    }

    /// The module panicked: what it was about does not pass.
    pub(crate) fn fails(&self, side: Side) -> Next {
        if let Ok(mut exchange) = self.exchange.try_borrow_mut() {
            exchange.end();
        }
        match side {
            Side::Over => Next::Wait,
            Side::Response => Next::Done(Done::Reset),
            Side::Either if self.is_answering.get() => Next::Done(Done::Reset),
            Side::Either | Side::Request => {
                let nobody = Client::unheard(Peer::plain(([0, 0, 0, 0], 0).into()));
                let refused = self.module.gate.refuse_failed(nobody, Told::default());
                Next::Done(Done::Respond(refused.into_parts().0))
            }
        }
    }

    fn request(&self, hook: impl FnOnce(&mut Exchange) -> Next) -> Next {
        let exchange = self.exchange.try_borrow_mut();
        exchange.map_or(Next::Wait, |mut exchange| hook(&mut exchange))
    }

    fn response(&self, hook: impl FnOnce(&mut Exchange) -> Next) -> Next {
        let exchange = self.exchange.try_borrow_mut();
        exchange.map_or(Next::Done(Done::Reset), |mut exchange| hook(&mut exchange))
    }
}
