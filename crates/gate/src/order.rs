//! The order of checks.
//!
//! The first check that fails decides what the client is told, so the order is part of the interface:
//! it is the list in `docs/design.md`, and no door can change it. Whatever goes wrong is a refusal.
//!
//! The functions here are walked from the top each time a door has brought what was missing; what
//! was found out before is not looked at again.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use signalbox_http::refusal::{Code, Refusal};
use signalbox_policy::{Decision, ListMode, ModelSource, fences};
use signalbox_runtime::{Beside, Generation};

use crate::auth::credentials::Use;
use crate::auth::keyring::Key;
use crate::body::incoming::{Media, Missing};
use crate::exchange::{Decided, Exchange, Stage};
use crate::forwarding::Forwarding;
use crate::halt::{Halt, Need};
use crate::observer::Observer;
use crate::policy::record::Conclusion;
use crate::request::syntax::{check_connection, check_http2, check_syntax};
use crate::response::model_lists::ModelList;
use crate::response::models;
use crate::response::rejection;
use crate::upstream::models_request::ModelsRequest;
use crate::upstream::request::ContractViolation;

/// A request that has passed every check.
#[derive(Debug)]
pub(crate) enum Passed {
    /// It goes to GT.
    Forward(Box<Forwarding>),
    /// The gate answers it.
    Answer(Response<Bytes>),
}

impl<O: Observer> Exchange<O> {
    /// The order of checks, from the head of the request to what is forwarded.
    pub(crate) fn check(&mut self) -> Result<Passed, Halt> {
        let key = match &self.key {
            Some(key) => {
                let key = Arc::clone(key);
                self.is_still_admitted(&key)?;
                key
            }
            None => {
                check_http2(&self.head, self.gate.settings().largest_head)?;
                check_syntax(&self.head, self.framing, self.has_framed_body())?;
                check_connection(&self.head.headers)?;
                let key = self.find_key()?;
                self.read_target()?;
                Arc::clone(self.key.insert(key))
            }
        };
        let decided = match self.decided.take() {
            Some(decided) => decided,
            None => self.decide(&key)?,
        };
        match &decided.decision {
            Decision::Forward(_) => {
                let forwarding = self.forward(&key, decided)?;
                Ok(Passed::Forward(Box::new(forwarding)))
            }
            Decision::ListModels(_) => self.list_models(&key, decided),
            Decision::ReadModel | Decision::Refuse(_) => Err(ContractViolation::Model.into()),
        }
    }

    /// The policy's decision. A swap may come in between: then what decides now is asked everything
    /// again, for nothing is decided by two generations.
    fn decide(&mut self, key: &Arc<Key>) -> Result<Decided, Halt> {
        loop {
            let live = self.live_policy(key)?;
            let outcome = self.decide_by(key, &live.generation);
            if let Err(Halt::Need(need)) = outcome {
                return Err(Halt::Need(need));
            }
            if self.live_policy(key)?.generation.number() != live.generation.number() {
                continue;
            }
            if let Some(shadow) = live.shadow {
                self.compare(&live.generation, shadow, &outcome);
            }
            return outcome;
        }
    }

    /// One generation's decision, check by check.
    fn decide_by(&mut self, key: &Key, policy: &Arc<Generation>) -> Result<Decided, Halt> {
        self.asking.turn_to(policy.number());
        let source = self.source_of_model(policy);
        if self.can_decide_at_once(key, source) {
            return self.decide_at_once(key, policy);
        }
        let decision = self.ask_about_head(policy)?;
        if let Decision::Forward(_) = decision {
            self.check_plain()?;
            self.check_declared(self.gate.upload_limit(key))?;
        }
        if let Decision::Forward(_) | Decision::ListModels(_) = decision {
            self.admit(key)?;
            return Ok(decided(policy, decision, Stage::Head));
        }
        // A route without a model is never asked about one.
        let media = self.check_media(source)?;
        let media = media.ok_or(ContractViolation::Route)?;
        self.check_declared(self.limit_of(&media, key))?;
        self.admit(key)?;
        self.read_model(key, &media)?;
        let decision = self.ask_about_model(policy)?;
        Ok(decided(policy, decision, Stage::Model))
    }

    /// The short way for a body that came with its head and is in order: one question. Only if the
    /// answer is no, the head is asked about by itself, so that the client hears of the first rule
    /// it broke.
    fn decide_at_once(&mut self, key: &Key, policy: &Arc<Generation>) -> Result<Decided, Halt> {
        self.asking.at_once = true;
        if self.asking.late.is_none() {
            match self.ask_about_model(policy) {
                Ok(decision) => {
                    self.admit(key)?;
                    return Ok(decided(policy, decision, Stage::Model));
                }
                Err(Halt::Rejected(late)) if late.is_by_policy() => {
                    self.asking.late = Some(late);
                }
                Err(halt) => return Err(halt),
            }
        }
        self.ask_about_head(policy)?;
        self.note_model(policy)?;
        self.admit(key)?;
        match self.asking.late.take() {
            Some(late) => Err(Halt::Rejected(late)),
            None => Err(ContractViolation::Model.into()),
        }
    }

    /// What goes to GT, or why it may not: the decision is checked once more.
    fn forward(&mut self, key: &Arc<Key>, decided: Decided) -> Result<Forwarding, Halt> {
        let sent = self.check_contract(key, &decided)?;
        if decided.stage == Stage::Model {
            self.admit_stream(key)?;
        }
        let mut forwarding = Forwarding::prepare(self, key, &decided, &sent)?;
        self.context
            .record(&self.head, Conclusion::Decided(&decided.decision));
        forwarding.restamps(decided.decision);
        Ok(forwarding)
    }

    /// The names the key is shown, or the one it asks for.
    fn list_models(&mut self, key: &Arc<Key>, decided: Decided) -> Result<Passed, Halt> {
        let Decision::ListModels(mode) = &decided.decision else {
            return Err(ContractViolation::Model.into());
        };
        self.context
            .record(&self.head, Conclusion::Decided(&decided.decision));
        let published = match (mode, self.published.take()) {
            (ListMode::Upstream, None) => {
                let need = self.models_request(key)?;
                self.decided = Some(decided);
                return Err(Need::Models(need).into());
            }
            (ListMode::Upstream, Some(published)) => Some(published?),
            (ListMode::Catalogue | ListMode::Only(_), _) => None,
        };
        let generation = &decided.generation;
        let list = match mode {
            ListMode::Catalogue => {
                let budget = &self.gate.capacity().memory;
                self.gate.model_lists().of(budget, generation, key)
            }
            _ => {
                let names = models::names(&key.caller, generation, mode, published.as_deref());
                Arc::new(ModelList::new(names))
            }
        };
        Ok(Passed::Answer(list.answer(self.model_id.as_deref())?))
    }

    fn models_request(&self, key: &Key) -> Result<ModelsRequest, Halt> {
        let settings = self.gate.settings();
        let route = settings.gt_routes.find("GET", MODELS);
        let route = route.ok_or(ContractViolation::Path)?;
        let fences = fences::check(&key.caller, &route.asks(MODELS, false));
        fences.map_err(|_fence| ContractViolation::Fence)?;
        let asked = Use {
            purposes: route.purposes,
            in_conversation: false,
        };
        let credential = self.gate.credentials().for_request(key, asked);
        let (name, secret) = credential.map_err(rejection::no_credential)?;
        Ok(ModelsRequest::new(&settings.base_path, name, &secret)?)
    }

    /// As much of the body as it takes to know its model.
    fn read_model(&mut self, key: &Key, media: &Media) -> Result<(), Halt> {
        match self.body.read(&self.gate, key, media)? {
            Missing::Nothing => Ok(()),
            Missing::Piece => Err(Need::Piece.into()),
            Missing::Write(bytes) => Err(Need::Write(bytes).into()),
        }
    }

    /// What decides for the key right now: 503 where nothing does.
    fn live_policy(&self, key: &Key) -> Result<LivePolicy, Refusal> {
        let policies = self.gate.policies().slot().load();
        let lane = policies.get(&key.policy);
        let lane = lane.ok_or_else(|| Refusal::of(Code::NoPolicy))?;
        Ok(LivePolicy {
            generation: Arc::clone(lane.for_caller(&key.caller.id)),
            shadow: match lane.beside() {
                Some(Beside::Shadow(shadow)) => Some(Arc::clone(shadow)),
                Some(Beside::Canary(..)) | None => None,
            },
        })
    }

    fn can_decide_at_once(&mut self, key: &Key, source: ModelSource) -> bool {
        if self.asking.at_once {
            return true;
        }
        source == ModelSource::Json
            && self.check_json().is_ok()
            && self.check_declared(self.gate.json_limit(key)).is_ok()
            && self.body.read_at_once()
    }
}

/// Where GT lists its own models.
const MODELS: &str = "/v1/models";

/// What decides for a key at one moment.
struct LivePolicy {
    generation: Arc<Generation>,
    /// What is asked beside it, in vain.
    shadow: Option<Arc<Generation>>,
}

fn decided(policy: &Arc<Generation>, decision: Decision, stage: Stage) -> Decided {
    Decided {
        generation: Arc::clone(policy),
        decision,
        stage,
    }
}
