//! Clients that run with their vendor alone. What is known of them is in the first table of the page.

use super::{DOCUMENTED, How, Trial};

pub(super) const TRIALS: &[Trial] = &[
    closed("Lovable", "lovable"),
    closed("Cursor", "cursor"),
    closed("Manus", "manus"),
];

const fn closed(client: &'static str, runbook: &'static str) -> Trial {
    Trial {
        client,
        runbook,
        how: How::Closed,
        bases: DOCUMENTED,
        asked: &[],
    }
}
