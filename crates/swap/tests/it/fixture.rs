//! Policies, and a `Swaps` to put them into.

use std::{
    sync::{Arc, Mutex, OnceLock},
    thread,
    time::{Duration, Instant},
};

use signalbox_policy::{Caller, Decision, Names, Purposes, Request, RequestedModel};
use signalbox_runtime::{Cache, Generation, GenerationStats, RequestBuf, Runtime};
use signalbox_swap::{
    Accept, Actor, Alarm, BesideOverview, Candidate, Entry, Failure, LiveAnswer, Mode, OpenAnswers,
    Order, Outcome, PolicyAnswer, PolicyOverview, Question, RollBack, Settings, ShadowOrder, Step,
    StepReport, Swaps, Trigger,
};

use crate::guests::{Guest, description};

pub(crate) const CHAT: &str = "POST /v1/chat/completions";

/// A policy's name, and the generation that fails; none when that is over.
type Alarmed = (String, Option<u64>);

/// A `Swaps`, and every entry its observer heard.
pub(crate) struct Bench {
    pub(crate) swaps: Swaps,
    pub(crate) heard: Arc<Mutex<Vec<Entry>>>,
    /// Every alarm that began, with its generation, or ended.
    pub(crate) alarms: Arc<Mutex<Vec<Alarmed>>>,
}

/// The numbers of what serves, of what is beside it, and of what is kept.
#[derive(Debug, PartialEq)]
pub(crate) struct Stands(
    pub(crate) Option<u64>,
    pub(crate) Option<u64>,
    pub(crate) Vec<u64>,
);

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self::on(runtime(), settings)
    }

    pub(crate) fn on(runtime: Runtime, settings: Settings) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let alarms = Arc::new(Mutex::new(Vec::new()));
        let alarmed = Arc::clone(&alarms);
        let settings = Settings {
            alarms: Arc::new(move |name: &str, alarm: Option<&Alarm>| {
                let generation = alarm.map(|alarm| alarm.generation);
                alarmed.lock().unwrap().push((name.to_owned(), generation));
            }),
            observer: Arc::new(move |entry: &Entry| hears.lock().unwrap().push(entry.clone())),
            rollback_after: match settings.rollback_after {
                unset if unset == Settings::default().rollback_after => Duration::ZERO,
                set => set,
            },
            ..settings
        };
        Self {
            swaps: Swaps::new(runtime, settings).unwrap(),
            heard,
            alarms,
        }
    }

    /// With three keys that may chat, and with failures that count at once.
    pub(crate) fn with_keys() -> Self {
        Self::with(Settings {
            callers: Arc::new(|_| ["one", "two", "three"].map(caller).into()),
            ..Settings::default()
        })
    }

    /// A component that has to come into service.
    pub(crate) fn serve(&self, name: &str, component: &[u8]) -> u64 {
        let entry = self.swap(order(name, component));
        assert_eq!(entry.outcome, Outcome::Done, "{entry:?}");
        entry.policies[0].to.unwrap()
    }

    /// As [`Self::serve`], and somebody vouches that it allows as much as what serves.
    pub(crate) fn vouch(&self, name: &str, component: &[u8]) -> u64 {
        let entry = self.swap(Order {
            roll_back: RollBack::Vouched,
            ..order(name, component)
        });
        assert_eq!(entry.outcome, Outcome::Done, "{entry:?}");
        entry.policies[0].to.unwrap()
    }

    pub(crate) fn swap(&self, order: Order) -> Entry {
        self.swaps.swap(order, &mut |_| {})
    }

    /// The failure of something that has to fail, with nothing changed and everybody told.
    pub(crate) fn fails(&self, act: impl FnOnce(&Swaps) -> Entry) -> Failure {
        let before = self.standing();
        let entry = act(&self.swaps);
        let Outcome::Failed(failure) = entry.outcome.clone() else {
            panic!("did not fail: {entry:?}");
        };
        assert_eq!(self.standing(), before, "nothing changes");
        assert!(!failure.message.contains('\n') && !failure.help.is_empty());
        assert_eq!(self.swaps.history().first(), Some(&entry), "in the history");
        assert_eq!(self.heard.lock().unwrap().last(), Some(&entry));
        failure
    }

    /// What serves, what is beside it, and what is kept, by name.
    pub(crate) fn standing(&self) -> Vec<(String, Stands)> {
        let stands = |policy: PolicyOverview| {
            let beside = policy.beside.map(|beside| beside.candidate.generation);
            let kept = policy.kept.iter().map(|kept| kept.generation).collect();
            let live = policy.live.map(|live| live.generation);
            (policy.name, Stands(live, beside, kept))
        };
        self.swaps.overview().into_iter().map(stands).collect()
    }

    pub(crate) fn overview(&self, name: &str) -> PolicyOverview {
        let all = self.swaps.overview();
        all.into_iter().find(|policy| policy.name == name).unwrap()
    }

    pub(crate) fn beside(&self, name: &str) -> BesideOverview {
        self.overview(name).beside.unwrap()
    }

    pub(crate) fn live(&self, name: &str) -> Arc<Generation> {
        let policies = self.swaps.slot().load();
        Arc::clone(policies.get(name).unwrap().live())
    }

    /// How the only name there is stands.
    pub(crate) fn stands(&self) -> Stands {
        let mut all = self.standing();
        assert_eq!(all.len(), 1, "not one policy");
        all.remove(0).1
    }

    /// What serves fails these callers, one after the other.
    pub(crate) fn fail(&self, name: &str, callers: &[&str]) {
        self.failed(self.live(name).served(), callers);
    }

    /// A generation fails the chats of these callers.
    pub(crate) fn failed(&self, served: &Arc<GenerationStats>, callers: &[&str]) {
        for id in callers {
            self.swaps.failed(served, "trap", |_| {
                let caller = caller(id);
                Some(chat(&caller, RequestedModel::Unread, |it| {
                    RequestBuf::from(it)
                }))
            });
        }
    }

    /// What serves fails these callers until the host has gone back: a question for which there is
    /// no time is not put to the generation before.
    pub(crate) fn fail_until_it_goes(&self, name: &str, callers: &[&str]) {
        let before = self.live(name).number();
        wait_for("the host to go back", || {
            self.fail(name, callers);
            (self.live(name).number() > before).then_some(())
        });
    }

    /// Waits until the controller has read everything that was told so far: a policy of its own, which
    /// is sure to go back, is told of last.
    pub(crate) fn keeper_has_read_on(&self) {
        let [first, second] = bells();
        self.serve("bell", first);
        self.vouch("bell", second);
        assert!(self.overview("bell").roll_back.automatic);
        self.fail_until_it_goes("bell", &["x", "y", "z"]);
    }

    /// Lets the shadow of `name` decide what serves decides, and waits for it.
    pub(crate) fn shadow(&self, name: &str, caller: &Caller, model: &str) {
        let before = self.beside(name);
        let policies = self.swaps.slot().load();
        let lane = policies.get(name).unwrap();
        let (buf, live) = chat(caller, RequestedModel::Named(model), |request| {
            (RequestBuf::from(request), lane.live().decide(request))
        });
        let live = PolicyAnswer::new(live.unwrap(), lane.live().description());
        self.swaps.shadow(Question {
            shadow: Arc::clone(lane.beside().unwrap().generation()),
            request: buf,
            live: LiveAnswer::Decided(live.into()),
            route: CHAT.into(),
        });
        wait_for("the shadow", || {
            let seen = |it: &BesideOverview| it.compared + it.skipped;
            let now = self.overview(name).beside;
            now.is_none_or(|now| seen(&now) > seen(&before))
                .then_some(())
        });
    }

    /// Whether what serves forwards a chat.
    pub(crate) fn forwards(&self, name: &str, caller: &Caller, model: &str) -> bool {
        let live = self.live(name);
        chat(caller, RequestedModel::Named(model), |request| {
            matches!(live.decide(request), Ok(Decision::Forward(_)))
        })
    }
}

/// A chat, looked at.
pub(crate) fn chat<T>(
    caller: &Caller,
    model: RequestedModel<'_>,
    look: impl FnOnce(&Request<'_>) -> T,
) -> T {
    look(&Request {
        method: "POST",
        path: "/v1/chat/completions",
        query: None,
        content_type: Some("application/json"),
        headers: &[],
        caller,
        model,
        body_members: &[],
    })
}

pub(crate) fn caller(id: &str) -> Caller {
    Caller {
        id: id.into(),
        purposes: Purposes::from_bits(1),
        scopes: vec!["inference:chat".into()],
        labels: Vec::new(),
        models: Names::All,
        published: Names::All,
        datasets: Names::NONE,
    }
}

pub(crate) fn admin() -> Actor {
    Actor::new(Trigger::Admin, "127.0.0.1:9")
}

/// To put a component into service, by the way an embedder has: it may make names.
pub(crate) fn order(name: &str, component: &[u8]) -> Order {
    Order {
        candidates: vec![candidate(name, component)],
        mode: Mode::Serve,
        roll_back: RollBack::default(),
        open_answers: OpenAnswers::Keep,
        actor: Actor::new(Trigger::Embedder, "a test"),
    }
}

pub(crate) fn beside(name: &str, component: &[u8], mode: Mode) -> Order {
    Order {
        mode,
        ..order(name, component)
    }
}

pub(crate) fn shadow(promote_after: Option<u64>, accept: &[&str]) -> Mode {
    let accept = accept.iter().map(|text| text.parse::<Accept>().unwrap());
    Mode::Shadow(ShadowOrder {
        promote_after,
        accept: accept.collect(),
    })
}

pub(crate) fn canary(percent: &str) -> Mode {
    Mode::Canary(percent.parse().unwrap())
}

pub(crate) fn candidate(name: &str, component: &[u8]) -> Candidate {
    Candidate {
        name: name.into(),
        component: component.to_vec(),
        digest: None,
        statement: None,
        source: None,
        cases: None,
    }
}

/// A compiled policy that lets these models chat; each leads to `support-agent`.
pub(crate) fn component(models: &[&str]) -> Vec<u8> {
    let models: String = models
        .iter()
        .map(|model| format!("  {model:?}: {{published: support-agent}}\n"))
        .collect();
    compiled(&format!(
        "policy: p\nroutes:\n  {CHAT}: {{verdict: native, scope: \"inference:chat\", model: json}}\n\
         models:\n{models}"
    ))
}

/// The same from a component whose engine the runtime does not know: a program.
pub(crate) fn program(models: &[&str]) -> Vec<u8> {
    let mut component = component(models);
    let (text, other) = (b"Use a key that has it.", b"Use a key that HAS it.");
    let mut places = component.windows(text.len());
    let at = places.position(|bytes| bytes == text).unwrap();
    component[at..at + text.len()].copy_from_slice(other);
    component
}

/// Two programs that decide alike.
fn bells() -> &'static [Vec<u8>; 2] {
    static BELLS: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    BELLS.get_or_init(|| {
        ["1", "2"].map(|version| {
            let mut description = description();
            description.version = version.into();
            Guest {
                description,
                ..Guest::default()
            }
            .component()
        })
    })
}

pub(crate) fn compiled(document: &str) -> Vec<u8> {
    let policy = signalbox_policy::read(document).unwrap_or_else(|all| panic!("{all:?}"));
    signalbox_compiler::compile(&policy, document).unwrap()
}

/// The steps of an entry, by name.
pub(crate) fn steps(entry: &Entry) -> Vec<Step> {
    entry.steps.iter().map(|report| report.step).collect()
}

/// A listener that acts once, at a step.
pub(crate) fn at(step: Step, act: impl FnOnce()) -> impl FnMut(&StepReport) {
    let mut act = Some(act);
    move |report| {
        if report.step == step
            && let Some(act) = act.take()
        {
            act();
        }
    }
}

/// Something that becomes true.
pub(crate) fn wait_for<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < LONGEST, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn runtime() -> Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| runtime_with(None)).clone()
}

pub(crate) fn runtime_with(cache: Option<Cache>) -> Runtime {
    Runtime::new(signalbox_runtime::Settings {
        workers: 2,
        decision_threads: 2,
        cache,
        ..signalbox_runtime::Settings::default()
    })
    .unwrap()
}

const LONGEST: Duration = Duration::from_secs(60);
