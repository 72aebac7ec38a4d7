//! Between the contract's generated types and Signalbox's own words.
//!
//! Nothing is lost on the way, in either direction, with two exceptions the contract asks for:
//! only the headers and the caller's lists that a description asked for cross over.

use signalbox_policy as own;

use crate::bindings::signalbox::policy::types as wit;

/// A request as the guest is to see it. Holds the lists; every string stays where it was.
#[derive(Debug)]
pub(crate) struct Lowered<'a> {
    request: &'a own::Request<'a>,
    headers: Vec<wit::HeaderParam<'a>>,
    scopes: Vec<&'a str>,
    labels: Vec<(&'a str, &'a str)>,
    models: List<'a>,
    published: List<'a>,
    datasets: List<'a>,
}

#[derive(Debug)]
enum List<'a> {
    Unasked,
    All,
    Only(Vec<&'a str>),
}

impl<'a> Lowered<'a> {
    pub(crate) fn new(request: &'a own::Request<'a>, asked: &own::Description) -> Self {
        let caller = request.caller;
        let is_asked = |header: &&own::Header<'_>| asked.headers.iter().any(|a| a == header.name);
        let labels = if asked.wants.labels {
            caller.labels.as_slice()
        } else {
            &[]
        };
        Self {
            request,
            headers: request
                .headers
                .iter()
                .filter(is_asked)
                .map(|header| wit::HeaderParam {
                    name: header.name,
                    value: header.value,
                })
                .collect(),
            scopes: caller.scopes.iter().map(String::as_str).collect(),
            labels: labels
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
            models: List::of(&caller.models, asked.wants.models),
            published: List::of(&caller.published, asked.wants.published),
            datasets: List::of(&caller.datasets, asked.wants.datasets),
        }
    }

    pub(crate) fn view(&self) -> wit::Request<'_> {
        let caller = self.request.caller;
        wit::Request {
            method: self.request.method,
            path: self.request.path,
            query: self.request.query,
            content_type: self.request.content_type,
            headers: &self.headers,
            caller: wit::Caller {
                id: &caller.id,
                purposes: purposes(caller.purposes),
                scopes: &self.scopes,
                labels: &self.labels,
                models: self.models.view(),
                published: self.published.view(),
                datasets: self.datasets.view(),
            },
            model: match self.request.model {
                own::RequestedModel::Unread => wit::RequestedModel::Unread,
                own::RequestedModel::Absent => wit::RequestedModel::Absent,
                own::RequestedModel::Named(name) => wit::RequestedModel::Named(name),
            },
            // Contract 0.1 defines none.
            facts: &[],
        }
    }
}

impl<'a> List<'a> {
    fn of(names: &'a own::Names, is_asked: bool) -> Self {
        match names {
            _ if !is_asked => Self::Unasked,
            own::Names::All => Self::All,
            own::Names::Only(names) => Self::Only(names.iter().map(String::as_str).collect()),
        }
    }

    fn view(&self) -> wit::Allowance<'_> {
        match self {
            Self::Unasked => wit::Allowance::Unasked,
            Self::All => wit::Allowance::All,
            Self::Only(names) => wit::Allowance::Only(names),
        }
    }
}

/// Slices of constants: a caller's purposes cross at every decision.
fn purposes(purposes: own::Purposes) -> &'static [wit::Purpose] {
    use wit::Purpose::{Conversation, Inference, Upload};
    match purposes.bits() {
        0b001 => &[Inference],
        0b010 => &[Upload],
        0b011 => &[Inference, Upload],
        0b100 => &[Conversation],
        0b101 => &[Inference, Conversation],
        0b110 => &[Upload, Conversation],
        0b111 => &[Inference, Upload, Conversation],
        _ => &[],
    }
}

impl From<wit::Decision> for own::Decision {
    fn from(decision: wit::Decision) -> Self {
        match decision {
            wit::Decision::Forward(forward) => Self::Forward(forward.into()),
            wit::Decision::ListModels(mode) => Self::ListModels(match mode {
                wit::ListMode::Catalogue => own::ListMode::Catalogue,
                wit::ListMode::Upstream => own::ListMode::Upstream,
                wit::ListMode::Only(names) => own::ListMode::Only(names),
            }),
            wit::Decision::ReadModel => Self::ReadModel,
            wit::Decision::Refuse(refusal) => Self::Refuse(refusal.into()),
        }
    }
}

impl From<wit::Forward> for own::Forward {
    fn from(forward: wit::Forward) -> Self {
        let wit::Forward {
            route,
            parameters,
            query,
            model,
            restamp,
            set_headers,
            drop_headers,
            labels,
        } = forward;
        let set_headers = set_headers
            .into_iter()
            .map(|wit::HeaderResult { name, value }| own::HeaderBuf { name, value })
            .collect();
        Self {
            route,
            parameters,
            query,
            model,
            restamp,
            set_headers,
            drop_headers,
            labels,
        }
    }
}

impl From<wit::Refusal> for own::Refusal {
    fn from(refusal: wit::Refusal) -> Self {
        let wit::Refusal {
            status,
            code,
            message,
            param,
            reason,
        } = refusal;
        Self {
            status,
            code,
            message,
            param,
            reason,
        }
    }
}

impl From<wit::Description> for own::Description {
    fn from(description: wit::Description) -> Self {
        let wit::Description {
            name,
            version,
            routes,
            headers,
            wants,
            models,
        } = description;
        let routes = routes.into_iter().map(Into::into).collect();
        let wants = own::Wants {
            labels: wants.contains(wit::Wants::LABELS),
            models: wants.contains(wit::Wants::MODELS),
            published: wants.contains(wit::Wants::PUBLISHED),
            datasets: wants.contains(wit::Wants::DATASETS),
        };
        Self {
            name,
            version,
            routes,
            headers,
            wants,
            models,
        }
    }
}

impl From<wit::Route> for own::RouteDescription {
    fn from(route: wit::Route) -> Self {
        Self {
            method: route.method,
            template: route.template,
            verdict: match route.verdict {
                wit::Verdict::Native => own::Verdict::Native,
                wit::Verdict::GtExtension => own::Verdict::GtExtension,
                wit::Verdict::NotSupported => own::Verdict::NotSupported,
            },
            forwarded: route.forwarded,
            purposes: route.purposes.into_iter().map(own::Purpose::from).collect(),
            scopes: route.scopes,
            model: match route.model {
                wit::ModelSource::None => own::ModelSource::None,
                wit::ModelSource::Json => own::ModelSource::Json,
                wit::ModelSource::Multipart => own::ModelSource::Multipart,
            },
            query: route.query,
            headers: route.headers,
            reason: route.reason,
        }
    }
}

impl From<wit::Purpose> for own::Purpose {
    fn from(purpose: wit::Purpose) -> Self {
        match purpose {
            wit::Purpose::Inference => Self::Inference,
            wit::Purpose::Upload => Self::Upload,
            wit::Purpose::Conversation => Self::Conversation,
        }
    }
}

impl From<wit::Model> for own::CatalogueEntry {
    fn from(model: wit::Model) -> Self {
        let wit::Model {
            name,
            published,
            routes,
        } = model;
        Self {
            name,
            published,
            routes,
        }
    }
}

#[cfg(test)]
mod tests;
