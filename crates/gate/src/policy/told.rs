//! What a policy is told of the body.

use std::sync::Arc;

use signalbox_policy::RequestedModel;
use signalbox_runtime::Catalogue;

use crate::policy::body_members::{self, BodyMembers};

/// What a policy was told of the body, to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    model: ToldModel,
    /// Whether the policy has its name, or publishes it.
    is_listed: bool,
    /// `None` where there are none, which is mostly so.
    members: Option<Arc<BodyMembers>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ToldModel {
    Absent,
    Named(Arc<str>),
    Unread,
}

impl Told {
    /// That nothing was told of it.
    pub(crate) const UNREAD: Self = Self {
        model: ToldModel::Unread,
        is_listed: false,
        members: None,
    };

    /// What is told of a body whose model the policy of this catalogue may have.
    pub(crate) fn of(
        model: RequestedModel<'_>,
        members: &BodyMembers,
        catalogue: &Catalogue,
    ) -> Self {
        let members = (!members.is_empty()).then(|| members.into());
        match model {
            RequestedModel::Unread => Self::UNREAD,
            RequestedModel::Absent => Self {
                model: ToldModel::Absent,
                is_listed: false,
                members,
            },
            RequestedModel::Named(name) => Self {
                model: ToldModel::Named(name.into()),
                is_listed: catalogue.get(name).is_some()
                    || catalogue.by_published(name).next().is_some(),
                members,
            },
        }
    }

    /// Whether the policy has the name, or publishes it.
    pub(crate) const fn is_listed(&self) -> bool {
        self.is_listed
    }

    pub(crate) fn model(&self) -> RequestedModel<'_> {
        match &self.model {
            ToldModel::Absent => RequestedModel::Absent,
            ToldModel::Named(name) => RequestedModel::Named(name),
            ToldModel::Unread => RequestedModel::Unread,
        }
    }

    pub(crate) fn members(&self) -> &BodyMembers {
        self.members.as_deref().unwrap_or_default()
    }

    /// Bytes of its name, and of what was told of members.
    pub(crate) fn size(&self) -> usize {
        let name = match &self.model {
            ToldModel::Absent | ToldModel::Unread => 0,
            ToldModel::Named(name) => name.len(),
        };
        name + body_members::size(self.members())
    }
}
