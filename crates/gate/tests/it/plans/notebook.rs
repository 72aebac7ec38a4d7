//! An observer that writes down all that it is told, but for ids and times.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;

use http::request::Parts;
use signalbox_gate::{
    Conclusion, Facts, Observer, OwnHosts, PlanNotes, Record, RecordFacts, Rejection, TraceHeaders,
};
use signalbox_http::refusal::Refusal;

/// Writes down all that it is told.
#[derive(Clone, Default)]
pub(crate) struct Notebook(Rc<RefCell<Vec<String>>>);

/// What it leaves with a plan: had another request found it, it would show.
#[derive(Default)]
struct Left {
    facts: String,
    decision: OnceLock<String>,
}

impl Notebook {
    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }

    fn note(&self, what: String) {
        self.0.borrow_mut().push(what);
    }
}

impl Observer for Notebook {
    fn began(&mut self, facts: &Facts, _: &OwnHosts, head: &Parts) {
        self.note(format!("began {} {}", facts.method(), head.uri));
    }

    fn policy_asked(&mut self, _took: Duration) {
        self.note("asked".to_owned());
    }

    fn decided(&mut self, record: &Record<'_>) {
        let (facts, conclusion) = (shown(record), concluded(record));
        self.note(format!("decided {facts} {conclusion}"));
    }

    fn decided_by_plan(&mut self, record: &Record<'_>, notes: &PlanNotes) {
        let facts = shown(record);
        let left = notes.get_or_leave(|| Left {
            facts: facts.clone(),
            decision: OnceLock::new(),
        });
        let left = left.unwrap();
        assert_eq!(left.facts, facts);
        if let Conclusion::Decided(_) = record.conclusion {
            let decision = concluded(record);
            assert_eq!(*left.decision.get_or_init(|| decision.clone()), decision);
        }
        self.decided(record);
    }

    fn refused(&mut self, rejection: &Rejection) {
        self.note(format!("refused {rejection:?}"));
    }

    fn sends(&mut self, facts: &Facts, model: Option<&str>, trace: &mut TraceHeaders<'_>) {
        self.note(format!("sends {:?} {model:?} {trace:?}", facts.model()));
    }

    fn response_refused(&mut self, refusal: &Refusal) {
        self.note(format!("response refused {refusal:?}"));
    }

    fn streams(&mut self) {
        self.note("streams".to_owned());
    }

    fn finished(&mut self, facts: &Facts) {
        let key = facts.key().map(|key| &*key.caller.id);
        let policy = facts.policy().map(|policy| policy.decider());
        let route = facts.route().map(|route| route.name());
        let model = (facts.model(), facts.is_model_listed());
        let end = facts.end();
        self.note(format!(
            "finished {key:?} {policy:?} {route:?} {model:?} {end:?}"
        ));
    }
}

fn shown(record: &Record<'_>) -> String {
    let policy = record.policy;
    match &record.facts {
        RecordFacts::Head { method, path } => format!("{policy:?} {method} {path}"),
        RecordFacts::Request {
            request,
            caller,
            is_model_listed,
        } => format!("{policy:?} {request:?} {caller:?} {is_model_listed}"),
    }
}

fn concluded(record: &Record<'_>) -> String {
    match record.conclusion {
        Conclusion::Decided(decision) => format!("{decision:?}"),
        Conclusion::Refused { status, code } => format!("{status} {code}"),
        Conclusion::Failed {
            status,
            code,
            cause,
        } => format!("{status} {code} {cause}"),
    }
}
