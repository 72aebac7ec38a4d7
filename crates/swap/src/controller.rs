//! The thread that looks after what serves: it hears of failures and raises alarms, notices when what
//! served before has come to rest, promotes shadows that have proved themselves, and writes the
//! history down.

mod alarms;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use signalbox_runtime::{Counts, Digest, GenerationStats};

use self::alarms::Alarms;
use crate::{
    Actor, Alarm, Evidence, Failures, Outcome, Role, Trigger,
    auto_rollback::{self, FailureWindow},
    event::{EVENT_QUEUE, Event},
    policy_state::{Beside, Live, PolicyState},
    shared::Shared,
    snapshot::Snapshot,
    transaction::{self, Command},
};

pub(crate) fn run(shared: &Shared, events: &Receiver<Event>) {
    let mut controller = Controller {
        shared,
        tallies: BTreeMap::new(),
        tried: BTreeMap::new(),
        alarms: Alarms::default(),
        unloadable: BTreeSet::new(),
        unwritable: None,
    };
    loop {
        match events.recv_timeout(TICK) {
            Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            Ok(event) => controller.read(event),
            Err(RecvTimeoutError::Timeout) => controller.load_one(),
        }
        for event in events.try_iter().take(EVENT_QUEUE) {
            match event {
                Event::Stop => return controller.write(),
                event => controller.read(event),
            }
        }
        controller.look();
    }
    controller.write();
}

struct Controller<'s> {
    shared: &'s Shared,
    /// By generation.
    tallies: BTreeMap<u64, FailureWindow>,
    /// When something was last tried, or found not to be allowed, for a generation.
    tried: BTreeMap<u64, Instant>,
    alarms: Alarms,
    /// Components of an earlier process that do not load.
    unloadable: BTreeSet<Digest>,
    /// When writing down failed.
    unwritable: Option<Instant>,
}

impl Controller<'_> {
    fn read(&mut self, event: Event) {
        match event {
            Event::Failed(served, cause) => self.tally(&served).failed(cause),
            Event::Differed(served, caller, at) => self.tally(&served).differed(&caller, at),
            Event::Look | Event::Stop => {}
        }
    }

    fn tally(&mut self, served: &GenerationStats) -> &mut FailureWindow {
        let tally = self.tallies.entry(served.number());
        tally.or_insert_with(|| FailureWindow::new(Instant::now()))
    }

    fn look(&mut self) {
        let book = self.shared.book();
        for (name, standing) in &book.policies {
            let live = self.live(name, standing);
            let beside = self.candidate(name, standing);
            let alarm = live.or(beside);
            if self.alarms.tell(name, alarm.as_ref()) {
                (self.shared.settings.alarms)(name, alarm.as_ref());
            }
        }
        self.forget(&book);
        drop(book);
        if self.shared.is_to_settle() {
            let _storing = self.shared.storing();
            self.shared.settle();
        }
        self.write();
    }

    /// What serves goes back to what served before, on evidence; what fails without that alarms.
    fn live(&mut self, name: &str, standing: &PolicyState) -> Option<Alarm> {
        let live = standing.live.as_ref()?;
        self.alarms.refusals(name, live);
        let before = auto_rollback::before(live).map(|before| before.served.counts());
        let found = self.found(&live.served, before.unwrap_or_default())?;
        let (kept, evidence) = match (auto_rollback::rollback_target(standing), &found.evidence) {
            (Ok((.., kept)), Some(evidence)) => (kept, evidence),
            (Ok(_), None) => return Some(found.alarm(TOO_LITTLE)),
            (Err(why), _) => return Some(found.alarm(why)),
        };
        if !self.is_due(live.number()) {
            return Some(found.alarm(TRIED));
        }
        if let Err(why) = self.still_allowed(name, standing) {
            return Some(found.alarm(why));
        }
        let wish = Command::Rollback {
            name: name.to_owned(),
            to: Some(kept.number),
            only_from: Some(live.number()),
        };
        let is_done = self.act(wish, evidence.clone());
        (!is_done).then(|| found.alarm(TRIED))
    }

    /// One of the components that an earlier process kept, when there is nothing else to do: to go
    /// back to it later takes no time.
    fn load_one(&mut self) {
        let book = self.shared.book();
        let missing = book.policies.iter().find_map(|(name, standing)| {
            let kept = standing.kept.iter();
            let mut kept = kept.filter(|it| it.loaded.is_none());
            let kept = kept.find(|it| !self.unloadable.contains(&it.digest))?;
            (standing.is_configured && standing.live.is_some()).then_some((name, kept.digest))
        });
        if let Some((name, digest)) = missing
            && !crate::retained::preload(self.shared, name, digest)
        {
            self.unloadable.insert(digest);
        }
    }

    /// Keys may have come since the two were compared.
    fn still_allowed(&self, name: &str, standing: &PolicyState) -> Result<(), String> {
        let (live, _, kept) = auto_rollback::rollback_target(standing)?;
        let (Some(compared), Some(old)) = (auto_rollback::compared(live), &kept.loaded) else {
            return Err("what served before is not loaded".into());
        };
        let callers = (self.shared.settings.callers)(name);
        let access = compared.for_callers(old, &live.loaded, callers);
        auto_rollback::allows(live.roll_back, &access)
    }

    /// A candidate goes on evidence, and what fails without that alarms; a shadow that has proved
    /// itself comes into service.
    fn candidate(&mut self, name: &str, standing: &PolicyState) -> Option<Alarm> {
        let (live, beside) = standing.live.as_ref().zip(standing.beside.as_ref())?;
        let found = self.found(&beside.served, live.served.counts());
        let evidence = found.as_ref().and_then(|found| found.evidence.clone());
        let why = match evidence {
            Some(evidence) => self.withdraw(name, live, beside, evidence).err()?,
            None => {
                self.promote(name, beside);
                let why = auto_rollback::is_program(&beside.loaded).err();
                why.unwrap_or_else(|| TOO_LITTLE.into())
            }
        };
        // Nobody is decided by a shadow: what fails in it is for the comparison.
        let found = found.filter(|_| beside.role() != Role::Shadow)?;
        Some(found.alarm(why))
    }

    /// Takes a candidate away, or says why not.
    fn withdraw(
        &mut self,
        name: &str,
        live: &Live,
        beside: &Beside,
        evidence: Evidence,
    ) -> Result<(), String> {
        if !self.is_due(beside.number()) {
            return Err(TRIED.into());
        }
        self.may_go(name, live, beside)?;
        let wish = Command::Withdraw {
            name: name.to_owned(),
            only: Some(beside.number()),
        };
        let is_done = self.act(wish, evidence);
        is_done.then_some(()).ok_or_else(|| TRIED.into())
    }

    /// Whether a candidate that fails may go, with the keys there are now.
    fn may_go(&self, name: &str, live: &Live, beside: &Beside) -> Result<(), String> {
        auto_rollback::is_program(&beside.loaded)?;
        match (beside.role(), beside.service.compared()) {
            // Nobody is decided by it.
            (Role::Shadow, _) | (_, None) => Ok(()),
            (Role::Canary { .. }, Some(compared)) => {
                let callers = (self.shared.settings.callers)(name);
                let access = compared.for_callers(&live.loaded, &beside.loaded, callers);
                auto_rollback::allows(beside.service.roll_back, &access)
            }
        }
    }

    fn promote(&mut self, name: &str, beside: &Beside) {
        let shadowed = beside.candidacy.shadowed();
        if let Some(evidence) = shadowed.and_then(|shadowed| shadowed.has_proved_itself())
            && self.is_due(beside.number())
        {
            let wish = Command::Promote {
                name: name.to_owned(),
                only: Some(beside.number()),
            };
            self.act(wish, evidence);
        }
    }

    /// What failed of a generation lately, if it is more than chance.
    fn found(&mut self, served: &GenerationStats, before: Counts) -> Option<Found> {
        let (now, counts) = (Instant::now(), served.counts());
        let lasting = self.shared.settings.rollback_after;
        let tally = self.tally(served);
        tally.turn(now, counts, || served.take_active_callers());
        let failures = tally.failures(counts)?;
        let evidence = tally.evidence(&failures, before, lasting, || served.active_callers());
        Some(Found {
            generation: served.number(),
            failures,
            evidence,
        })
    }

    /// What did not work, or was not allowed, is not tried with every failure that follows.
    fn is_due(&mut self, number: u64) -> bool {
        let now = Instant::now();
        let last = self.tried.get(&number);
        let is_due = last.is_none_or(|last| now.duration_since(*last) >= BETWEEN_TRIES);
        if is_due {
            self.tried.insert(number, now);
        }
        is_due
    }

    /// Whether it was done.
    fn act(&self, wish: Command, evidence: Evidence) -> bool {
        let actor = Actor::new(Trigger::Automatic, evidence.rule.clone());
        let entry = transaction::run(self.shared, wish, actor, Some(evidence), &mut |_| {});
        entry.outcome == Outcome::Done
    }

    /// Generations that are no longer there.
    fn forget(&mut self, book: &Snapshot) {
        let is_here = |number: &u64| {
            *number > book.last_generation
                || book.policies.values().any(|standing| {
                    let live = standing.live.as_ref().map(Live::number);
                    let beside = standing.beside.as_ref().map(|it| it.number());
                    [live, beside].contains(&Some(*number))
                })
        };
        self.tallies.retain(|number, _| is_here(number));
        self.tried.retain(|number, _| is_here(number));
        self.alarms.forget(is_here);
    }

    /// Writes down what has changed; after a failure not before some time has passed.
    fn write(&mut self) {
        let now = Instant::now();
        if self
            .unwritable
            .is_some_and(|since| now.duration_since(since) < BETWEEN_TRIES)
        {
            return;
        }
        self.unwritable = (!self.shared.write_down()).then_some(now);
    }
}

/// What was found of a generation that fails.
struct Found {
    generation: u64,
    failures: Failures,
    evidence: Option<Evidence>,
}

impl Found {
    fn alarm(self, why: impl Into<String>) -> Alarm {
        Alarm {
            generation: self.generation,
            why: why.into(),
            failures: self.failures,
        }
    }
}

const TOO_LITTLE: &str = "too few keys keep failing where the generation before answers";
const TRIED: &str = "it was tried a moment ago";
/// How often the controller looks around if nobody writes.
const TICK: Duration = Duration::from_millis(100);
/// A disk that is full now may not be later.
const BETWEEN_TRIES: Duration = Duration::from_secs(10);
