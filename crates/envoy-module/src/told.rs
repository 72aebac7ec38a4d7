//! What the counters are told of one exchange.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use signalbox_gate::{End, Facts, Observer, Rejection};

/// What the counters are told of one exchange, once it is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Rc<Notes>);

#[derive(Debug, Default)]
struct Notes {
    end: RefCell<Option<End>>,
    failure: Cell<Option<&'static str>>,
}

impl Told {
    /// How it ended; `None` if it has not, or was taken before.
    pub(crate) fn take_end(&self) -> Option<End> {
        self.0.end.take()
    }

    /// Why a policy had no answer.
    pub(crate) fn take_failure(&self) -> Option<&'static str> {
        self.0.failure.take()
    }
}

impl Observer for Told {
    fn refused(&mut self, rejection: &Rejection) {
        if let Rejection::Failed { cause, .. } = rejection {
            self.0.failure.set(Some(cause));
        }
    }

    fn finished(&mut self, facts: &Facts) {
        self.0.end.replace(Some(facts.end().clone()));
    }
}
