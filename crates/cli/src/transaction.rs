//! Having a running host change something, and saying how it went.

use serde::Deserialize;
use signalbox_swap::{Action, Changed, Entry, Failure, Outcome, PolicyOverview, Step};

use crate::{
    admin::{self, Access, AdminError, Body, Client},
    exit::Exit,
    output, show,
};

/// What is asked for.
pub(crate) struct Transaction {
    /// Where, below the admin API.
    pub(crate) path: String,
    pub(crate) body: Body,
}

/// Who reads what stands on stdout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A program: the entry of the history.
    Machine,
    /// A person: a line a policy.
    Person,
}

impl Reader {
    /// As `--json` says.
    pub(crate) const fn of(json: bool) -> Self {
        if json { Self::Machine } else { Self::Person }
    }
}

/// Asks for it, says on stderr what happens as it happens, and on stdout how things are then.
pub(crate) fn carry_out(
    access: &Access,
    reader: Reader,
    transaction: Transaction,
) -> anyhow::Result<Exit> {
    let client = access.client()?;
    admin::block_on(async {
        let Transaction { path, body } = transaction;
        let told = &mut |report: &_| output::talk(&show::entry::step(report));
        match client.change(&path, body, told).await {
            Ok(entry) => conclude(&client, reader, &entry).await,
            Err(error) if error.is_unknown_policy() => {
                name_policies(&client).await;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    })
}

/// Says why a policy does not serve from the start.
pub(crate) fn not_started(name: &str, mut cause: Failure) -> Exit {
    cause.policy.get_or_insert_with(|| name.to_owned());
    output::talk(&show::entry::failure("start", &cause));
    exit(cause.step)
}

async fn conclude(client: &Client, reader: Reader, entry: &Entry) -> anyhow::Result<Exit> {
    if reader == Reader::Machine {
        output::json(&serde_json::to_value(entry)?)?;
    }
    if let Outcome::Failed(failure) = &entry.outcome {
        output::talk(&show::entry::failure(entry.action.word(), failure));
        output::talk("nothing changed");
        return Ok(exit(failure.step));
    }
    if reader == Reader::Machine {
        return Ok(Exit::Ok);
    }
    for changed in &entry.policies {
        let lines = match entry.action {
            Action::DryRun => show::entry::passed(changed),
            _ => standing(client, changed).await,
        };
        output::data(&lines)?;
    }
    if let Some(next) = next(entry) {
        output::talk(&next);
    }
    Ok(Exit::Ok)
}

/// How a policy stands now. The transaction is done whether or not the host says so again.
async fn standing(client: &Client, changed: &Changed) -> String {
    let path = format!("/policies/{}", changed.name);
    match client.read::<PolicyOverview>(&path).await {
        Ok(policy) => show::overview::brief(&policy),
        Err(_) => show::entry::changed(changed).trim_start().to_owned(),
    }
}

/// What to do with a candidate.
fn next(entry: &Entry) -> Option<String> {
    let name = match &entry.policies[..] {
        [only] => only.name.as_str(),
        _ => "NAME",
    };
    match entry.action {
        Action::Canary | Action::Shadow => Some(format!(
            "`signalbox status` shows how it does; `signalbox promote {name}` brings it into \
             service, `signalbox withdraw {name}` ends it"
        )),
        Action::DryRun => Some("nothing changed".to_owned()),
        _ => None,
    }
}

/// Every policy of the host.
pub(crate) async fn policies(client: &Client) -> Result<Vec<PolicyOverview>, AdminError> {
    #[derive(Deserialize)]
    struct Policies {
        policies: Vec<PolicyOverview>,
    }
    let Policies { policies } = client.read("/policies").await?;
    Ok(policies)
}

/// Says on stderr which policies there are, for who named another.
pub(crate) async fn name_policies(client: &Client) {
    if let Ok(policies) = policies(client).await {
        let names: Vec<_> = policies
            .iter()
            .map(|policy| show::plain(&policy.name))
            .collect();
        output::talk(&format!("the host's policies: {}", names.join(", ")));
    }
}

/// A component that can never serve is invalid; what depends on the host has failed.
const fn exit(step: Step) -> Exit {
    match step {
        Step::Cases => Exit::CasesFailed,
        Step::Read
        | Step::Imports
        | Step::World
        | Step::Compile
        | Step::Instantiate
        | Step::Describe
        | Step::Models
        | Step::Trial => Exit::InvalidPolicy,
        _ => Exit::Failed,
    }
}
