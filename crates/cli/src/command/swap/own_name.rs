//! Which of the host's policies a document is for, if the command line does not say.

use super::candidate::Candidate;
use crate::{
    admin::{self, Access},
    named, output, show, transaction,
};

/// Gives the document without a NAME its own name, where the host has a policy of that name and none
/// called `default`; says so on stderr.
///
/// A host that does not list its policies changes nothing here: the swap itself tells why.
pub(super) fn settle(access: &Access, candidates: &mut [Candidate]) -> anyhow::Result<()> {
    // At most one is without a NAME: a second would be another `default`.
    let Some(own_name) = candidates.iter().find_map(|one| one.own_name.clone()) else {
        return Ok(());
    };
    if candidates.iter().any(|one| one.name == own_name) {
        return Ok(());
    }
    let client = access.client()?;
    let policies = admin::block_on(async { Ok(transaction::policies(&client).await) })?;
    let has = |name: &str| policies.iter().flatten().any(|policy| policy.name == name);
    if has(named::DEFAULT) || !has(&own_name) {
        return Ok(());
    }
    for candidate in candidates.iter_mut().filter(|one| one.own_name.is_some()) {
        let name = show::plain(&own_name);
        output::talk(&format!(
            "the host has no policy `default`: swapping `{name}`, which is the document's own name"
        ));
        candidate.name.clone_from(&own_name);
    }
    Ok(())
}
