//! Clients that run with their vendor alone. What is known of them is in the first table of the page.

use super::{DOCUMENTED, How, Trial};

pub(super) const TRIALS: &[Trial] = &[
    closed(
        "Lovable",
        "lovable",
        "GT's runbook, which names its variables",
    ),
    closed("Cursor", "cursor", "GT's runbook, which names its settings"),
    closed(
        "Manus",
        "manus",
        "GT's runbook; no public evidence of such a setting was found",
    ),
];

const fn closed(client: &'static str, runbook: &'static str, export: &'static str) -> Trial {
    Trial {
        client,
        runbook,
        how: How::Closed { export },
        bases: DOCUMENTED,
        asked: &[],
    }
}
