//! Routes of policies that are more than GT's own table allows.

use signalbox_policy::gt_routes::{GtRoutes, RouteProblem};
use signalbox_swap::{Started, Swaps};

use crate::installation::{Effect, Finding};

/// Routes of what came into service that GT's table has not, or for which GT asks more of a key. A
/// host serves such a policy: it refuses the requests that GT would not take.
pub(super) fn outside_of(table: &GtRoutes, swaps: &Swaps, started: &[Started]) -> Vec<Finding> {
    let mut found = Vec::new();
    for one in started {
        let plugin = one
            .generation
            .and_then(|generation| swaps.plugin(&one.name, generation));
        let Some(plugin) = plugin else { continue };
        for fault in table.check(plugin.description()) {
            let code = match fault.problem {
                RouteProblem::Unknown => "not_in_gt_table",
                _ => "less_than_gt",
            };
            let what = format!("policy `{}`", one.name);
            let reason = format!("{fault}: requests that GT would not take are refused");
            let finding = Finding::new(Effect::Differs, code, what, reason);
            found.push(finding.help(fault.problem.help()));
        }
    }
    found
}
