//! The thread that asks shadows, and what would decide in place of a program that failed, and what
//! it finds.
//!
//! A question that does not fit in the queue is not asked, and neither is one for which there is no
//! processor time left: requests never wait for one. Of shadows both are counted.

mod again;
mod allowance;
mod shadowed;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender},
    },
    time::Instant,
};

use signalbox_policy::{Decision, ListMode};
use signalbox_runtime::{Generation, Plugin, RequestBuf, TrafficShare};

pub(crate) use self::again::FailedQuestion;
use self::allowance::Allowance;
pub(crate) use self::shadowed::Shadowed;
use crate::{LiveAnswer, PolicyAnswer, compare::differences, diff::listed, event::Event};

/// A request for a shadow to decide, and what was decided.
#[derive(Debug)]
pub struct Question {
    /// The shadow.
    pub shadow: Arc<Generation>,
    /// The request, as what serves was asked.
    pub request: RequestBuf,
    /// What it answered.
    pub live: LiveAnswer,
    /// The route of what serves, as `METHOD template`; empty if it knows none.
    pub route: String,
}

/// What goes to the thread.
pub(crate) enum Asked {
    Question(Box<Question>),
    Again(Box<FailedQuestion>),
    Stop,
}

/// Questions that may wait; each holds a request's head.
pub(crate) const QUESTIONS: usize = 256;

/// Asks shadows until it is told to stop. They use no more than `share` of a core, and what failed is
/// asked again in a tenth of one; `shadowed` gives what was found about a shadow, if it is still
/// there; the controller hears of failures, and of shadows that have proved themselves.
pub(crate) fn run(
    questions: &Receiver<Asked>,
    share: TrafficShare,
    shadowed: impl Fn(&Generation) -> Option<Arc<Shadowed>>,
    controller: &SyncSender<Event>,
) {
    let now = Instant::now();
    let mut of_shadows = Allowance::new(share, now);
    // Of its own, so that a busy shadow does not keep a failing program in service.
    let mut of_failures = Allowance::new(TENTH, now);
    while let Ok(asked) = questions.recv() {
        match asked {
            Asked::Question(question) => {
                let Some(shadowed) = shadowed(&question.shadow) else {
                    continue;
                };
                let ask = || ask(&shadowed, &question, controller);
                if of_shadows.within(Instant::now(), ask).is_none() {
                    shadowed.skip();
                }
            }
            // What there is no time for is no evidence.
            Asked::Again(failed) => {
                of_failures.within(Instant::now(), || again::ask(&failed, controller));
            }
            Asked::Stop => break,
        }
    }
}

fn ask(shadowed: &Shadowed, question: &Question, controller: &SyncSender<Event>) {
    let shadow = &question.shadow;
    let decide = || question.request.view(|request| shadow.decide(request));
    // After a panic nothing of the call is used again: its instance goes with it.
    let outcome = catch_unwind(AssertUnwindSafe(decide));
    let (candidate, cause) = match outcome {
        Ok(Ok(decision)) => {
            let answer = PolicyAnswer::new(decision, shadow.description());
            (Some(answer), None)
        }
        Ok(Err(error)) if error.is_guest_failure() => (None, Some(error.cause())),
        // It could not be asked.
        Ok(Err(_)) => return shadowed.skip(),
        Err(_panic) => (None, Some("panicked")),
    };
    if let Some(cause) = cause {
        let served = || Arc::clone(shadow.served());
        // A full queue knows enough.
        let _ = controller.try_send(Event::Failed(served(), cause));
        if matches!(question.live, LiveAnswer::Decided(_)) {
            let caller = question.request.caller().id.clone();
            let _ = controller.try_send(Event::Differed(served(), caller, Instant::now()));
        }
    }
    let kinds = differences(&question.live, candidate.as_ref(), || {
        same_list(shadowed, question, candidate.as_ref())
    });
    shadowed.note(question, &kinds, candidate.as_ref());
    let proved = shadowed.order().promote_after;
    if proved.is_some_and(|wanted| shadowed.clean() == wanted) {
        // A full queue wakes it as well.
        let _ = controller.try_send(Event::Look);
    }
}

/// Whether two lists show the caller the same names, in the same way.
fn same_list(shadowed: &Shadowed, question: &Question, candidate: Option<&PolicyAnswer>) -> bool {
    let (LiveAnswer::Decided(live), Some(candidate)) = (&question.live, candidate) else {
        return false;
    };
    let (Decision::ListModels(live), Decision::ListModels(shadow)) =
        (&live.decision, &candidate.decision)
    else {
        return false;
    };
    let are_upstream = [live, shadow].map(|mode| *mode == ListMode::Upstream);
    let caller = question.request.caller();
    let shown = |plugin, mode| {
        let names = listed(plugin, caller, mode);
        let published = |name: String| {
            let entry = Plugin::catalogue(plugin).get(&name);
            (entry.map(|entry| entry.published.clone()), name)
        };
        names.into_iter().map(published).collect::<Vec<_>>()
    };
    are_upstream[0] == are_upstream[1]
        && shown(shadowed.live(), live) == shown(question.shadow.plugin(), shadow)
}

const TENTH: TrafficShare = match TrafficShare::of_ten_thousand(1_000) {
    Some(share) => share,
    None => unreachable!(),
};
