//! What no number of questions answers.

use signalbox_policy::{Caller, gt, gt::CONVERSATION_HEADER};
use signalbox_runtime::Plugin;

/// The first reason why it cannot be told whether access narrows.
pub(super) fn of_losses(old: &Plugin, new: &Plugin, callers: &[Caller]) -> Option<String> {
    let descriptions = [old, new].map(Plugin::description);
    if callers.is_empty() {
        return Some("no key uses the policy that could be asked for".into());
    }
    let mut headers = descriptions.iter().flat_map(|policy| &policy.headers);
    if let Some(header) = headers.next() {
        return Some(format!("header `{header}` may count"));
    }
    let mut members = descriptions.iter().flat_map(|policy| &policy.body_members);
    if let Some(member) = members.next() {
        return Some(format!("member `{member}` of the body may count"));
    }
    let wants_labels = descriptions.iter().any(|policy| policy.wants.labels);
    if wants_labels && callers.iter().all(|caller| caller.labels.is_empty()) {
        return Some("labels may count, and no key has any".into());
    }
    let mut reasons = [old, new].into_iter().flat_map(of_routes);
    reasons.next()
}

/// Everything that a program may look at and that is not asked about.
pub(super) fn of_program(plugin: &Plugin) -> Vec<String> {
    let policy = plugin.description();
    let headers = policy
        .headers
        .iter()
        .filter(|name| *name != CONVERSATION_HEADER);
    let headers = headers.map(|header| format!("the value of header `{header}` may count"));
    let members = policy.body_members.iter();
    let members = members.map(|member| format!("member `{member}` of the body may count"));
    headers.chain(members).chain(of_routes(plugin)).collect()
}

fn of_routes(plugin: &Plugin) -> impl Iterator<Item = String> {
    plugin.description().routes.iter().filter_map(|route| {
        let name = route.name();
        let parameters = route.template.matches('{').count();
        let datasets = usize::from(gt::dataset(&route.template, Some("")).is_some());
        if !route.query.is_empty() {
            return Some(format!("`{name}` takes queries, which may count"));
        }
        (parameters > datasets).then(|| format!("the parameters of `{name}` may count"))
    })
}
