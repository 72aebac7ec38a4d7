//! Routes against GT's own table, for whoever has one.

use crate::{
    Diagnostic, Document, Policy, Position,
    diagnostic::{Code, Findings},
    gt_routes::{GtRoutes, RouteProblem},
};

/// Where a document would forward what GT's table does not have, or ask less of a key than GT does.
/// The document is the one that the policy was made of.
#[must_use]
pub fn check_gt_routes(source: &str, policy: &Policy, table: &GtRoutes) -> Vec<Diagnostic> {
    let mut findings = Findings::default();
    let document = Document::parse_as_far_as_possible(source, &mut Findings::default());
    let routes = document.and_then(|document| document.routes);
    for fault in table.check(&policy.description()) {
        let is_it = |written: &&crate::document::Route| {
            written
                .key
                .value
                .split_whitespace()
                .eq(fault.route.split(' '))
        };
        let written = routes.iter().flatten().find(is_it);
        let place = written.map_or(Position { line: 1, column: 1 }, |it| it.key.position);
        let code = match fault.problem {
            RouteProblem::Unknown => Code::NotInGtTable,
            _ => Code::LessThanGt,
        };
        findings.add_with_help(code, place, fault.to_string(), fault.problem.help());
    }
    findings.sorted()
}
