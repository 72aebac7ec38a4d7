//! What a key may do under a policy: asked of the evaluation itself, route by route and name by name.

use std::collections::BTreeMap;

use signalbox_policy::{
    Caller, Decision, Endpoint, Names, Policy, Refusal, Request, RequestedModel, Rules as _, decide,
};

/// What a key may do under a policy.
#[derive(Debug)]
pub(super) struct Abilities {
    models: BTreeMap<Endpoint, Result<Vec<String>, Unable>>,
    /// The dataset it may write to, if it may: one of its list, or a word in place of a name.
    pub(super) dataset: Option<String>,
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unable {
    /// In the words that a client would read.
    #[error("{0}")]
    Refused(String),
    /// No name of the policy works there for this key.
    #[error("the policy lists no model for POST {} that it may use; name one with --model if there are patterns", .0.template())]
    NoModel(Endpoint),
    /// None of the names that were given.
    #[error("it may use none of the given models for POST {}", .0.template())]
    NoneOfThese(Endpoint),
}

impl Abilities {
    /// What `caller` may do. `given` are the names to look at; without any, those that the policy lists.
    pub(super) fn of(policy: &Policy, caller: &Caller, given: &[String]) -> Self {
        let names: Vec<&str> = if given.is_empty() {
            listed(policy).collect()
        } else {
            given.iter().map(String::as_str).collect()
        };
        let models = Endpoint::ALL.into_iter().map(|endpoint| {
            let found = usable(policy, caller, endpoint, &names);
            let found = found.map_err(|unable| match unable {
                Unable::NoModel(endpoint) if !given.is_empty() => Unable::NoneOfThese(endpoint),
                unable => unable,
            });
            (endpoint, found)
        });
        Self {
            models: models.collect(),
            dataset: dataset(policy, caller),
        }
    }

    /// The names it may use on a route: at least one.
    pub(super) fn models(&self, endpoint: Endpoint) -> Result<&[String], Unable> {
        match self.models.get(&endpoint) {
            Some(Ok(names)) => Ok(names),
            Some(Err(unable)) => Err(unable.clone()),
            None => Err(Unable::NoModel(endpoint)),
        }
    }
}

/// What `GET /v1/models` may list, names that are to be given up last.
fn listed(policy: &Policy) -> impl Iterator<Item = &str> {
    let listed = |is_deprecated: bool| {
        let models = policy.exact_models().filter(|model| model.terms.is_listed);
        models.filter(move |model| model.terms.deprecated.is_some() == is_deprecated)
    };
    let models = listed(false).chain(listed(true));
    models.map(|model| model.pattern)
}

fn usable(
    policy: &Policy,
    caller: &Caller,
    endpoint: Endpoint,
    names: &[&str],
) -> Result<Vec<String>, Unable> {
    let path = endpoint.template();
    let mut found = Vec::new();
    for name in names {
        match asked(policy, caller, path, RequestedModel::Named(name)) {
            Decision::Refuse(refusal) if refusal.code == NOT_FOUND => {}
            Decision::Refuse(refusal) => return Err(refused(refusal)),
            Decision::Forward(_) | Decision::ListModels(_) | Decision::ReadModel => {
                found.push((*name).to_owned());
            }
        }
    }
    if found.is_empty() {
        // Without a model it shows whether anything else is in the way.
        return Err(match asked(policy, caller, path, RequestedModel::Unread) {
            Decision::Refuse(refusal) => refused(refusal),
            _ => Unable::NoModel(endpoint),
        });
    }
    Ok(found)
}

fn dataset(policy: &Policy, caller: &Caller) -> Option<String> {
    let name = match &caller.datasets {
        Names::All => ANY_DATASET,
        Names::Only(names) => {
            let mut exact = names.iter().filter(|name| !name.ends_with('*'));
            exact.next()?
        }
    };
    let path = format!("/v1/datasets/{name}/files");
    let decision = asked(policy, caller, &path, RequestedModel::Unread);
    matches!(decision, Decision::Forward(_)).then(|| name.to_owned())
}

fn asked(policy: &Policy, caller: &Caller, path: &str, model: RequestedModel<'_>) -> Decision {
    let request = Request {
        method: METHOD,
        path,
        query: None,
        content_type: None,
        headers: &[],
        caller,
        model,
        body_members: &[],
    };
    decide(policy, &request)
}

fn refused(refusal: Refusal) -> Unable {
    Unable::Refused(refusal.message)
}

const METHOD: &str = "POST";
const NOT_FOUND: &str = "model_not_found";
/// Stands where a name is to be put by whoever knows one.
const ANY_DATASET: &str = "DATASET";
