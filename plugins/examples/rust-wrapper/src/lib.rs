//! A wrapper: it refuses keys that are suspended, and asks the policy behind it about all others.

use bindings::exports::signalbox::policy::policy::{Decision, Description, Guest, Page, Request};
use bindings::signalbox::policy::{
    policy as behind,
    types::{Refusal, Wants},
};

mod bindings {
    wit_bindgen::generate!({ world: "signalbox-wrapper", path: "wit" });
    use super::Plugin;
    export!(Plugin);
}

struct Plugin;

impl Guest for Plugin {
    fn describe() -> Description {
        let mut description = behind::describe();
        description.wants = description.wants | Wants::LABELS;
        description
    }

    fn models(after: Option<String>, limit: u32) -> Page {
        behind::models(after.as_deref(), limit)
    }

    fn decide(request: Request) -> Decision {
        if is_suspended(&request.caller.labels) {
            return Decision::Refuse(Refusal {
                status: 403,
                code: "key_suspended".into(),
                message: "This key is suspended; ask whoever gave it to you.".into(),
                param: None,
                reason: "key_suspended".into(),
            });
        }
        behind::decide(&request)
    }
}

/// Whether a key with these labels is suspended.
fn is_suspended(labels: &[(String, String)]) -> bool {
    labels
        .iter()
        .any(|(name, value)| name == "status" && value == "suspended")
}

#[cfg(test)]
mod tests {
    use super::is_suspended;

    fn labels(all: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
        all.iter().map(owned).collect()
    }

    #[test]
    fn the_label_suspends_a_key_and_nothing_else_does() {
        assert!(is_suspended(&labels(&[("team", "a"), ("status", "suspended")])));
        for other in [("status", "active"), ("status", ""), ("note", "suspended")] {
            assert!(!is_suspended(&labels(&[other])), "{other:?}");
        }
        assert!(!is_suspended(&[]));
    }
}
