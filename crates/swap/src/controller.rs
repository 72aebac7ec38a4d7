//! The thread that looks after what serves: it hears of failures, notices when what served before
//! has come to rest, promotes shadows that have proved themselves, and writes the history down.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use signalbox_runtime::{Digest, GenerationStats};
use tracing::warn;

use crate::{
    Actor, Evidence, Role, Trigger,
    auto_rollback::{self, FailureWindow},
    event::{EVENT_QUEUE, Event},
    history::TARGET,
    policy_state::{Live, PolicyState},
    shared::Shared,
    snapshot::Snapshot,
    transaction::{self, Command},
};

pub(crate) fn run(shared: &Shared, events: &Receiver<Event>) {
    let mut controller = Controller {
        shared,
        tallies: BTreeMap::new(),
        tried: BTreeMap::new(),
        refusing: BTreeSet::new(),
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
    /// Generations of which it was said that they refuse more than what served before.
    refusing: BTreeSet<u64>,
    /// Components of an earlier process that do not load.
    unloadable: BTreeSet<Digest>,
    /// When writing down failed.
    unwritable: Option<Instant>,
}

impl Controller<'_> {
    fn read(&mut self, event: Event) {
        if let Event::Failed(served, caller, cause) = event {
            let tally = self.tallies.entry(served.number());
            let tally = tally.or_insert_with(|| FailureWindow::new(Instant::now()));
            tally.add(&caller, cause);
        }
    }

    fn look(&mut self) {
        let book = self.shared.book();
        for (name, standing) in &book.policies {
            self.live(name, standing);
            self.candidate(name, standing);
        }
        self.forget(&book);
        drop(book);
        if self.shared.is_to_settle() {
            let _storing = self.shared.storing();
            self.shared.settle();
        }
        self.write();
    }

    /// What serves goes back to what served before, on evidence.
    fn live(&mut self, name: &str, standing: &PolicyState) {
        let Some(live) = &standing.live else { return };
        self.refusals(name, live);
        let before = auto_rollback::before(live).map(|before| &*before.served);
        let Some(evidence) = self.evidence(&live.served, before) else {
            return;
        };
        if !self.is_due(live.number()) {
            return;
        }
        let way = auto_rollback::rollback_target(standing).and_then(|(live, _, kept)| {
            self.still_allowed(name, standing)?;
            Ok((live.number(), kept.number))
        });
        match way {
            Ok((from, to)) => self.act(
                Command::Rollback {
                    name: name.to_owned(),
                    to: Some(to),
                    only_from: Some(from),
                },
                evidence,
            ),
            Err(why) => alarm(name, live.number(), &why, &evidence),
        }
    }

    /// Refusals alarm, and do nothing else.
    fn refusals(&mut self, name: &str, live: &Live) {
        let before = auto_rollback::before(live).map(|before| before.served.counts());
        let jump =
            before.and_then(|before| auto_rollback::refuses_more(live.served.counts(), before));
        if let Some((refused_ppm, before_ppm)) = jump
            && self.refusing.insert(live.number())
        {
            warn!(
                target: TARGET,
                policy = name, generation = live.number(), refused_ppm, before_ppm,
                "it refuses far more than what served before: look whether that is meant"
            );
        }
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

    /// A candidate that fails goes; a shadow that has proved itself comes into service.
    fn candidate(&mut self, name: &str, standing: &PolicyState) {
        let Some((live, beside)) = standing.live.as_ref().zip(standing.beside.as_ref()) else {
            return;
        };
        let number = beside.number();
        let only = Some(number);
        let evidence = self.evidence(&beside.served, Some(&live.served));
        if let Some(evidence) = evidence {
            if !self.is_due(number) {
                return;
            }
            let access = beside.service.access();
            let allowed = match (beside.role(), access) {
                // Nobody is decided by it.
                (Role::Shadow, _) | (_, None) => Ok(()),
                (Role::Canary { .. }, Some(access)) => {
                    let compared = beside.service.compared();
                    let callers = (self.shared.settings.callers)(name);
                    let now = compared.map(|compared| {
                        compared.for_callers(&live.loaded, &beside.loaded, callers)
                    });
                    auto_rollback::allows(beside.service.roll_back, now.as_ref().unwrap_or(access))
                }
            };
            let name = name.to_owned();
            match allowed {
                Ok(()) => self.act(Command::Withdraw { name, only }, evidence),
                Err(why) => alarm(&name, number, &why, &evidence),
            }
            return;
        }
        let shadowed = beside.candidacy.shadowed();
        if let Some(evidence) = shadowed.and_then(|shadowed| shadowed.has_proved_itself())
            && self.is_due(number)
        {
            let name = name.to_owned();
            self.act(Command::Promote { name, only }, evidence);
        }
    }

    fn evidence(
        &mut self,
        served: &GenerationStats,
        before: Option<&GenerationStats>,
    ) -> Option<Evidence> {
        let (now, counts) = (Instant::now(), served.counts());
        let tally = self.tallies.entry(served.number());
        let tally = tally.or_insert_with(|| FailureWindow::new(now));
        tally.turn(now, counts);
        tally.evidence(
            counts,
            before.map(GenerationStats::counts).unwrap_or_default(),
        )
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

    fn act(&self, wish: Command, evidence: Evidence) {
        let actor = Actor::new(Trigger::Automatic, evidence.rule.clone());
        transaction::run(self.shared, wish, actor, Some(evidence), &mut |_| {});
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
        self.refusing.retain(is_here);
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

/// It fails, and nothing is done about it but this.
fn alarm(name: &str, generation: u64, why: &str, evidence: &Evidence) {
    let evidence = serde_json::to_string(evidence).unwrap_or_default();
    warn!(
        target: TARGET,
        policy = name, generation, why, evidence,
        "the policy is failing; automatic rollback is not possible"
    );
}

/// How often the controller looks around if nobody writes.
const TICK: Duration = Duration::from_millis(100);
/// A disk that is full now may not be later.
const BETWEEN_TRIES: Duration = Duration::from_secs(10);
