//! Who calls, and what the key may do with what the tenant publishes.

use http::{HeaderMap, header};

use crate::key::{Key, Purpose, Rights, Scope, Secret};
use crate::refusal::Refusal;
use crate::tenant::{Kind, Modality, Published};

/// The rights of one request: those of its key and of the keys linked to it, as they are now.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) key: String,
    purpose: Purpose,
    rights: Rights,
}

impl Access {
    /// Finds the key of a request.
    pub(crate) fn of(headers: &HeaderMap, keys: &[Key]) -> Result<Self, Refusal> {
        let presented = bearer(headers)
            .map(Secret::new)
            .ok_or_else(Refusal::invalid_key)?;
        let key = keys
            .iter()
            .find(|key| key.secret.matches(&presented))
            .ok_or_else(Refusal::invalid_key)?;
        let mut rights = key.rights.clone();
        for linked in keys.iter().filter(|other| key.links.contains(&other.id)) {
            rights.inherit(linked);
        }
        Ok(Self {
            key: key.id.clone(),
            purpose: key.purpose,
            rights,
        })
    }

    /// Inference routes are not for upload keys.
    pub(crate) fn inference(&self) -> Result<(), Refusal> {
        if self.purpose == Purpose::Upload {
            Err(Refusal::purpose(self.purpose))
        } else {
            Ok(())
        }
    }

    /// Dataset uploads are not for inference keys.
    pub(crate) fn upload(&self) -> Result<(), Refusal> {
        if self.purpose == Purpose::Inference {
            Err(Refusal::purpose(self.purpose))
        } else {
            Ok(())
        }
    }

    pub(crate) fn scope(&self, scope: Scope) -> Result<(), Refusal> {
        if self.rights.scopes.contains(&scope) {
            Ok(())
        } else {
            Err(Refusal::scope(scope))
        }
    }

    pub(crate) fn dataset(&self, target: &str) -> Result<(), Refusal> {
        if self.rights.datasets.contains(target) {
            Ok(())
        } else {
            Err(Refusal::dataset_not_allowed(target))
        }
    }

    pub(crate) fn conversation_uploads(&self) -> Result<(), Refusal> {
        if self.rights.conversation_uploads {
            Ok(())
        } else {
            Err(Refusal::conversation_uploads())
        }
    }

    /// The published names this key may know, in the tenant's order.
    pub(crate) fn visible<'a>(
        &'a self,
        published: &'a [Published],
    ) -> impl Iterator<Item = &'a Published> {
        published.iter().filter(|name| self.may_use(name))
    }

    /// The published name a request is for: unpublished and not allowed look the same.
    pub(crate) fn model(
        &self,
        published: &[Published],
        name: &str,
        used_for: Modality,
    ) -> Result<(), Refusal> {
        let found = self.visible(published).find(|entry| entry.name == name);
        let entry = found.ok_or_else(|| Refusal::model_not_found(name))?;
        if entry.modalities.contains(&used_for) {
            Ok(())
        } else {
            Err(Refusal::model_not_supported(name))
        }
    }

    /// The two lists are separate: being on one never implies the other.
    fn may_use(&self, name: &Published) -> bool {
        match name.kind {
            Kind::Agent => self.rights.agent_aliases.contains(&name.name),
            Kind::RawModel => self.rights.raw_models.contains(&name.name),
        }
    }
}

/// The one bearer token; the scheme's name has no case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
