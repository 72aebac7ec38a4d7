//! What a client would get, as a decision record has it, but in plain words: whoever asks wrote the
//! request.

use serde::Serialize;
use signalbox_http::path::{self, Target};
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::fences::{self, Asked};
use signalbox_policy::gt::CONVERSATION_HEADER;
use signalbox_policy::{Caller, Decision, Forward, Header, ListMode, Request, RequestedModel};
use signalbox_runtime::{DecideError, Plugin};

use super::question::Question;
use signalbox_gate::AskError;

/// What a client would get.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Decided {
    Forward {
        route: String,
        parameters: Vec<(String, String)>,
        query: Option<String>,
        model: Option<String>,
        restamp: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        notice: Option<String>,
        labels: Vec<(String, String)>,
    },
    ListModels {
        mode: &'static str,
        /// What the key would be shown; in the mode `upstream`, as far as GT lists it as well.
        models: Vec<String>,
    },
    /// The policy wants the model, and the question names none.
    ReadModel,
    Refuse {
        by: By,
        status: u16,
        code: String,
        message: String,
        param: Option<String>,
        reason: Option<String>,
        /// How the policy failed, if it did.
        cause: Option<&'static str>,
    },
}

/// Who refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum By {
    Host,
    Policy,
}

/// Asks a plugin. Takes as long as the guest does.
pub(super) fn decide(plugin: &Plugin, question: &Question, caller: &Caller) -> Decided {
    let target = match path::canonical(&question.path, &|_| false) {
        Ok(target) => target,
        Err(refusal) => return Decided::by_host(&refusal, None),
    };
    let headers: Vec<Header<'_>> = question
        .headers(&plugin.description().headers)
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let head = Request {
        method: &question.method,
        path: &target.path,
        query: target.query,
        content_type: question.header("content-type"),
        headers: &headers,
        caller,
        model: RequestedModel::Unread,
        body_members: &[],
    };
    let written = question.model.as_deref();
    let decision = match (plugin.decide(&head), written) {
        (Ok(Decision::ReadModel), Some(name)) => plugin.decide(&Request {
            model: RequestedModel::Named(name),
            body_members: &question.body_members(&plugin.description().body_members),
            ..head
        }),
        (decision, _) => decision,
    };
    let asker = Asker {
        plugin,
        caller,
        target: &target,
        in_conversation: question.header(CONVERSATION_HEADER).is_some(),
        written,
    };
    match decision {
        Ok(decision) => asker.concluded(decision),
        Err(error) => Decided::failed(error),
    }
}

/// What stands beside a decision when the host looks at it.
struct Asker<'a> {
    plugin: &'a Plugin,
    caller: &'a Caller,
    target: &'a Target<'a>,
    in_conversation: bool,
    written: Option<&'a str>,
}

impl Asker<'_> {
    fn concluded(&self, decision: Decision) -> Decided {
        match decision {
            Decision::Forward(forward) => self.forward(forward),
            Decision::ListModels(mode) => self.list(&mode),
            Decision::ReadModel => Decided::ReadModel,
            Decision::Refuse(refused) => Decided::Refuse {
                by: By::Policy,
                status: refused.status,
                code: refused.code,
                message: refused.message,
                param: refused.param,
                reason: Some(refused.reason),
                cause: None,
            },
        }
    }

    /// A decision that goes past the key's fences is a failure of the policy.
    fn forward(&self, forward: Forward) -> Decided {
        let breach = || Decided::by_host(&Refusal::of(Code::PolicyFailed), Some("fence"));
        let Some(route) = self.plugin.route(forward.route) else {
            return breach();
        };
        let asked = Asked::by_forward(route, &forward, self.in_conversation, self.written);
        if fences::check(self.caller, &asked).is_err() {
            return breach();
        }
        Decided::Forward {
            route: route.name(),
            parameters: forward.parameters,
            query: forward.query,
            model: forward.model,
            restamp: forward.response_model,
            notice: forward.notice,
            labels: forward.labels,
        }
    }

    fn list(&self, mode: &ListMode) -> Decided {
        let is_in_mode = |name: &str| match mode {
            ListMode::Catalogue | ListMode::Upstream => true,
            ListMode::Only(names) => names.iter().any(|listed| listed == name),
        };
        let description = self.plugin.description();
        let models: Vec<String> = self
            .plugin
            .catalogue()
            .iter()
            .filter(|entry| is_in_mode(&entry.name))
            .filter(|entry| fences::shows(self.caller, description, entry))
            .map(|entry| entry.name.clone())
            .collect();
        if let Some(id) = &self.target.model_id
            && !models.contains(id)
        {
            return Decided::by_host(&Refusal::model_not_found(id), None);
        }
        Decided::ListModels {
            mode: match mode {
                ListMode::Catalogue => "catalogue",
                ListMode::Upstream => "upstream",
                ListMode::Only(_) => "only",
            },
            models: match &self.target.model_id {
                Some(id) => vec![id.clone()],
                None => models,
            },
        }
    }
}

impl Decided {
    /// The key would not be let in.
    pub(super) fn invalid_key() -> Self {
        Self::by_host(&Refusal::of(Code::InvalidApiKey), None)
    }

    fn failed(error: DecideError) -> Self {
        let error = AskError::Decide(error);
        Self::by_host(&error.refusal(), Some(error.cause()))
    }

    fn by_host(refusal: &Refusal, cause: Option<&'static str>) -> Self {
        Self::Refuse {
            by: By::Host,
            status: refusal.status(),
            code: refusal.code().to_owned(),
            message: refusal.message().to_owned(),
            param: None,
            reason: None,
            cause,
        }
    }
}
