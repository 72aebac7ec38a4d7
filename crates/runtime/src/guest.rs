//! A policy's calls, in the version of the contract it is built for. Beyond this file everything
//! knows one form.

use signalbox_policy::{CatalogueEntry, Decision, Description};
use wasmtime::{Engine, Result, Store, component::InstancePre};

use crate::{
    Violation,
    bindings::{v0_1, v0_2},
    convert::{self, Lowered},
    limits::Bounds,
    load::CatalogueFault,
    version::ContractVersion,
};

/// A component with its imports filled in.
pub(crate) enum GuestPre {
    V0_1(v0_1::SignalboxPolicyPre<Bounds>),
    V0_2(v0_2::SignalboxPolicyPre<Bounds>),
}

/// An instance of it.
pub(crate) enum Guest {
    V0_1(v0_1::SignalboxPolicy),
    V0_2(v0_2::SignalboxPolicy),
}

/// One stretch of a catalogue.
pub(crate) struct Page {
    pub(crate) entries: Vec<std::result::Result<CatalogueEntry, CatalogueFault>>,
    pub(crate) more: bool,
}

impl GuestPre {
    /// # Errors
    /// If the component's exports are not those of this version.
    pub(crate) fn new(pre: InstancePre<Bounds>, version: ContractVersion) -> Result<Self> {
        match version {
            ContractVersion::V0_1 => v0_1::SignalboxPolicyPre::new(pre).map(Self::V0_1),
            ContractVersion::V0_2 => v0_2::SignalboxPolicyPre::new(pre).map(Self::V0_2),
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        match self {
            Self::V0_1(pre) => pre.engine(),
            Self::V0_2(pre) => pre.engine(),
        }
    }

    pub(crate) fn version(&self) -> ContractVersion {
        match self {
            Self::V0_1(_) => ContractVersion::V0_1,
            Self::V0_2(_) => ContractVersion::V0_2,
        }
    }

    pub(crate) fn instantiate(&self, store: &mut Store<Bounds>) -> Result<Guest> {
        match self {
            Self::V0_1(pre) => pre.instantiate(store).map(Guest::V0_1),
            Self::V0_2(pre) => pre.instantiate(store).map(Guest::V0_2),
        }
    }
}

impl Guest {
    pub(crate) fn describe(&self, store: &mut Store<Bounds>) -> Result<Description> {
        match self {
            Self::V0_1(guest) => {
                let described = guest.signalbox_policy_policy().call_describe(store)?;
                Ok(convert::v0_1::description(described))
            }
            Self::V0_2(guest) => {
                let described = guest.signalbox_policy_policy().call_describe(store)?;
                Ok(convert::v0_2::description(described))
            }
        }
    }

    pub(crate) fn models(
        &self,
        store: &mut Store<Bounds>,
        after: Option<&str>,
        limit: u32,
        described: &Description,
    ) -> Result<Page> {
        match self {
            Self::V0_1(guest) => {
                let policy = guest.signalbox_policy_policy();
                let page = policy.call_models(store, after, limit)?;
                let entry = |model| convert::v0_1::entry(model, described);
                Ok(Page {
                    entries: page.models.into_iter().map(entry).collect(),
                    more: page.more,
                })
            }
            Self::V0_2(guest) => {
                let policy = guest.signalbox_policy_policy();
                let page = policy.call_models(store, after, limit)?;
                let entry = |model| Ok(convert::v0_2::entry(model));
                Ok(Page {
                    entries: page.models.into_iter().map(entry).collect(),
                    more: page.more,
                })
            }
        }
    }

    /// The inner error is an answer that has no form beyond its version.
    pub(crate) fn decide(
        &self,
        store: &mut Store<Bounds>,
        request: &Lowered<'_>,
        described: &Description,
    ) -> Result<std::result::Result<Decision, Violation>> {
        match self {
            Self::V0_1(guest) => {
                let headers = convert::v0_1::headers(request);
                let request = convert::v0_1::request(request, &headers);
                let policy = guest.signalbox_policy_policy();
                let decision = policy.call_decide(store, request)?;
                Ok(convert::v0_1::decision(decision, described))
            }
            Self::V0_2(guest) => {
                let headers = convert::v0_2::headers(request);
                let members = convert::v0_2::body_members(request);
                let request = convert::v0_2::request(request, &headers, &members);
                let policy = guest.signalbox_policy_policy();
                let decision = policy.call_decide(store, request)?;
                Ok(Ok(convert::v0_2::decision(decision)))
            }
        }
    }
}
