//! A request on which a program failed, put to what would decide in its place.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc::SyncSender},
    time::Instant,
};

use signalbox_runtime::{GenerationStats, Plugin, RequestBuf};

use crate::event::Event;

/// A request on which a program failed.
pub(crate) struct FailedQuestion {
    /// The program.
    pub(crate) failed: Arc<GenerationStats>,
    /// When.
    pub(crate) at: Instant,
    /// What would decide in its place.
    pub(crate) instead: Plugin,
    /// The request, as that one is told of it.
    pub(crate) request: RequestBuf,
}

/// Asks, and tells the controller if there is an answer: then it is not the request alone.
pub(super) fn ask(question: &FailedQuestion, controller: &SyncSender<Event>) {
    let decide = || {
        question
            .request
            .view(|request| question.instead.decide(request))
    };
    // After a panic nothing of the call is used again: its instance goes with it.
    let answered = catch_unwind(AssertUnwindSafe(decide)).is_ok_and(|outcome| outcome.is_ok());
    if answered {
        let caller = question.request.caller().id.clone();
        let differed = Event::Differed(Arc::clone(&question.failed), caller, question.at);
        // A full queue knows enough.
        let _ = controller.try_send(differed);
    }
}
