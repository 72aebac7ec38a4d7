//! What changes without a component coming in: rollback, promote, withdraw, revoke.

use http::request::Parts;
use serde::Deserialize;
use signalbox_swap::{Actor, Entry, Swaps};

use super::answer::Answer;
use super::api::{AdminApi, Peer};
use super::error::AdminError;
use super::swap::check_digest;
use super::transaction::Form;
use super::upload::Upload;
use crate::yaml::{present, required};

/// What a rollback may say.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    #[serde(default, deserialize_with = "present")]
    generation: Option<u64>,
}

/// What goes without words.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// What a revocation says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoked {
    #[serde(deserialize_with = "required")]
    digest: String,
}

impl AdminApi {
    pub(super) async fn rollback(
        &self,
        peer: &Peer,
        head: &Parts,
        upload: &mut Upload,
        name: &str,
    ) -> Result<Answer, AdminError> {
        self.check_policy(name)?;
        let To { generation } = upload.document(&head.headers, Some(To::default())).await?;
        let (name, actor) = (name.to_owned(), peer.actor());
        let form = Form::of(&head.headers);
        Ok(self
            .perform(form, move |swaps, _| {
                swaps.rollback(&name, generation, actor)
            })
            .await)
    }

    /// Promotes or withdraws the candidate of a policy: what needs no words.
    pub(super) async fn on_candidate(
        &self,
        peer: &Peer,
        head: &Parts,
        upload: &mut Upload,
        name: &str,
        act: fn(&Swaps, &str, Actor) -> Entry,
    ) -> Result<Answer, AdminError> {
        self.check_policy(name)?;
        let Nothing {} = upload.document(&head.headers, Some(Nothing {})).await?;
        let (name, actor) = (name.to_owned(), peer.actor());
        let form = Form::of(&head.headers);
        Ok(self
            .perform(form, move |swaps, _| act(swaps, &name, actor))
            .await)
    }

    pub(super) async fn revoke(
        &self,
        peer: &Peer,
        head: &Parts,
        upload: &mut Upload,
    ) -> Result<Answer, AdminError> {
        let Revoked { digest } = upload.document(&head.headers, None).await?;
        let digest = check_digest("digest", &digest)?;
        let actor = peer.actor();
        let form = Form::of(&head.headers);
        Ok(self
            .perform(form, move |swaps, _| swaps.revoke(digest, actor))
            .await)
    }

    /// 404 for a name this host has never heard of.
    fn check_policy(&self, name: &str) -> Result<(), AdminError> {
        let known = self.overview.swaps().overview();
        let is_known = known.iter().any(|policy| policy.name == name);
        is_known.then_some(()).ok_or(AdminError::Policy)
    }
}
