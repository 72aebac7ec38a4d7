//! The path of a request, from its head to its answer, in the order in which it is walked.
//!
//! The first check that fails decides what the client is told, so the order is part of the
//! interface: syntax, key, path and query, the policy on the head, content type, length, rate,
//! body, the policy on the model, fences, GT. Whatever goes wrong on the way is a refusal.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header, response};
use hyper::body::Incoming;
use jiff::Timestamp;
use signalbox_http::path::{self, Target};
use signalbox_http::refusal::{Code, Refusal};
use signalbox_http::{head, media};
use signalbox_policy::{Decision, Forward, ListMode, ModelSource, RequestedModel, RouteDescription};
use signalbox_runtime::Generation;

use crate::answer::{self, AnswerBody, FromUpstream, Held, Kind};
use crate::ask::ask;
use crate::client_body::{ClientBody, Connection, Discard, ReadBounds, read_on};
use crate::credentials::Use;
use crate::facts::{Facts, check_syntax, values};
use crate::keyring::{Key, Standing};
use crate::held_body::HeldBody;
use crate::models_answer;
use crate::outbound::{self, Breach, Outbound, Written};
use crate::phase::Phase;
use crate::refusals;
use crate::upstream::{Fate, RequestBody, StreamBounds};
use crate::worker::Worker;

/// Answers one request. Never fails: what goes wrong is a refusal.
pub(crate) async fn serve(
    worker: &Worker,
    held: Held,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let (head, incoming) = request.into_parts();
    let body = ClientBody::new(incoming, &head.headers);
    let mut visit = Visit { worker, head: &head, body: Some(body), held, passed_on: None };
    let outcome = visit.walk().await;
    visit.leave(outcome).await
}

/// The answer where the walk itself panicked.
pub(crate) fn panicked(mut held: Held) -> Response<AnswerBody> {
    let refusal = Refusal::new(
        Code::PolicyFailed,
        "The gate failed on this request, so it is refused. Tell the operator.",
    );
    held.trail.failed("panicked");
    let (mut head, body) = answer::refusal(&refusal).into_parts();
    held.trail.stamp(&mut head.headers);
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    held.trail.answered(head.status, Some(&refusal));
    Response::from_parts(head, AnswerBody::bytes(body.into(), held))
}

/// One request on its way.
struct Visit<'a> {
    worker: &'a Worker,
    head: &'a Parts,
    /// The client's body, until it is passed on.
    body: Option<ClientBody>,
    held: Held,
    /// How it fares then.
    passed_on: Option<Rc<Fate>>,
}

/// An answer whose body is not yet tied to what the request holds.
enum Outcome {
    Ours(Response<Vec<u8>>),
    Upstream(Box<(response::Parts, FromUpstream)>),
}

/// What a policy decided, and which.
struct Settled {
    generation: Arc<Generation>,
    decided: Decided,
    /// The body, if it was read: of one generation's question or of an earlier one's.
    body: Option<HeldBody>,
}

enum Decided {
    List(ListMode),
    /// From the facts of the body.
    Read(Forward),
    /// From the head alone.
    Unread(Forward),
}

impl<'v> Visit<'v> {
    /// The request path.
    async fn walk(&mut self) -> Result<Outcome, Refusal> {
        check_syntax(self.head)?;
        let key = self.find_key()?;
        let target = self.read_target()?;
        let facts = Facts {
            head: self.head,
            path: &target.path,
            query: target.query,
            caller: &key.caller,
        };
        let settled = self.settle(&key, &facts).await?;
        let (forward, written) = match &settled.decided {
            Decided::List(mode) => {
                let names = models_answer::names(self.worker, &key, &settled.generation, mode);
                let answer = models_answer::answer(&names.await?, target.model_id.as_deref());
                return answer.map(Outcome::Ours);
            }
            Decided::Unread(forward) => (forward, Written::Unread),
            Decided::Read(forward) => (forward, Written::of(settled.body.as_ref())),
        };
        let route = outbound::check(&facts, &settled.generation, forward, written)
            .map_err(|breach| self.broken_contract(breach))?;
        self.admit_stream(&key, settled.body.as_ref())?;
        let asked = Use { template: &route.template, in_conversation: facts.in_conversation() };
        let credential = self.worker.shared.credentials.for_request(&key, asked);
        let credential = credential.map_err(refusals::no_credential)?;
        let outbound = Outbound {
            facts: &facts,
            route,
            forward,
            target: self.worker.upstream.target(),
            authorization: credential.authorization(),
        };
        let body = self.body_for_upstream(&key, settled.body, forward.model.as_deref());
        let request = outbound.request(body).map_err(|breach| self.broken_contract(breach))?;
        self.forward(request, forward.restamp.as_deref(), &key).await
    }

    /// 401, the same for every way in which a key is not one.
    fn find_key(&mut self) -> Result<Arc<Key>, Refusal> {
        let values = values(&self.head.headers, header::AUTHORIZATION);
        let token = head::bearer(&values)?;
        let keyring = self.worker.shared.keys.current();
        let key = keyring.lookup(token).ok_or_else(|| Refusal::of(Code::InvalidApiKey))?;
        self.held.trail.key = Some(Arc::clone(key));
        match key.standing(Timestamp::now()) {
            Standing::Valid => Ok(Arc::clone(key)),
            Standing::Expired | Standing::Revoked => Err(Refusal::of(Code::InvalidApiKey)),
        }
    }

    /// 400 for what two servers could read in two ways.
    fn read_target(&self) -> Result<Target<'v>, Refusal> {
        let config = &self.worker.shared.config;
        let uri: &'v Uri = &self.head.uri;
        if uri.scheme().is_none()
            && let Some(origin) = uri.path_and_query()
        {
            return path::canonical(origin.as_str(), &|_| false);
        }
        let absolute = uri.to_string();
        let target = path::canonical(&absolute, &|authority| config.is_own_host(authority))?;
        Ok(Target {
            path: target.path.into_owned().into(),
            // The same bytes, borrowed from the head.
            query: uri.query(),
            model_id: target.model_id,
        })
    }

    /// The whole decision, by one generation.
    async fn settle(&mut self, key: &Key, facts: &Facts<'_>) -> Result<Settled, Refusal> {
        let mut body = None;
        loop {
            let generation = self.current(key)?;
            let attempt = self.attempt(key, facts, &generation, &mut body).await;
            if self.current(key)?.number() == generation.number() {
                return Ok(Settled { generation, decided: attempt?, body });
            }
            // A swap came in between. Nothing is decided by two generations: the new one is asked
            // everything again.
        }
    }

    /// One generation's decision: the policy on the head, 415, 413, 429, the body, the policy on
    /// the model. A body that is read stays in `body` for the next generation.
    async fn attempt(
        &mut self,
        key: &Key,
        facts: &Facts<'_>,
        generation: &Arc<Generation>,
        body: &mut Option<HeldBody>,
    ) -> Result<Decided, Refusal> {
        let source = source_of_model(generation, facts);
        if body.is_none() && source == ModelSource::Json {
            *body = self.read_at_once(key).await;
            if let Some(body) = body {
                return self.decide_at_once(key, facts, generation, body).await;
            }
        }
        match self.ask(facts, generation, RequestedModel::Unread).await? {
            Decision::ListModels(mode) => {
                self.admit(key)?;
                return Ok(Decided::List(mode));
            }
            Decision::Forward(forward) => {
                self.check_declared(self.stream_limit(key))?;
                self.admit(key)?;
                return Ok(Decided::Unread(forward));
            }
            Decision::Refuse(refused) => return Err(self.refused(&refused, facts)),
            Decision::ReadModel => {}
        }
        match source {
            ModelSource::Json => self.check_media()?,
            ModelSource::Multipart => return Err(refusals::multipart()),
            ModelSource::None => return Err(self.broken_contract(Breach::Route)),
        }
        self.check_declared(self.json_limit(key))?;
        self.admit(key)?;
        let body = match body {
            Some(body) => body,
            None => body.insert(self.read_model(key).await?),
        };
        self.decide_on_model(facts, generation, body).await
    }

    /// The short way for a body that came with its head and is in order: one question. Only if the
    /// answer is no, the head is asked about by itself, so that the client hears of the first rule
    /// it broke.
    async fn decide_at_once(
        &mut self,
        key: &Key,
        facts: &Facts<'_>,
        generation: &Arc<Generation>,
        body: &HeldBody,
    ) -> Result<Decided, Refusal> {
        let decided = self.decide_on_model(facts, generation, body).await;
        if let Err(late) = &decided
            && late.status() < 500
        {
            let early = self.ask(facts, generation, RequestedModel::Unread).await?;
            if let Decision::Refuse(early) = early {
                return Err(self.refused(&early, facts));
            }
        }
        self.admit(key)?;
        decided
    }

    /// The policy on the model: 400 where there is none, 404 where it may not be used.
    async fn decide_on_model(
        &mut self,
        facts: &Facts<'_>,
        generation: &Arc<Generation>,
        body: &HeldBody,
    ) -> Result<Decided, Refusal> {
        match self.ask(facts, generation, body.requested()).await? {
            Decision::Forward(forward) => Ok(Decided::Read(forward)),
            Decision::Refuse(refused) => Err(self.refused(&refused, facts)),
            Decision::ListModels(_) | Decision::ReadModel => {
                Err(self.broken_contract(Breach::Model))
            }
        }
    }

    /// A body that is here already and passes every check the host would make of it.
    async fn read_at_once(&mut self, key: &Key) -> Option<HeldBody> {
        self.check_media().ok()?;
        self.check_declared(self.json_limit(key)).ok()?;
        let bytes = self.body.as_mut()?.already_here().await?;
        HeldBody::read(bytes, None).ok().filter(HeldBody::names_a_model)
    }

    /// 400, 408, 413 or 503 where the body is not one JSON object that is here in time.
    async fn read_model(&mut self, key: &Key) -> Result<HeldBody, Refusal> {
        let shared = &self.worker.shared;
        let room = shared.budget.reserve(key.usage.memory(), 0);
        let mut room = room.map_err(|_spent| Refusal::of(Code::Overloaded))?;
        let bounds = ReadBounds {
            bytes: self.json_limit(key),
            idle: shared.config.times.body_idle.duration(),
            total: shared.config.times.body_total.duration(),
        };
        let body = self.body.as_mut().ok_or_else(|| Refusal::of(Code::InvalidBody))?;
        let bytes = body.read(bounds, &mut room).await.map_err(refusals::unread)?;
        HeldBody::read(bytes, Some(room))
    }

    async fn ask(
        &mut self,
        facts: &Facts<'_>,
        generation: &Arc<Generation>,
        model: RequestedModel<'_>,
    ) -> Result<Decision, Refusal> {
        let headers = facts.headers(generation);
        let request = facts.request(&headers, model);
        let asked = Instant::now();
        let outcome = ask(&self.worker.shared.pool, generation, &request).await;
        self.held.trail.asked(generation, asked.elapsed());
        outcome.map_err(|error| {
            self.held.trail.failed(error.cause());
            error.refusal()
        })
    }

    /// What the key's policy is right now: 503 where it has none.
    fn current(&self, key: &Key) -> Result<Arc<Generation>, Refusal> {
        let policies = self.worker.shared.slot.load();
        policies.get(&key.policy).map(Arc::clone).ok_or_else(|| Refusal::of(Code::NoPolicy))
    }

    /// A refusal of the policy's. A 405 says which methods there are.
    fn refused(&mut self, refused: &signalbox_policy::Refusal, facts: &Facts<'_>) -> Refusal {
        self.held.trail.refused(&refused.reason);
        let param = refused.param.as_deref();
        let refusal =
            Refusal::from_policy(refused.status, &refused.code, &refused.message, param);
        match &self.held.trail.generation {
            Some(generation) if refused.status == 405 => {
                refusal.allow(methods_of(generation, facts.path))
            }
            _ => refusal,
        }
    }

    /// A decision that reads well and cannot be followed.
    fn broken_contract(&mut self, breach: Breach) -> Refusal {
        self.held.trail.failed(breach.cause());
        Refusal::of(Code::PolicyFailed)
    }

    /// 415 where the head does not announce one plain JSON body.
    fn check_media(&self) -> Result<(), Refusal> {
        let headers = &self.head.headers;
        let encodings = values(headers, header::CONTENT_ENCODING);
        media::check_json(&values(headers, header::CONTENT_TYPE), &encodings)
    }

    /// 413 where the head announces more than may come.
    fn check_declared(&self, limit: u64) -> Result<(), Refusal> {
        match self.body.as_ref().and_then(ClientBody::declared) {
            Some(length) if length > limit => Err(refusals::too_large(limit)),
            _ => Ok(()),
        }
    }

    /// 429 or 503; once for a request, however often it is decided.
    fn admit(&mut self, key: &Key) -> Result<(), Refusal> {
        if self.held.permit.is_none() {
            self.held.permit = Some(key.admit(Instant::now()).map_err(refusals::limited)?);
            let pass = self.worker.shared.gate.enter();
            self.held.pass = Some(pass.ok_or_else(|| Refusal::of(Code::Overloaded))?);
        }
        Ok(())
    }

    /// 429 where the request asks for a stream and the key has as many as it may.
    fn admit_stream(&mut self, key: &Key, body: Option<&HeldBody>) -> Result<(), Refusal> {
        if self.held.stream.is_none() && body.is_some_and(HeldBody::asks_for_a_stream) {
            let stream = key.usage.open_stream(&key.limits);
            self.held.stream = Some(stream.map_err(refusals::limited)?);
        }
        Ok(())
    }

    fn json_limit(&self, key: &Key) -> u64 {
        self.worker.shared.config.limits.json_body.bytes().min(key.limits.body.bytes())
    }

    fn stream_limit(&self, key: &Key) -> u64 {
        self.worker.shared.config.limits.upload_body.bytes().min(key.limits.body.bytes())
    }

    /// What was read, with the one value replaced; or the body itself, as it comes.
    fn body_for_upstream(
        &mut self,
        key: &Key,
        held: Option<HeldBody>,
        published: Option<&str>,
    ) -> RequestBody {
        let times = &self.worker.shared.config.times;
        let bounds = StreamBounds {
            bytes: self.stream_limit(key),
            idle: times.body_idle.duration(),
            total: times.body_total.duration(),
        };
        if let Some(held) = held {
            return held.with_model(published);
        }
        match self.body.take() {
            Some(body) if !body.is_empty() => {
                let body = RequestBody::streamed(body.into_incoming(), bounds);
                self.passed_on = body.fate();
                body
            }
            _ => RequestBody::Empty,
        }
    }

    /// GT's answer: 502 or 504 where it gives none that is the client's.
    async fn forward(
        &mut self,
        request: Request<RequestBody>,
        stamp: Option<&str>,
        key: &Key,
    ) -> Result<Outcome, Refusal> {
        let sent = self.worker.upstream.send(request).await;
        let (answer, lease) = sent.map_err(|error| {
            self.held.trail.upstream_failed(&error);
            refusals::upstream(&error)
        })?;
        self.held.trail.upstream_status = Some(answer.status());
        let (head, restamp) = answer::head_of_upstream(&answer, stamp)?;
        let kind = if answer::is_events(&head.headers) { Kind::Events } else { Kind::Other };
        if kind == Kind::Events && self.held.stream.is_none() {
            // Nothing in the request said so; the key's limit holds all the same.
            let stream = key.usage.open_stream(&key.limits);
            self.held.stream = Some(stream.map_err(refusals::limited)?);
        }
        let idle = self.worker.shared.config.times.answer_idle.duration();
        let phases = &self.worker.phases;
        let body = FromUpstream::new(answer.into_body(), lease, restamp, kind, idle, phases);
        Ok(Outcome::Upstream(Box::new((head, body))))
    }

    /// Turns the outcome into the answer. A body that nobody waited for is let go of, and the
    /// client is told whether its connection is kept.
    async fn leave(mut self, outcome: Result<Outcome, Refusal>) -> Response<AnswerBody> {
        let connection = self.let_go(outcome.as_ref().err()).await;
        let Self { worker, mut held, .. } = self;
        let stamp = |headers: &mut HeaderMap, held: &Held| {
            held.trail.stamp(headers);
            if connection == Connection::Close || worker.phases.current() >= Phase::Leaving {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
        };
        let ours = match outcome {
            Ok(Outcome::Upstream(upstream)) => {
                let (mut head, body) = *upstream;
                stamp(&mut head.headers, &held);
                held.trail.answered(head.status, None);
                return Response::from_parts(head, AnswerBody::upstream(body, held));
            }
            Ok(Outcome::Ours(ours)) => {
                held.trail.answered(ours.status(), None);
                ours
            }
            Err(refusal) => {
                let answer = answer::refusal(&refusal);
                held.trail.answered(answer.status(), Some(&refusal));
                answer
            }
        };
        let (mut head, body) = ours.into_parts();
        stamp(&mut head.headers, &held);
        Response::from_parts(head, AnswerBody::bytes(body.into(), held))
    }

    async fn let_go(&mut self, refusal: Option<&Refusal>) -> Connection {
        let config = &self.worker.shared.config;
        let discard = match refusal {
            Some(refusal) if refusal.status() == 401 => Discard::STRANGER,
            _ => Discard {
                bytes: config.limits.discard.bytes(),
                time: config.times.discard.duration(),
            },
        };
        match (self.body.take(), self.passed_on.take()) {
            (Some(body), _) => body.let_go(discard).await,
            (None, Some(fate)) if !fate.has_ended() => {
                if let Some(left) = fate.take_left() {
                    read_on(left, discard);
                }
                Connection::Close
            }
            (None, _) => Connection::Keep,
        }
    }
}

/// Where a policy's route for this request has its model.
fn source_of_model(generation: &Generation, facts: &Facts<'_>) -> ModelSource {
    let is_it = |route: &&RouteDescription| {
        route.method == facts.head.method.as_str()
            && path::matches(&route.template, facts.path).is_some()
    };
    let route = generation.description().routes.iter().find(is_it);
    route.map_or(ModelSource::None, |route| route.model)
}

/// The methods a policy has for a path.
fn methods_of(generation: &Generation, path: &str) -> String {
    let routes = generation.description().routes.iter();
    let methods: Vec<&str> = routes
        .filter(|route| path::matches(&route.template, path).is_some())
        .map(|route| route.method.as_str())
        .collect();
    methods.join(", ")
}
