//! What is written of every request of a plan alike, kept with the plan.

use std::sync::{Arc, OnceLock};

use super::written::Said;

/// What records and the request log leave with a plan. Each is a function of what the policy was told,
/// of what it decided, and of this host's redactor.
#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) record: OnceLock<Arc<Said>>,
    pub(super) line: SharedFields,
}

/// The fields of a line that are the same for all requests of a plan, as they are written.
#[derive(Debug, Default)]
pub struct SharedFields(OnceLock<Written>);

/// A HEAD has the plan of its GET, so the method of those that wrote it is kept as well.
#[derive(Debug)]
struct Written {
    method: Box<str>,
    text: Box<[u8]>,
}

impl SharedFields {
    /// What was written of them before, or what `write` writes, which is kept. `None` if that was for
    /// a request with another method.
    pub fn get_or_write(&self, method: &str, write: impl FnOnce(&mut Vec<u8>)) -> Option<&[u8]> {
        let written = self.0.get_or_init(|| {
            let mut text = Vec::new();
            write(&mut text);
            Written {
                method: method.into(),
                text: text.into(),
            }
        });
        (*written.method == *method).then_some(&*written.text)
    }
}
