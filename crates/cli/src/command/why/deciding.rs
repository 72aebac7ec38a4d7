//! The policy that decided, asked once more.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;
use signalbox_host::load_keyring;
use signalbox_policy::{
    BodyMember, Caller, Check, Decision, Explanation, Header, Names, Outcome as StepOutcome,
    Policy, Purpose, Request, RequestedModel, Values,
};
use signalbox_runtime::{Digest, LoadOptions};
use signalbox_swap::{Remembered, State};

use super::{Arguments, ceilings};
use crate::{
    compile,
    loaded_policy::LoadedPolicy,
    recorded::{Model, Outcome, Recorded},
};

/// The policy that decided, as far as it is there.
pub(super) struct Deciding {
    policy: Option<LoadedPolicy>,
    /// The document it was compiled from.
    document: Option<Policy>,
}

/// What asking it again shows.
#[derive(Default)]
pub(super) struct Explained {
    /// The check that refused.
    pub(super) check: Option<Check>,
    /// What the client read.
    pub(super) message: Option<String>,
    /// What could not be told, and why.
    pub(super) notes: Vec<String>,
}

impl Deciding {
    /// Every error of a document has been printed when this returns `None`.
    pub(super) fn find(arguments: &Arguments, decision: &Recorded) -> anyhow::Result<Option<Self>> {
        let policy = match (&arguments.policy, &arguments.state) {
            (None, None) => None,
            (Some(path), _) => {
                let runtime = compile::runtime()?;
                match LoadedPolicy::read(path, &Values::new(), &runtime)? {
                    Some(policy) => Some(policy),
                    None => return Ok(None),
                }
            }
            (None, Some(folder)) => Some(remembered(folder, decision)?),
        };
        let component = policy.as_ref().map(|policy| &policy.component);
        let document = component.and_then(|it| signalbox_compiler::document_of(it));
        Ok(Some(Self { policy, document }))
    }

    pub(super) fn line(&self) -> Option<String> {
        self.policy.as_ref().map(LoadedPolicy::line)
    }

    pub(super) fn to_json(&self) -> Option<Value> {
        self.policy.as_ref().map(LoadedPolicy::to_json)
    }

    /// Asks it again with what is known of the request.
    pub(super) fn explain(
        &self,
        arguments: &Arguments,
        decision: &Recorded,
    ) -> anyhow::Result<Explained> {
        let mut explained = Explained::default();
        let Some(policy) = &self.policy else {
            return Ok(explained);
        };
        let recorded = decision
            .decider
            .as_ref()
            .and_then(|it| it.digest.as_deref());
        let digest = policy.plugin.digest().to_string();
        if recorded.is_some_and(|recorded| recorded != digest) {
            let note = "the policy given is another one than decided; its rules may be others";
            explained.notes.push(note.into());
        }
        if decision.is_of_host() || decision.cause.is_some() {
            return Ok(explained);
        }
        let Some(document) = &self.document else {
            let note = "the policy is a program: only its record says why it decided so";
            explained.notes.push(note.into());
            return Ok(explained);
        };
        let Some(caller) = caller(arguments, decision, &mut explained.notes)? else {
            return Ok(explained);
        };
        let explanation = ask(document, decision, &caller);
        let unasked = ceilings::unasked(document, decision, &caller, &explanation);
        explained.take(explanation, decision, unasked);
        Ok(explained)
    }
}

impl Explained {
    /// What it says, if it says what was decided. `unasked` is why it could not.
    fn take(&mut self, explanation: Explanation, decision: &Recorded, unasked: Option<String>) {
        if let Some(note) = unasked {
            self.notes.push(note);
            return;
        }
        if !is_same(&explanation, decision) {
            self.notes
                .push(match (&explanation.decision, &decision.model) {
                (Decision::ReadModel, Model::Hashed) => {
                    "it depends on the model, whose name is not written down".to_owned()
                }
                (Decision::ReadModel, _) => {
                    "it depends on the model, which the line does not have".to_owned()
                }
                _ => {
                    "asked again, it decides otherwise: the key or the policy is another one by now"
                        .to_owned()
                }
            });
            return;
        }
        let mut steps = explanation.steps.into_iter();
        let refusing = steps.find(|step| step.outcome == StepOutcome::Refuse);
        if let Some(step) = refusing {
            self.check = Some(step.check);
        }
        if let Decision::Refuse(refusal) = explanation.decision {
            self.message = Some(refusal.message);
        }
    }
}

fn is_same(explanation: &Explanation, decision: &Recorded) -> bool {
    match (&explanation.decision, &decision.outcome) {
        (Decision::Forward(_), Outcome::Forward { route, .. }) => {
            explanation.route.as_ref() == Some(route)
        }
        (Decision::ListModels(_), Outcome::List) | (Decision::ReadModel, Outcome::ReadModel) => {
            true
        }
        (Decision::Refuse(refusal), Outcome::Refuse { code, .. }) => refusal.code == *code,
        _ => false,
    }
}

fn ask(policy: &Policy, decision: &Recorded, caller: &Caller) -> Explanation {
    let more = decision.more.clone().unwrap_or_default();
    let headers: Vec<_> = more
        .headers
        .iter()
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let members: Vec<_> = more
        .numbers
        .iter()
        .map(|(name, number)| (name.as_str(), BodyMember::Integer(*number)))
        .collect();
    signalbox_policy::explain(
        policy,
        &Request {
            method: &decision.method,
            path: &decision.path,
            query: more.query.as_deref(),
            content_type: more.content_type.as_deref(),
            headers: &headers,
            caller,
            model: match &decision.model {
                Model::Named(name) => RequestedModel::Named(name),
                Model::Absent => RequestedModel::Absent,
                Model::Unknown | Model::Unread | Model::Hashed => RequestedModel::Unread,
            },
            body_members: &members,
        },
    )
}

/// Who asked: of a keyring all there is to know, of a record all but the lists.
fn caller(
    arguments: &Arguments,
    decision: &Recorded,
    notes: &mut Vec<String>,
) -> anyhow::Result<Option<Caller>> {
    let Some(id) = &decision.key else {
        return Ok(None);
    };
    if let Some(path) = &arguments.keys {
        let name = path.display();
        let keyring = load_keyring(path).with_context(|| format!("cannot use {name}"))?;
        if let Some(key) = keyring.key(id) {
            return Ok(Some((*key.caller).clone()));
        }
        notes.push(format!("{name} has no key `{id}` any more"));
    }
    let Some(more) = &decision.more else {
        notes.push("a line of the log does not hold what the key may do: give --keys".into());
        return Ok(None);
    };
    if arguments.keys.is_none() {
        notes.push("records do not hold the lists of a key: --keys KEYS.yaml has them".into());
    }
    let purposes = more.purposes.iter();
    Ok(Some(Caller {
        id: id.clone(),
        purposes: purposes
            .filter_map(|word| Purpose::from_word(word))
            .collect(),
        scopes: more.scopes.clone(),
        labels: more.labels.clone(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    }))
}

/// The component in a state folder, which a host may be using.
fn remembered(folder: &Path, decision: &Recorded) -> anyhow::Result<LoadedPolicy> {
    let name = folder.display();
    let Some(decider) = &decision.decider else {
        bail!("no policy was asked about this request: leave out --state")
    };
    let state = State::preview(folder).with_context(|| format!("cannot look into {name}"))?;
    let state = state.with_context(|| format!("{name} is no state folder"))?;
    let remembered = state
        .read()
        .with_context(|| format!("cannot read {name}"))?;
    let digest = match &decider.digest {
        Some(text) => text.parse().ok(),
        None => digest(&remembered, &decider.name, decider.generation),
    };
    let digest: Digest = digest.with_context(|| {
        format!(
            "{name} does not remember generation {} of `{}`: give it with --policy",
            decider.generation.unwrap_or_default(),
            decider.name
        )
    })?;
    let component = state.component(&digest);
    let component = component.with_context(|| {
        format!("{name} has the policy with sha256 {digest} no longer: give it with --policy")
    })?;
    let plugin = compile::runtime()?.load(&component, &LoadOptions::default())?;
    Ok(LoadedPolicy {
        file: name.to_string(),
        component,
        plugin,
    })
}

/// Of a generation that serves or is kept.
fn digest(remembered: &Remembered, policy: &str, generation: Option<u64>) -> Option<Digest> {
    let policy = remembered.policies.get(policy)?;
    let mut all = policy.live.iter().chain(&policy.kept);
    let found = all.find(|it| Some(it.generation) == generation)?;
    Some(found.digest)
}
