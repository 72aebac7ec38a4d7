//! `POST /explain`: what a policy decides on a request that nobody sent.
//!
//! The request is built as the host builds it: canonical path, the headers the policy asks for, the
//! head first and the model if the policy wants it, and the key's fences in the end. It is asked of
//! the plugin itself, so it counts as no decision and as no failure of the generation.

mod decided;
mod question;

use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use signalbox_policy::{Caller, Names, Purposes};
use signalbox_runtime::{Generation, Plugin};

use super::answer::Answer;
use super::api::AdminApi;
use super::error::AdminError;
use super::json;
use super::upload::Upload;
use decided::Decided;
use question::{Question, Who};
use signalbox_gate::keyring::{Key, KeyStatus};

/// The plugin a question goes to.
struct Asked {
    generation: u64,
    plugin: Plugin,
}

#[derive(Serialize)]
struct Explained {
    policy: String,
    generation: u64,
    digest: String,
    decision: Decided,
}

impl AdminApi {
    pub(super) async fn explain(
        &self,
        head: &Parts,
        upload: &mut Upload,
    ) -> Result<Answer, AdminError> {
        let question: Question = upload.document(&head.headers, None).await?;
        let who = question.who()?;
        question.check()?;
        let key = match &who {
            Who::Key(id) => Some(self.overview.key(id).ok_or(AdminError::Key)?),
            Who::Anyone { .. } => None,
        };
        let policy = question.policy.clone().unwrap_or_else(|| match &key {
            Some(key) => key.policy.clone(),
            None => "default".to_owned(),
        });
        let Asked { generation, plugin } =
            self.asked(&policy, question.generation, key.as_ref())?;
        let digest = plugin.digest().to_string();
        let is_usable = key
            .as_ref()
            .is_none_or(|key| key.status(jiff::Timestamp::now()) == KeyStatus::Valid);
        let caller = caller(who, key);
        let decision = if is_usable {
            let _place = self.explanations.acquire().await;
            let decide = move || decided::decide(&plugin, &question, &caller);
            let decided = tokio::task::spawn_blocking(decide).await;
            decided.map_err(|_panicked| AdminError::Internal)?
        } else {
            Decided::invalid_key()
        };
        let explained = Explained {
            policy,
            generation,
            digest,
            decision,
        };
        Ok(json::answer(StatusCode::OK, &explained))
    }

    /// A generation by its number; else what decides for the key, which may be a canary; else what
    /// serves.
    fn asked(
        &self,
        policy: &str,
        number: Option<u64>,
        key: Option<&Arc<Key>>,
    ) -> Result<Asked, AdminError> {
        let swaps = self.overview.swaps();
        if let Some(generation) = number {
            let plugin = swaps.plugin(policy, generation);
            let plugin = plugin.ok_or_else(|| {
                let is_known = swaps.overview().iter().any(|known| known.name == policy);
                if is_known {
                    AdminError::Generation
                } else {
                    AdminError::Policy
                }
            })?;
            return Ok(Asked { generation, plugin });
        }
        let policies = swaps.slot().load();
        let lane = policies.get(policy).ok_or(AdminError::Policy)?;
        let generation: &Arc<Generation> = match key {
            Some(key) => lane.for_caller(&key.caller.id),
            None => lane.live(),
        };
        Ok(Asked {
            generation: generation.number(),
            plugin: generation.plugin().clone(),
        })
    }
}

/// Who is not a key of the keyring has no fence but scopes and purposes.
fn caller(who: Who, key: Option<Arc<Key>>) -> Caller {
    match (key, who) {
        (Some(key), _) => Caller::clone(&key.caller),
        (None, Who::Key(id)) => nobody(id, Vec::new(), Purposes::NONE),
        (
            None,
            Who::Anyone {
                scopes,
                purposes,
                labels,
            },
        ) => Caller {
            labels,
            ..nobody("explain".to_owned(), scopes, purposes)
        },
    }
}

fn nobody(id: String, scopes: Vec<String>, purposes: Purposes) -> Caller {
    Caller {
        id,
        purposes,
        scopes,
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    }
}
