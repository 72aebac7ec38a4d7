//! A world of one gate in which keys, policies, GT keys and GT's table change; and its twin, in which
//! nothing is planned ahead: each of its exchanges has a gate of its own over the same parts.

use std::cell::Cell;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use signalbox_gate::keyring::Keyring;
use signalbox_gate::{
    Authenticator, Capacity, Clock, Credentials, Gate, KeyLimits, LiveKeyring, Secret, Settings,
    gt_routes,
};
use signalbox_runtime::{Allocation, Isolation, LoadOptions, Runtime};
use signalbox_swap::Swaps;

use super::changes::{Change, Document, Entries, Table};
use super::notebook::Notebook;
use super::tokens::Tokens;
use crate::door::{Asked, Told, Upstream, play_told};
use crate::fixture::{Engine, TestClock, credentials, swap};

/// A gate, what it is made of, and who writes down what it tells.
pub(crate) struct World {
    gate: Arc<Gate>,
    /// Whether each exchange has a gate of its own.
    is_forgetful: bool,
    table: Table,
    keyring: Arc<LiveKeyring>,
    authenticator: Arc<Authenticator>,
    credentials: Arc<Credentials>,
    capacity: Capacity,
    clock: Arc<TestClock>,
    swaps: Swaps,
    notebook: Notebook,
    /// How often the door was told to ask a policy.
    pub(crate) questions: usize,
}

impl World {
    pub(crate) fn new(is_forgetful: bool) -> Self {
        let (clock, swaps) = (Arc::<TestClock>::default(), swaps());
        swap(&swaps, &Document::Plain.text(), Engine::Known);
        let keyring = Keyring::parse(&Entries::Plain.text()).unwrap();
        let keyring = Arc::new(LiveKeyring::new(keyring));
        let tokens = Arc::new(Tokens::default());
        let authenticator = Authenticator::new(Arc::clone(&keyring), Some(tokens));
        let (authenticator, credentials) = (Arc::new(authenticator), Arc::new(credentials()));
        let capacity = Capacity::default();
        let mut world = Self {
            gate: Gate::new(
                Settings::default(),
                capacity.clone(),
                Arc::clone(&authenticator),
                Arc::clone(&credentials),
                swaps.clone(),
                Arc::clone(&clock) as Arc<dyn Clock>,
            ),
            is_forgetful,
            table: Table::Shipped,
            keyring,
            authenticator,
            credentials,
            capacity,
            clock,
            swaps,
            notebook: Notebook::default(),
            questions: 0,
        };
        world.renew();
        world
    }

    /// Plays an exchange to its end, and gives what came of it and all that was told of it. `meanwhile`
    /// changes while the body comes.
    pub(crate) fn plays(
        &mut self,
        asked: Asked,
        upstream: &[Upstream],
        meanwhile: Option<Change>,
    ) -> (Told, Vec<String>) {
        if self.is_forgetful {
            self.renew();
        }
        let (gate, notebook) = (Arc::clone(&self.gate), self.notebook.clone());
        let mut meanwhile = meanwhile;
        let questions = Cell::new(self.questions);
        let told = play_told(
            &gate,
            asked,
            upstream,
            notebook,
            |call| {
                questions.set(questions.get() + 1);
                call.ask()
            },
            || {
                if let Some(change) = meanwhile.take() {
                    self.changes(change);
                }
            },
        );
        self.questions = questions.get();
        (told, self.notebook.take())
    }

    pub(crate) fn changes(&mut self, change: Change) {
        match change {
            Change::Policy(document, engine) => swap(&self.swaps, &document.text(), engine),
            Change::Keys(entries) => {
                let before = self.keyring.current_full();
                let unset = KeyLimits::default();
                let keyring = Keyring::parse_after(&entries.text(), unset, &before).unwrap();
                self.keyring.replace(keyring);
            }
            Change::Credential(name, number) => {
                let secret = Secret::read(&format!("gtak_{name}_{number}")).unwrap();
                assert!(self.credentials.replace(name, secret));
            }
            Change::Table(table) => {
                self.table = table;
                self.renew();
            }
            Change::Time(seconds) => self.clock.pass(Duration::from_secs(seconds)),
        }
    }

    /// What metrics say of the policy that serves: decisions, failures, refusals, callers.
    pub(crate) fn counts(&self) -> String {
        let policies = self.swaps.slot().load();
        let served = policies.get("default").unwrap().live().served();
        let callers = served.active_callers().count();
        let open = served.open_count();
        format!("{:?} {callers} {open} {}", served.counts(), served.number())
    }

    fn renew(&mut self) {
        let mut settings = Settings::at("/api/tenant");
        settings.gt_routes = Arc::new(gt_routes::parse(&self.table.text()).unwrap());
        self.gate = Gate::new(
            settings,
            self.capacity.clone(),
            Arc::clone(&self.authenticator),
            Arc::clone(&self.credentials),
            self.swaps.clone(),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
        );
    }
}

/// Policies of one runtime, which compiles each document once.
fn swaps() -> Swaps {
    static RUNTIME: LazyLock<(Runtime, Vec<Swaps>)> = LazyLock::new(|| {
        let settings = signalbox_runtime::Settings {
            workers: 1,
            decision_threads: 1,
            allocation: Allocation::OnDemand,
            ..Default::default()
        };
        let runtime = Runtime::new(settings).unwrap();
        let keep = |document: Document, engine| {
            let swaps = Swaps::new(runtime.clone(), Default::default()).unwrap();
            swap(&swaps, &document.text(), engine);
            swaps
        };
        let documents = [
            Document::Plain,
            Document::OtherName,
            Document::WithoutModel,
            Document::Pattern,
        ];
        let engines = [Engine::Known, Engine::Unknown];
        let kept = engines
            .into_iter()
            .flat_map(|engine| documents.map(|it| keep(it, engine)));
        let kept = kept.collect();
        (runtime, kept)
    });
    // Decisions of programs are kept as well.
    let settings = signalbox_swap::Settings {
        load: LoadOptions {
            isolation: Isolation::RequestOnce,
        },
        ..Default::default()
    };
    Swaps::new(RUNTIME.0.clone(), settings).unwrap()
}
