//! What a policy is told of the model.

use std::sync::Arc;

use signalbox_policy::RequestedModel;
use signalbox_runtime::Catalogue;

/// What a policy was told of the model, to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    model: ToldModel,
    /// Whether the policy lists or publishes its name.
    is_listed: bool,
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
    };

    /// What is told of a model that the policy of this catalogue may have.
    pub(crate) fn of(model: RequestedModel<'_>, catalogue: &Catalogue) -> Self {
        match model {
            RequestedModel::Unread => Self::UNREAD,
            RequestedModel::Absent => Self {
                model: ToldModel::Absent,
                is_listed: false,
            },
            RequestedModel::Named(name) => Self {
                model: ToldModel::Named(name.into()),
                is_listed: catalogue.get(name).is_some()
                    || catalogue.by_published(name).next().is_some(),
            },
        }
    }

    /// Whether the policy lists or publishes the name.
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

    /// Bytes of its name.
    pub(crate) fn size(&self) -> usize {
        match &self.model {
            ToldModel::Absent | ToldModel::Unread => 0,
            ToldModel::Named(name) => name.len(),
        }
    }
}
