//! The single checks, each by itself. Their order is in `order.rs`.

use std::borrow::Cow;
use std::sync::Arc;

use http::{Method, Uri, Version};
use signalbox_http::media;
use signalbox_http::multipart::Boundary;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::{ModelSource, RequestedModel, RouteDescription};
use signalbox_runtime::{Generation, RequestBuf};
use signalbox_swap::{LiveAnswer, PolicyAnswer, Question};

use crate::asking::{Asker, Decided};
use crate::auth::credentials::{Credential, Use};
use crate::auth::keyring::Key;
use crate::body::incoming::Media;
use crate::exchange::Exchange;
use crate::halt::Halt;
use crate::observer::Observer;
use crate::plan::{Plan, PlanCredentials};
use crate::policy::body_members::member_names;
use crate::policy::live_policy::LivePolicy;
use crate::policy::request::header_names;
use crate::request::header_values::HeaderValues;
use crate::request::target::Target;
use crate::response::cancellation::LOOK;
use crate::response::rejection::{self, Rejection};
use crate::upstream::request::{ContractViolation, Destination};

impl<O: Observer> Exchange<O> {
    /// Whether frames say that a body comes, which over HTTP/2 no header has to.
    pub(crate) fn has_framed_body(&self) -> bool {
        self.head.parts.version == Version::HTTP_2 && !self.body.is_empty()
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
    pub(crate) fn read_target(&mut self) -> Result<Arc<Target>, Refusal> {
        let uri: &Uri = &self.head.parts.uri;
        let target = match uri.path_and_query() {
            // Over HTTP/2 the authority stands for `host`.
            Some(origin)
                if uri.scheme().is_none() || self.head.parts.version == Version::HTTP_2 =>
            {
                Target::of_origin(origin.as_str())?
            }
            _ => {
                let own_hosts = &self.gate.settings().own_hosts;
                Target::read(&uri.to_string(), &|name| own_hosts.contain(name))?
            }
        };
        self.context.facts.target = Some(Arc::clone(&target));
        Ok(target)
    }

    /// Where the policy's route for this request has its model.
    pub(crate) fn source_of_model(&mut self, asker: &Asker, live: &LivePolicy) -> ModelSource {
        let table = &live.table;
        let index = table.find(self.head.parts.method.as_str(), &asker.target.path);
        let route = index.and_then(|index| table.routes().get(index));
        let source = route.map_or(ModelSource::None, |route| route.model());
        self.context.facts.route = index.map(|index| (Arc::clone(table), index));
        source
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
        asker: &Asker,
        decided: &'d Decided,
    ) -> Result<&'d Destination, Halt> {
        let Decided {
            generation,
            plan,
            stage,
        } = decided;
        let forward = plan.forward().ok_or(ContractViolation::Model)?;
        plan.destination(|| {
            let model = stage.model(&self.body)?;
            let facts = self.plan_facts(asker, &[], (model, &[]));
            let settings = self.gate.settings();
            Ok(Destination::check(&facts, generation, settings, forward)?)
        })
    }

    /// The GT keys that a request may go out with.
    pub(crate) fn choose_credentials<'d>(
        &self,
        key: &Key,
        plan: &'d Plan,
        to: &Destination,
    ) -> Result<&'d PlanCredentials, Refusal> {
        plan.credentials(|| {
            let asked = Use {
                purposes: to.purposes,
                in_conversation: to.in_conversation,
            };
            let all = self.gate.credentials();
            let first = all.for_request(key, asked);
            // What does more than look is never sent twice.
            let second = (to.method == Method::GET).then(|| all.second_for_file(key, asked));
            Ok(PlanCredentials {
                first: Credential::new(first.map_err(rejection::no_credential)?),
                second: second.flatten().map(Credential::new),
            })
        })
    }

    /// The most a body may be, as far as its kind says.
    pub(crate) fn limit_of(&self, media: &Media, key: &Key) -> u64 {
        match media {
            Media::Json => self.gate.json_limit(key),
            Media::Form(_) => self.gate.upload_limit(key),
        }
    }

    /// Lets a shadow decide what was decided, on another thread and in its own time. What the gate
    /// refused by itself says nothing of either policy.
    pub(crate) fn compare(
        &self,
        asker: &Asker,
        policy: &Generation,
        shadow: Arc<Generation>,
        outcome: &Result<Decided, Halt>,
    ) {
        let answer = |decision| {
            LiveAnswer::Decided(PolicyAnswer::new(decision, policy.description()).into())
        };
        let live = match outcome {
            Ok(decided) => answer(decided.plan.decision().clone()),
            Err(Halt::Rejected(rejection)) => match &**rejection {
                Rejection::Policy { decision, .. } => answer((**decision).clone()),
                Rejection::Failed {
                    cause,
                    is_guests: true,
                    ..
                } => LiveAnswer::Failed(cause),
                Rejection::Failed { .. } | Rejection::Host(_) => return,
            },
            Err(Halt::Need(_)) => return,
        };
        let wanted = header_names(&shadow.description().headers);
        let model = self.context.facts.told.model();
        let members = match model {
            RequestedModel::Unread => Cow::Borrowed(&[][..]),
            _ => self.body.members(&member_names(shadow.description())),
        };
        let known = (model, &*members);
        let asked = self.policy_request(asker, &wanted, known);
        let route = asked.route(policy).map(RouteDescription::name);
        self.gate.policies().shadow(Question {
            request: asked.told(|request| RequestBuf::from(request)),
            shadow,
            live,
            route: route.unwrap_or_default(),
        });
    }

    fn media(&self) -> (HeaderValues<'_>, HeaderValues<'_>) {
        let fields = &self.head.fields;
        let types = fields.content_type.values();
        (types, fields.content_encoding.values())
    }
}
