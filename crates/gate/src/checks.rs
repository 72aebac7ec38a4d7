//! The single checks, each by itself. Their order is in `order.rs`.

use std::sync::Arc;

use http::{Uri, Version, header};
use signalbox_http::media;
use signalbox_http::multipart::Boundary;
use signalbox_http::path::{self, Target};
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::{Decision, ModelSource, RequestedModel};
use signalbox_runtime::{Generation, RequestBuf};
use signalbox_swap::{LiveAnswer, Question};

use crate::auth::keyring::Key;
use crate::body::incoming::Media;
use crate::exchange::{Decided, Exchange, Stage};
use crate::halt::{Halt, Need};
use crate::observer::Observer;
use crate::policy::call::{AskError, PolicyCall, ask_inline};
use crate::policy::request::PolicyRequest;
use crate::request::header_values::{HeaderValues, values};
use crate::response::cancellation::LOOK;
use crate::response::rejection::{self, Rejection};
use crate::upstream::request::{self, ClientModel, ContractViolation, Destination};

impl<O: Observer> Exchange<O> {
    /// Whether frames say that a body comes, which over HTTP/2 no header has to.
    pub(crate) fn has_framed_body(&self) -> bool {
        self.head.version == Version::HTTP_2 && !self.body.is_empty()
    }

    /// 401 once the key has ended while something was waited for: its body, a policy, GT's models.
    pub(crate) fn is_still_admitted(&self, key: &Key) -> Result<(), Refusal> {
        let clock = self.gate.clock();
        let waited = clock
            .monotonic()
            .saturating_duration_since(self.context.facts.began);
        if waited < LOOK || self.gate.authenticator().still_admits(key, clock.wall()) {
            return Ok(());
        }
        Err(Refusal::of(Code::InvalidApiKey))
    }

    /// 400 for what two servers could read in two ways.
    pub(crate) fn read_target(&mut self) -> Result<(), Refusal> {
        let own_hosts = &self.gate.settings().own_hosts;
        let uri: &Uri = &self.head.uri;
        let (path, query, model_id) = match uri.path_and_query() {
            // Over HTTP/2 the authority stands for `host`.
            Some(origin) if uri.scheme().is_none() || self.head.version == Version::HTTP_2 => {
                owned(path::canonical(origin.as_str(), &|_| false)?)
            }
            _ => {
                let absolute = uri.to_string();
                owned(path::canonical(&absolute, &|name| own_hosts.contain(name))?)
            }
        };
        self.context.facts.path = Some(path);
        self.context.facts.query = query;
        self.model_id = model_id;
        Ok(())
    }

    /// Where the policy's route for this request has its model.
    pub(crate) fn source_of_model(&mut self, policy: &Generation) -> ModelSource {
        let table = self.gate.tables().of(policy);
        let facts = &mut self.context.facts;
        let path = facts.path.as_deref().unwrap_or_default();
        let index = table.find(self.head.method.as_str(), path);
        let route = index.and_then(|index| table.routes().get(index));
        let source = route.map_or(ModelSource::None, |route| route.model());
        facts.route = index.map(|index| (table, index));
        source
    }

    /// Asks about the head alone, unless the policy has said already that it wants to know the model.
    pub(crate) fn ask_about_head(&mut self, policy: &Arc<Generation>) -> Result<Decision, Halt> {
        if self.asking.wants_model {
            return Ok(Decision::ReadModel);
        }
        let decision = self.ask(policy, Stage::Head)?;
        if let Decision::ReadModel = decision {
            self.asking.wants_model = true;
        }
        Ok(decision)
    }

    /// Asks about head and model.
    pub(crate) fn ask_about_model(&mut self, policy: &Arc<Generation>) -> Result<Decision, Halt> {
        self.ask(policy, Stage::Model)
    }

    /// Notes that the policy's answer about the model is the one that stands.
    pub(crate) fn note_model(&mut self, policy: &Generation) -> Result<(), Refusal> {
        let table = self.gate.tables().of(policy);
        self.context.asks(policy, &table, self.body.requested()?);
        Ok(())
    }

    /// 415 where the head does not announce one plain body of the kind that has the model; `None`
    /// for a route without one.
    pub(crate) fn check_media(&self, source: ModelSource) -> Result<Option<Media>, Refusal> {
        match source {
            ModelSource::Json => self.check_json().map(|()| Some(Media::Json)),
            ModelSource::Multipart => {
                let (types, encodings) = self.media();
                Boundary::of(&types, &encodings).map(Media::Form).map(Some)
            }
            ModelSource::None => Ok(None),
        }
    }

    /// 415 where the head does not announce one plain JSON body.
    pub(crate) fn check_json(&self) -> Result<(), Refusal> {
        let (types, encodings) = self.media();
        media::check_json(&types, &encodings)
    }

    /// 415 where the head announces a compressed body, or two types, on a route whose body nobody
    /// reads.
    pub(crate) fn check_plain(&self) -> Result<(), Refusal> {
        let (types, encodings) = self.media();
        media::check_plain(&types, &encodings)
    }

    /// 413 where the head announces more than may come.
    pub(crate) fn check_declared(&self, limit: u64) -> Result<(), Refusal> {
        match self.body.declared() {
            Some(length) if length > limit => Err(rejection::too_large(limit)),
            _ => Ok(()),
        }
    }

    /// 429 or 503; once for a request, however often it is decided.
    pub(crate) fn admit(&mut self, key: &Key) -> Result<(), Refusal> {
        if self.context.guards.request.is_none() {
            let now = self.gate.clock().monotonic();
            let permit = key.admit(now).map_err(rejection::limited)?;
            let place = self.gate.capacity().requests.enter();
            let place = place.ok_or_else(|| Refusal::of(Code::Overloaded))?;
            self.context.guards.concurrency = Some(place);
            self.context.guards.request = Some(permit);
        }
        Ok(())
    }

    /// 429 where the request asks for a stream and the key has as many as it may.
    pub(crate) fn admit_stream(&mut self, key: &Key) -> Result<(), Refusal> {
        if self.body.asks_for_a_stream() {
            self.context.take_stream(key)?;
        }
        Ok(())
    }

    /// Where a decision goes that is what the policy described, and within what the key may do.
    pub(crate) fn check_contract<'d>(
        &self,
        key: &Key,
        decided: &'d Decided,
    ) -> Result<Destination<'d>, Halt> {
        let Decision::Forward(forward) = &decided.decision else {
            return Err(ContractViolation::Model.into());
        };
        let requested = match decided.stage {
            Stage::Head => RequestedModel::Unread,
            Stage::Model => self.body.requested()?,
        };
        let asked = self.policy_request(key);
        let model = ClientModel::from(requested);
        let table = &self.gate.settings().gt_routes;
        Ok(request::check(
            &asked,
            &decided.generation,
            table,
            forward,
            model,
        )?)
    }

    /// The most a body may be, as far as its kind says.
    pub(crate) fn limit_of(&self, media: &Media, key: &Key) -> u64 {
        match media {
            Media::Json => self.gate.json_limit(key),
            Media::Form(_) => self.gate.upload_limit(key),
        }
    }

    /// The request as policies are told of it.
    pub(crate) fn policy_request<'x>(&'x self, key: &'x Key) -> PolicyRequest<'x> {
        PolicyRequest {
            head: &self.head,
            path: self.context.facts.path.as_deref().unwrap_or_default(),
            query: self.context.facts.query.as_deref(),
            caller: &key.caller,
        }
    }

    /// Lets a shadow decide what was decided, on another thread and in its own time. What the gate
    /// refused by itself says nothing of either policy.
    pub(crate) fn compare(
        &self,
        policy: &Generation,
        shadow: Arc<Generation>,
        outcome: &Result<Decided, Halt>,
    ) {
        let live = match outcome {
            Ok(Decided { decision, .. }) => LiveAnswer::Decided(decision.clone()),
            Err(Halt::Rejected(rejection)) => match &**rejection {
                Rejection::Policy { decision, .. } => LiveAnswer::Decided(decision.clone()),
                Rejection::Failed {
                    cause,
                    is_guests: true,
                    ..
                } => LiveAnswer::Failed(cause),
                Rejection::Failed { .. } | Rejection::Host(_) => return,
            },
            Err(Halt::Need(_)) => return,
        };
        let Some(key) = &self.key else { return };
        let asked = self.policy_request(key);
        let headers = asked.headers(&shadow.description().headers);
        let request = asked.request(&headers, self.context.facts.told.model());
        let route = asked.route(policy);
        let route = route.map(|route| format!("{} {}", route.method, route.template));
        self.gate.policies().shadow(Question {
            request: RequestBuf::from(&request),
            shadow,
            live,
            route: route.unwrap_or_default(),
        });
    }

    fn media(&self) -> (HeaderValues<'_>, HeaderValues<'_>) {
        let headers = &self.head.headers;
        let types = values(headers, header::CONTENT_TYPE);
        (types, values(headers, header::CONTENT_ENCODING))
    }

    /// Asks one generation. Its refusal, and its having no answer, end the walk.
    fn ask(&mut self, policy: &Arc<Generation>, stage: Stage) -> Result<Decision, Halt> {
        let answer = self.asking.answer.take();
        let asked = (policy.number(), stage);
        let answer = match answer.filter(|answer| (answer.0, answer.1) == asked) {
            Some((_, _, answer)) => answer,
            None => self.ask_now(policy, stage)?,
        };
        let Some(key) = &self.key else {
            return Err(ContractViolation::Model.into());
        };
        match answer.map_err(Rejection::from)? {
            // A policy that was asked elsewhere may have been answered for.
            Decision::Refuse(refused) if !(400..500).contains(&refused.status) => {
                Err(ContractViolation::Refusal.into())
            }
            Decision::Refuse(refused) => {
                let asked = self.policy_request(key);
                Err(Rejection::of_policy(refused, &asked, policy).into())
            }
            decision => Ok(decision),
        }
    }

    fn ask_now(
        &mut self,
        policy: &Arc<Generation>,
        stage: Stage,
    ) -> Result<Result<Decision, AskError>, Halt> {
        let model = stage.model(&self.body)?;
        let table = self.gate.tables().of(policy);
        self.context.asks(policy, &table, model);
        let Some(key) = &self.key else {
            return Err(ContractViolation::Model.into());
        };
        let asked = self.policy_request(key);
        let headers = asked.headers(table.headers());
        let request = asked.request(&headers, model);
        let since = self.gate.clock().monotonic();
        if policy.is_inline() {
            let answer = ask_inline(policy, &request);
            self.took(since);
            self.report(policy.served(), stage, &answer);
            return Ok(answer);
        }
        let call = PolicyCall::new(Arc::clone(policy), RequestBuf::from(&request));
        self.asking.pending = Some((stage, since));
        Err(Need::Policy(call).into())
    }
}

fn owned(target: Target<'_>) -> (String, Option<String>, Option<String>) {
    let query = target.query.map(str::to_owned);
    (target.path.into_owned(), query, target.model_id)
}
