//! The path of a request, from its head to its answer, in the order in which it is walked.
//!
//! The first check that fails decides what the client is told, so the order is part of the
//! interface: syntax, key, path and query, the policy on the head, content type, length, rate,
//! body, the policy on the model, fences, GT. Whatever goes wrong on the way is a refusal.

mod body;
mod checks;
mod file_status;
mod head_only;
mod leave;
mod shadow;

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;
use http::{Request, Response, Uri, Version, header, response};
use hyper::body::Incoming;
use signalbox_http::head;
use signalbox_http::path::{self, Target};
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::{Decision, ListMode, ModelSource, RequestedModel};
use signalbox_runtime::{Beside, Generation, Served};

pub(crate) use leave::panicked;

use crate::answer;
use crate::ask::ask;
use crate::cancellation::{self, Cancellation};
use crate::client_body::ClientBody;
use crate::credentials::Use;
use crate::facts::Facts;
use crate::forwarded;
use crate::header_values::values;
use crate::held_body::{HeldBody, Passing};
use crate::keyring::{Key, Standing};
use crate::models_answer;
use crate::outbound::{self, Breach, Outbound, Written};
use crate::record::Conclusion;
use crate::refusals::{self, No};
use crate::request_guards::Held;
use crate::response_body::{AnswerBody, FromUpstream, Kind};
use crate::syntax::{check_http2, check_syntax};
use crate::upstream::{Fate, RequestBody};
use crate::worker::Worker;

/// Answers one request. Never fails: what goes wrong is a refusal.
pub(crate) async fn serve(
    worker: &Worker,
    mut held: Held,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let (mut head, incoming) = request.into_parts();
    let config = &worker.shared.config;
    held.trail.came(&head, |host| config.is_own_host(host));
    head_only::take_as_get(&mut head);
    let body = ClientBody::new(incoming, &head.headers);
    let mut visit = Visit {
        worker,
        head: &head,
        body: Some(body),
        body_end: None,
        held,
        passed_on: None,
    };
    let outcome = visit.walk().await;
    visit.leave(outcome).await
}

/// One request on its way.
struct Visit<'a> {
    worker: &'a Worker,
    head: &'a Parts,
    /// The client's body, until it is passed on.
    body: Option<ClientBody>,
    /// When all of it has to be here, once it is waited for.
    body_end: Option<tokio::time::Instant>,
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
    decision: Decision,
    stage: Stage,
    /// What was read of the body.
    held: Option<HeldBody>,
}

impl<'v> Visit<'v> {
    /// The request path.
    async fn walk(&mut self) -> Result<Outcome, No> {
        check_http2(self.head, &self.worker.shared.config)?;
        check_syntax(self.head, self.has_framed_body())?;
        let key = self.find_key()?;
        let target = self.read_target()?;
        let facts = Facts {
            head: self.head,
            path: &target.path,
            query: target.query,
            caller: &key.caller,
        };
        let settled = self.settle(&key, &facts).await?;
        let decided = Conclusion::Decided(&settled.decision);
        match &settled.decision {
            Decision::Forward(_) => self.pass_on(&key, &facts, settled).await,
            Decision::ListModels(mode) => {
                self.held.trail.record(self.head, decided);
                let generation = &settled.generation;
                let published = self.published(&key, mode).await?;
                let published = published.as_deref();
                let names = models_answer::names(&key.caller, generation, mode, published);
                let answer = models_answer::answer(&names, target.model_id.as_deref())?;
                Ok(Outcome::Ours(answer))
            }
            Decision::ReadModel | Decision::Refuse(_) => Err(Breach::Model.into()),
        }
    }

    /// What GT itself lists, where the answer depends on it.
    async fn published(
        &self,
        key: &Key,
        mode: &ListMode,
    ) -> Result<Option<Rc<HashSet<String>>>, Refusal> {
        if !matches!(mode, ListMode::Upstream) {
            return Ok(None);
        }
        let Worker {
            upstream,
            lists,
            shared,
            ..
        } = self.worker;
        let keep = shared.config.times.models_cache.duration();
        let names = lists.published(upstream, &shared.upstream.credentials, key, keep);
        names.await.map(Some)
    }

    /// 401, the same for every way in which a key is not one.
    fn find_key(&mut self) -> Result<Arc<Key>, Refusal> {
        let values = values(&self.head.headers, header::AUTHORIZATION);
        let token = head::bearer(&values)?;
        let now = self.held.trail.time();
        let key = self.worker.shared.auth.key_of(token, now);
        let key = key.ok_or_else(|| Refusal::of(Code::InvalidApiKey))?;
        self.held.trail.presented(&key);
        match key.standing(now) {
            Standing::Valid => Ok(key),
            Standing::Expired | Standing::Revoked => Err(Refusal::of(Code::InvalidApiKey)),
        }
    }

    /// 400 for what two servers could read in two ways.
    fn read_target(&mut self) -> Result<Target<'v>, Refusal> {
        let config = &self.worker.shared.config;
        let uri: &'v Uri = &self.head.uri;
        let target = match uri.path_and_query() {
            // Over HTTP/2 the authority stands for `host`.
            Some(origin) if uri.scheme().is_none() || self.head.version == Version::HTTP_2 => {
                path::canonical(origin.as_str(), &|_| false)?
            }
            _ => {
                let absolute = uri.to_string();
                let own_host = |authority: &str| config.is_own_host(authority);
                let target = path::canonical(&absolute, &own_host)?;
                // The same query, borrowed from the head.
                let (path, query) = (target.path.into_owned().into(), uri.query());
                Target {
                    path,
                    query,
                    model_id: target.model_id,
                }
            }
        };
        self.held.trail.targeted(&target.path, target.query);
        Ok(target)
    }

    /// The whole decision, by one generation.
    async fn settle(&mut self, key: &Key, facts: &Facts<'_>) -> Result<Settled, No> {
        let mut body = None;
        loop {
            let Deciding { generation, shadow } = self.current(key)?;
            let attempt = self.attempt(key, facts, &generation, &mut body).await;
            if self.current(key)?.generation.number() != generation.number() {
                // A swap came in between. Nothing is decided by two generations: what decides now
                // is asked everything again.
                continue;
            }
            if let Some(shadow) = shadow {
                self.compare(facts, &generation, shadow, &attempt);
            }
            let (decision, stage) = attempt?;
            return Ok(Settled {
                generation,
                decision,
                stage,
                held: body,
            });
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
    ) -> Result<(Decision, Stage), No> {
        let source = self.source_of_model(generation, facts);
        if body.is_none() && source == ModelSource::Json {
            *body = self.read_at_once(key).await;
            if let Some(body) = body {
                return self.decide_at_once(key, facts, generation, body).await;
            }
        }
        let decision = self.ask(facts, generation, RequestedModel::Unread).await?;
        if let Decision::Forward(_) = decision {
            self.check_plain()?;
            self.check_declared(self.stream_limit(key))?;
        }
        if let Decision::Forward(_) | Decision::ListModels(_) = decision {
            self.admit(key)?;
            return Ok((decision, Stage::Head));
        }
        // A route without a model is never asked about one.
        let media = self.check_media(source)?.ok_or(Breach::Route)?;
        self.check_declared(self.limit_of(&media, key))?;
        self.admit(key)?;
        let requested = self.read_model(key, &media, body).await?.requested()?;
        let decision = self.ask(facts, generation, requested).await?;
        Ok((decision, Stage::Model))
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
    ) -> Result<(Decision, Stage), No> {
        let requested = body.requested()?;
        let late = match self.ask(facts, generation, requested).await {
            Ok(decision) => {
                self.admit(key)?;
                return Ok((decision, Stage::Model));
            }
            Err(late @ No::Policy { .. }) => late,
            Err(failed) => return Err(failed),
        };
        self.ask(facts, generation, RequestedModel::Unread).await?;
        let book = self.worker.books.of(generation);
        self.held.trail.asks(generation, &book, requested);
        self.admit(key)?;
        Err(late)
    }

    /// Asks one generation. Its refusal, and its having no answer, end the walk.
    async fn ask(
        &mut self,
        facts: &Facts<'_>,
        generation: &Arc<Generation>,
        model: RequestedModel<'_>,
    ) -> Result<Decision, No> {
        let book = self.worker.books.of(generation);
        let headers = facts.headers(book.headers());
        let request = facts.request(&headers, model);
        self.held.trail.asks(generation, &book, model);
        let asked = Instant::now();
        let outcome = ask(&self.worker.shared.policies.pool, generation, &request).await;
        self.held.trail.asked(asked.elapsed());
        if let Err(error) = &outcome
            && error.is_guest_failure()
        {
            let swaps = &self.worker.shared.policies.swaps;
            swaps.failed(generation.served(), &facts.caller.id, error.cause());
        }
        match outcome? {
            Decision::Refuse(refused) => Err(No::of_policy(refused, facts, generation)),
            decision => Ok(decision),
        }
    }

    /// What decides for the key right now: 503 where nothing does.
    fn current(&self, key: &Key) -> Result<Deciding, Refusal> {
        let policies = self.worker.shared.policies.swaps.slot().load();
        let lane = policies.get(&key.policy);
        let lane = lane.ok_or_else(|| Refusal::of(Code::NoPolicy))?;
        Ok(Deciding {
            generation: Arc::clone(lane.for_caller(&key.caller.id)),
            shadow: match lane.beside() {
                Some(Beside::Shadow(shadow)) => Some(Arc::clone(shadow)),
                Some(Beside::Canary(..)) | None => None,
            },
        })
    }

    /// Where the policy's route for this request has its model.
    fn source_of_model(&mut self, generation: &Generation, facts: &Facts<'_>) -> ModelSource {
        let book = self.worker.books.of(generation);
        let Some(route) = book.route(facts.head.method.as_str(), facts.path) else {
            return ModelSource::None;
        };
        self.held.trail.on_route(route);
        route.model
    }

    /// The decision checked once more, and GT asked with its own key.
    async fn pass_on(
        &mut self,
        key: &Arc<Key>,
        facts: &Facts<'_>,
        settled: Settled,
    ) -> Result<Outcome, No> {
        let Settled {
            generation,
            decision,
            stage,
            held,
        } = settled;
        let Decision::Forward(forward) = &decision else {
            return Err(Breach::Model.into());
        };
        let read = held.as_ref().filter(|_| stage == Stage::Model);
        let requested = read.map_or(Ok(RequestedModel::Unread), HeldBody::requested)?;
        let route = outbound::check(facts, &generation, forward, Written::from(requested))?;
        self.admit_stream(key, read)?;
        let asked = Use {
            template: &route.template,
            in_conversation: facts.in_conversation(),
        };
        let credential = self
            .worker
            .shared
            .upstream
            .credentials
            .for_request(key, asked);
        let credential = credential.map_err(refusals::no_credential)?;
        let outbound = Outbound {
            facts,
            route,
            forward,
            base_path: self.worker.upstream.base_path(),
            authorization: credential.authorization(),
        };
        let passing = Passing::after(stage, forward.model.as_deref());
        let body = self.body_for_upstream(key, held, passing)?;
        let mut request = outbound.request(body)?;
        let model = forward.model.as_deref();
        self.held.trail.traces(model, request.headers_mut());
        let announced = self.worker.shared.config.forwarded.send;
        forwarded::announce(announced, self.held.trail.client(), request.headers_mut());
        let second = self.second_question(&outbound, key, asked)?;
        let decided = Conclusion::Decided(&decision);
        self.held.trail.record(self.head, decided);
        // GT may take hours over its answer: no policy is kept in memory for so long.
        let served = Arc::clone(generation.served());
        drop(generation);
        let stamp = forward.restamp.as_deref();
        let outcome = self.forward(request, stamp, key, &served).await?;
        match second {
            Some(mut second) if outcome.is_not_found() => {
                self.held.trail.traces(None, second.headers_mut());
                self.forward(second, stamp, key, &served).await
            }
            _ => Ok(outcome),
        }
    }

    /// GT's answer: 502 or 504 where it gives none that is the client's.
    async fn forward(
        &mut self,
        request: Request<RequestBody>,
        stamp: Option<&str>,
        key: &Arc<Key>,
        served: &Arc<Served>,
    ) -> Result<Outcome, No> {
        self.held.trail.forwards(self.worker.upstream.only_host());
        let sent = self.worker.upstream.send(request);
        let sent = cancellation::unless_cut(served, sent).await;
        let sent = sent.map_err(|cut| {
            self.held.trail.cut(cut);
            cut.refusal()
        })?;
        let (answer, lease) = sent.map_err(|error| {
            self.held.trail.upstream_failed(error.cause(), &error);
            self.unanswered(&error)
        })?;
        self.held.trail.first_byte(answer.status(), lease.host());
        let (head, restamp) = answer::head_of_upstream(&answer, stamp).inspect_err(|refusal| {
            self.held.trail.upstream_failed("answer", refusal);
        })?;
        let kind = if answer::is_events(&head.headers) {
            Kind::Events
        } else {
            Kind::Other
        };
        if kind == Kind::Events {
            // What did not ask for a stream gets one all the same: the key's limit holds.
            self.take_stream(key)?;
            self.held.trail.streams();
            self.held.open_stream = Some(self.worker.shared.observers.metrics.streams_open.open());
        }
        let cancellation = Cancellation::new(&self.worker.shared.auth.keys, key, served);
        let times = &self.worker.shared.config.times;
        let phases = &self.worker.phases;
        let body = FromUpstream::new(answer, lease, restamp, kind, times, phases, cancellation);
        Ok(Outcome::Upstream(Box::new((head, body))))
    }
}

/// What decides for a key at one moment.
struct Deciding {
    generation: Arc<Generation>,
    /// What is asked beside it, in vain.
    shadow: Option<Arc<Generation>>,
}

/// On what a decision was made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Model,
}
