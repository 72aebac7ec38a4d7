//! What is done to GT's body on its way to the client, and when it may not go on.

use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use signalbox_gate::{AbortReason, LOOK, RelayBody};

use crate::alarm::Alarm;
use crate::config::Config;
use crate::decision::Witness;

/// What is done to GT's body on its way to the client, and when it may not go on.
#[derive(Debug)]
pub(crate) struct Relaying {
    relay: RelayBody<Witness>,
    alarm: Alarm,
    idle: Duration,
    /// Since when GT is waited for. A client that was slow itself is not GT's fault.
    waits: Option<Instant>,
    /// When the key and the policy are looked at next while nothing comes.
    looks: Instant,
    /// GT's response broke off, and that was not said yet.
    is_broken: bool,
    is_over: bool,
}

impl Relaying {
    pub(crate) fn new(relay: RelayBody<Witness>, config: &Config) -> Self {
        let alarm = Alarm::new(config.runtime.as_ref());
        Self {
            relay,
            idle: config.times.answer_idle,
            waits: None,
            looks: alarm.now() + LOOK,
            alarm,
            is_broken: false,
            is_over: false,
        }
    }

    /// The body is here; `is_end` if nothing comes of it.
    pub(crate) fn begins(&mut self, is_end: bool) {
        if is_end && !self.changes_bytes() {
            self.end();
        }
    }

    /// The client asked for the head only.
    pub(crate) const fn leave_out(&mut self) {
        self.is_over = true;
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether any byte may be changed or kept back.
    pub(crate) const fn changes_bytes(&self) -> bool {
        self.relay.changes_bytes()
    }

    /// What goes on of GT's next bytes; `None` if more has to be seen first.
    pub(crate) fn pass(&mut self, chunk: Bytes, is_last: bool) -> Option<Bytes> {
        let passes = self.relay.push(chunk);
        if is_last && !self.changes_bytes() {
            self.end();
        }
        passes.filter(|passes| !passes.is_empty())
    }

    /// GT's response has ended: what was kept back of it.
    pub(crate) fn end(&mut self) -> Option<Bytes> {
        self.is_over = true;
        self.relay.finish()
    }

    /// GT's response broke off.
    pub(crate) const fn breaks(&mut self) {
        self.is_broken = true;
    }

    pub(crate) const fn take_broken(&mut self) -> Option<AbortReason> {
        match std::mem::replace(&mut self.is_broken, false) {
            true => Some(AbortReason::Upstream),
            false => None,
        }
    }

    /// It ends here: what a stream of events ends with, or the error that cuts the connection.
    pub(crate) fn break_off(&mut self, reason: AbortReason) -> Option<Result<Bytes, AbortReason>> {
        self.is_over = true;
        Some(self.relay.abort(reason).ok_or(reason))
    }

    /// Something came: why it is not to go on, if it is not.
    pub(crate) fn hears(&mut self) -> Option<AbortReason> {
        self.waits = None;
        self.relay.cancelled_if_due(self.alarm.now())
    }

    /// Nothing comes: ready with the reason when that is to end.
    pub(crate) fn poll_quiet(&mut self, context: &mut Context<'_>) -> Poll<AbortReason> {
        let now = self.alarm.now();
        let end = *self.waits.get_or_insert(now) + self.idle;
        loop {
            let now = ready!(self.alarm.poll(end.min(self.looks), context));
            if now >= end {
                return Poll::Ready(AbortReason::Quiet);
            }
            if let Some(reason) = self.relay.cancelled(now) {
                return Poll::Ready(reason);
            }
            self.looks = now + LOOK;
        }
    }
}
