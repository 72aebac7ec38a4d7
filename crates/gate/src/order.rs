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
use signalbox_policy::{Decision, ListMode, ModelSource, fences};

use crate::asking::{Asker, Decided, Stage};
use crate::auth::credentials::Use;
use crate::auth::keyring::Key;
use crate::body::incoming::{Media, Missing};
use crate::exchange::Exchange;
use crate::forwarding::{Forwarding, Outgoing};
use crate::halt::{Halt, Need};
use crate::observer::Observer;
use crate::plan::Plan;
use crate::policy::live_policy::LivePolicy;
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
    Forward(Forwarding, Box<Outgoing>),
    /// The gate answers it.
    Answer(Response<Bytes>),
}

impl<O: Observer> Exchange<O> {
    /// The order of checks, from the head of the request to what is forwarded.
    pub(crate) fn check(&mut self) -> Result<Passed, Halt> {
        let asker = match &self.asker {
            Some(asker) => {
                self.is_still_admitted(&asker.key)?;
                asker.clone()
            }
            None => {
                check_http2(&self.head.parts, self.gate.settings().largest_head)?;
                check_syntax(&self.head, self.framing, self.has_framed_body())?;
                check_connection(&self.head)?;
                let key = self.find_key()?;
                let target = self.read_target()?;
                self.asker.insert(Asker { key, target }).clone()
            }
        };
        let decided = match self.decided.take() {
            Some(decided) => decided,
            None => self.decide(&asker)?,
        };
        match decided.plan.decision() {
            Decision::Forward(_) => {
                let (forwarding, outgoing) = self.forward(&asker, &decided)?;
                Ok(Passed::Forward(forwarding, outgoing))
            }
            Decision::ListModels(mode) => {
                self.context
                    .record(&self.head, Conclusion::Decided(decided.plan.decision()));
                match self.list_models(&asker, &decided, mode)? {
                    Some(answer) => Ok(Passed::Answer(answer)),
                    None => {
                        let need = self.models_request(&asker.key)?;
                        self.decided = Some(decided);
                        Err(Need::Models(need).into())
                    }
                }
            }
            Decision::ReadModel | Decision::Refuse(_) => Err(ContractViolation::Model.into()),
        }
    }

    /// The policy's decision. A swap may come in between: then what decides now is asked everything
    /// again, for nothing is decided by two generations.
    fn decide(&mut self, asker: &Asker) -> Result<Decided, Halt> {
        loop {
            let live = LivePolicy::of(&self.gate, &asker.key)?;
            let outcome = self.decide_by(asker, &live);
            if let Err(Halt::Need(need)) = outcome {
                return Err(Halt::Need(need));
            }
            if !live.still_decides(&self.gate, &asker.key)? {
                continue;
            }
            if let Some(shadow) = live.shadow {
                self.compare(asker, &live.generation, shadow, &outcome);
            }
            return outcome;
        }
    }

    /// One generation's decision, check by check.
    fn decide_by(&mut self, asker: &Asker, live: &LivePolicy) -> Result<Decided, Halt> {
        let key = &*asker.key;
        self.asking.turn_to(live.number());
        let source = self.source_of_model(asker, live);
        if self.can_decide_at_once(key, source, live) {
            return self.decide_at_once(asker, live);
        }
        if let Some(plan) = self.ask_about_head(asker, live)? {
            if let Decision::Forward(_) = plan.decision() {
                self.check_plain()?;
                self.check_declared(self.gate.upload_limit(key))?;
            }
            self.admit(key)?;
            return Ok(decided(live, plan, Stage::Head));
        }
        // A route without a model is never asked about one.
        let media = self.check_media(source)?;
        let media = media.ok_or(ContractViolation::Route)?;
        self.check_declared(self.limit_of(&media, key))?;
        self.admit(key)?;
        self.read_body(key, &media, live)?;
        let plan = self.ask_about_model(asker, live)?;
        Ok(decided(live, plan, Stage::Model))
    }

    /// The short way for a body that came with its head and is in order: one question. Only if the
    /// answer is no, the head is asked about by itself, so that the client hears of the first rule
    /// it broke.
    fn decide_at_once(&mut self, asker: &Asker, live: &LivePolicy) -> Result<Decided, Halt> {
        self.asking.at_once = true;
        let late = match self.asking.late.clone() {
            Some(late) => late,
            None => {
                let plan = self.ask(asker, live, Stage::Model)?;
                match self.accept(asker, &plan, live) {
                    Ok(()) => {
                        self.admit(&asker.key)?;
                        return Ok(decided(live, plan, Stage::Model));
                    }
                    Err(late) if late.is_by_policy() => Arc::clone(self.asking.late.insert(plan)),
                    Err(failed) => return Err(failed.into()),
                }
            }
        };
        self.ask_about_head(asker, live)?;
        self.context.follows(&late);
        self.admit(&asker.key)?;
        self.accept(asker, &late, live)?;
        Err(ContractViolation::Model.into())
    }

    /// What goes to GT, or why it may not: the decision is checked once more.
    fn forward(
        &mut self,
        asker: &Asker,
        decided: &Decided,
    ) -> Result<(Forwarding, Box<Outgoing>), Halt> {
        let to = self.check_contract(asker, decided)?;
        if decided.stage == Stage::Model {
            self.admit_stream(&asker.key)?;
        }
        let with = self.choose_credentials(&asker.key, &decided.plan, to)?;
        let body = self.take_body(&asker.key, decided)?;
        // Here nothing can go wrong any more, and the head is still the client's.
        self.context
            .record(&self.head, Conclusion::Decided(decided.plan.decision()));
        let to = (to, with);
        Ok(Forwarding::new(self, &asker.key, decided, to, body))
    }

    /// The names the key is shown, or the one it asks for. `None` where GT has to be asked first.
    fn list_models(
        &mut self,
        asker: &Asker,
        decided: &Decided,
        mode: &ListMode,
    ) -> Result<Option<Response<Bytes>>, Halt> {
        let published = match (mode, self.published.take()) {
            (ListMode::Upstream, None) => return Ok(None),
            (ListMode::Upstream, Some(published)) => Some(published?),
            (ListMode::Catalogue | ListMode::Only(_), _) => None,
        };
        let (key, generation) = (&asker.key, &decided.generation);
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
        Ok(Some(list.answer(asker.target.model_id.as_deref())?))
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

    /// As much of the body as it takes to know its model, and the members the policy asks for.
    fn read_body(&mut self, key: &Key, media: &Media, live: &LivePolicy) -> Result<(), Halt> {
        let names = live.table.body_members();
        match self.body.read(&self.gate, key, media, names)? {
            Missing::Nothing => Ok(()),
            Missing::Piece => Err(Need::Piece.into()),
            Missing::Write(bytes) => Err(Need::Write(bytes).into()),
        }
    }

    fn can_decide_at_once(&mut self, key: &Key, source: ModelSource, live: &LivePolicy) -> bool {
        if self.asking.at_once {
            return true;
        }
        source == ModelSource::Json
            && self.check_json().is_ok()
            && self.check_declared(self.gate.json_limit(key)).is_ok()
            && self.body.read_at_once(live.table.body_members())
    }
}

/// Where GT lists its own models.
const MODELS: &str = "/v1/models";

fn decided(live: &LivePolicy, plan: Arc<Plan>, stage: Stage) -> Decided {
    Decided {
        generation: Arc::clone(&live.generation),
        plan,
        stage,
    }
}
