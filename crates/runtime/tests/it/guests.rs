//! Guests as small core modules in WAT, made into components when a test runs.
//!
//! Every guest describes two routes and decides as [`honest`] says. What makes it one of its kind
//! is what it does for the caller `evil`, or another `describe`, `models` or start code.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use signalbox_policy::{
    Caller, CatalogueEntry, Decision, Description, Forward, ModelSource, Names, Purposes, Refusal,
    Request, RequestedModel, RouteDescription, RouteIndex, Verdict, Wants,
};
use signalbox_runtime::{
    Change, ContractVersion, Generation, Isolation, LoadError, LoadOptions, Plugin, Policies,
    Runtime, Settings, Slot,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::image::{BASE, Image};

pub(crate) const CHAT: &str = "POST /v1/chat/completions";
pub(crate) const FILE: &str = "GET /v1/files/{id}";

/// Where a guest has these two, and where it has none.
pub(crate) const TO_CHAT: RouteIndex = RouteIndex(0);
pub(crate) const TO_FILE: RouteIndex = RouteIndex(1);
pub(crate) const TO_NOWHERE: RouteIndex = RouteIndex(99);

pub(crate) const VERSIONS: [ContractVersion; 2] = [ContractVersion::V0_1, ContractVersion::V0_2];

/// A guest before it is built.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) description: Description,
    pub(crate) catalogue: Vec<CatalogueEntry>,
    /// What the caller `evil` gets.
    pub(crate) evil: Evil,
    /// Instructions before anything is decided, for every caller; `EVIL` leaves what `evil` gets.
    pub(crate) first: String,
    /// The body of `describe`, if it is not to give `description`.
    pub(crate) describe: Option<String>,
    /// The body of `models`, if it is not to give `catalogue`.
    pub(crate) models: Option<String>,
    /// Further fields of the module, before the others and after them.
    pub(crate) fields: String,
    pub(crate) last_fields: String,
    /// Memory beyond what the image takes.
    pub(crate) pages: u32,
    pub(crate) wit: String,
}

/// How `decide` answers the caller `evil`.
#[derive(Clone)]
pub(crate) enum Evil {
    Answer(Decision),
    /// WAT instructions that leave a pointer to the answer.
    Code(String),
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            description: description(),
            catalogue: vec![entry("gpt-4o", "support-agent")],
            evil: Evil::Answer(refusal("evil")),
            first: String::new(),
            describe: None,
            models: None,
            fields: String::new(),
            last_fields: String::new(),
            pages: 1,
            wit: contract(ContractVersion::V0_2),
        }
    }
}

impl Guest {
    pub(crate) fn code(evil: &str) -> Self {
        Self {
            evil: Evil::Code(evil.to_owned()),
            ..Self::default()
        }
    }

    pub(crate) fn answer(evil: Decision) -> Self {
        Self {
            evil: Evil::Answer(evil),
            ..Self::default()
        }
    }

    /// The same guest, built for another version of the contract.
    pub(crate) fn built_for(self, version: ContractVersion) -> Self {
        Self {
            wit: contract(version),
            ..self
        }
    }

    /// The guest as a core module, with the contract in it.
    pub(crate) fn module(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.wat()).unwrap();
        let mut resolve = Resolve::default();
        let package = resolve.push_str("policy.wit", &self.wit).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        module
    }

    pub(crate) fn component(&self) -> Vec<u8> {
        let encoder = ComponentEncoder::default().module(&self.module()).unwrap();
        encoder.validate(true).encode().unwrap()
    }

    pub(crate) fn load(&self) -> Result<Plugin, LoadError> {
        load(&self.component(), Isolation::Request)
    }

    fn wat(&self) -> String {
        let version = release(&self.wit);
        let contract = match version.starts_with("0.1.") {
            true => ContractVersion::V0_1,
            false => ContractVersion::V0_2,
        };
        let mut image = Image::new(contract, &self.description);
        let entries = image.entries(&self.catalogue);
        let describe = self
            .describe
            .clone()
            .unwrap_or_else(|| format!("(i32.const {})", image.description(&self.description)));
        let models = self
            .models
            .clone()
            .unwrap_or_else(|| page((entries, image.entry_size()), self.catalogue.len()));
        let evil = match &self.evil {
            Evil::Answer(decision) => format!("(i32.const {})", image.decision(decision)),
            Evil::Code(code) => code.clone(),
        };
        let [unread, absent, named] = MODELS.map(|model| image.decision(&honest(model)));
        let (data, fields, last) = (image.escaped(), &self.fields, &self.last_fields);
        let first = self.first.replace("EVIL", &evil);
        let heap = image.end().next_multiple_of(16);
        let pages = heap.div_ceil(64 << 10) + self.pages;
        let interface = format!("signalbox:policy/policy@{version}");
        format!(
            r#"(module
              {fields}
              (memory (export "memory") {pages})
              (global $heap (mut i32) (i32.const {heap}))
              (global $next (mut i32) (i32.const 0))
              (data (i32.const {BASE}) "{data}")
              (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
                (local.set $at (i32.and
                  (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
                  (i32.sub (i32.const 0) (local.get 2))))
                (global.set $heap (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
              (func (export "{interface}#describe") (result i32) {describe})
              (func (export "{interface}#models") (param i32 i32 i32 i32) (result i32)
                (local $rest i32) {models})
              (func (export "{interface}#decide") (param $request i32) (result i32)
                {first}
                ;; The length of the caller's id: `evil` has four letters.
                (if (i32.eq (i32.load offset=52 (local.get $request)) (i32.const 4))
                  (then (return {evil})))
                (if (i32.eqz (i32.load8_u offset=116 (local.get $request)))
                  (then (return (i32.const {unread}))))
                (if (i32.eq (i32.load8_u offset=116 (local.get $request)) (i32.const 1))
                  (then (return (i32.const {absent}))))
                (i32.const {named}))
              (func (export "cabi_post_{interface}#decide") (param i32)
                (global.set $heap (i32.const {heap})))
              {last})"#
        )
    }
}

/// What every guest decides for everyone but `evil`.
pub(crate) fn honest(model: RequestedModel<'_>) -> Decision {
    match model {
        RequestedModel::Unread => Decision::ReadModel,
        RequestedModel::Absent => refusal("missing_model"),
        RequestedModel::Named(_) => Decision::Forward(Forward {
            model: Some("support-agent".into()),
            response_model: Some("gpt-4o".into()),
            ..forward(TO_CHAT)
        }),
    }
}

pub(crate) fn forward(route: RouteIndex) -> Forward {
    Forward {
        route,
        ..Forward::default()
    }
}

pub(crate) fn refusal(code: &str) -> Decision {
    Decision::Refuse(Refusal {
        status: 400,
        code: code.into(),
        message: "name a model".into(),
        param: Some("model".into()),
        reason: "guest".into(),
    })
}

pub(crate) fn entry(name: &str, published: &str) -> CatalogueEntry {
    CatalogueEntry {
        name: name.into(),
        published: vec![published.into()],
        is_listed: true,
        deprecated: None,
        routes: vec![TO_CHAT],
    }
}

pub(crate) fn description() -> Description {
    Description {
        name: "guest".into(),
        version: "1".into(),
        routes: vec![
            route("POST", "/v1/chat/completions", ModelSource::Json),
            route("GET", "/v1/files/{id}", ModelSource::None),
        ],
        headers: vec!["x-trace".into()],
        wants: Wants::default(),
        body_members: Vec::new(),
        model_count: 1,
    }
}

pub(crate) fn route(method: &str, template: &str, model: ModelSource) -> RouteDescription {
    RouteDescription {
        method: method.into(),
        template: template.into(),
        verdict: Verdict::Native,
        forwarded: true,
        // As GT asks for them.
        purposes: Purposes::from_bits(if template.starts_with("/v1/files/") {
            6
        } else {
            1
        }),
        scopes: vec![vec!["inference:chat".into()]],
        model,
        query: vec!["limit".into()],
        headers: Vec::new(),
        reason: Some("it works".into()),
    }
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

/// A request for chat.
pub(crate) fn chat<'a>(caller: &'a Caller, model: RequestedModel<'a>) -> Request<'a> {
    Request {
        method: "POST",
        path: "/v1/chat/completions",
        query: None,
        content_type: Some("application/json"),
        headers: &[],
        caller,
        model,
        body_members: &[],
    }
}

/// Loads a component once a process.
pub(crate) fn load(component: &[u8], isolation: Isolation) -> Result<Plugin, LoadError> {
    static ISOLATED: Loaded = OnceLock::new();
    static KEPT: Loaded = OnceLock::new();
    static REUSED: Loaded = OnceLock::new();
    let loaded = match isolation {
        Isolation::Request => &ISOLATED,
        Isolation::RequestOnce => &KEPT,
        Isolation::Reuse => &REUSED,
    };
    let mut loaded = loaded.get_or_init(Mutex::default).lock().unwrap();
    if let Some(plugin) = loaded.get(component) {
        return Ok(plugin.clone());
    }
    let plugin = runtime().load(component, &LoadOptions { isolation })?;
    loaded.insert(component.to_vec(), plugin.clone());
    Ok(plugin)
}

type Loaded = OnceLock<Mutex<HashMap<Vec<u8>, Plugin>>>;

pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let small = Settings {
            workers: 2,
            decision_threads: 2,
            ..Settings::default()
        };
        Runtime::new(small).unwrap()
    })
}

/// Makes a change nobody else interferes with.
pub(crate) fn commit(slot: &Slot, change: Change) -> Arc<Policies> {
    slot.commit(&slot.load(), change).unwrap()
}

/// A generation of a plugin, in a slot of its own.
pub(crate) fn serve(plugin: Plugin) -> Arc<Generation> {
    let policies = commit(&Slot::new(), Change::new().serve("a", plugin));
    Arc::clone(policies.get("a").unwrap().live())
}

/// The contract's text.
pub(crate) fn contract(version: ContractVersion) -> String {
    let text = match version {
        ContractVersion::V0_1 => include_str!("../../../../wit/0.1.0/policy.wit"),
        _ => include_str!("../../../../wit/0.2.0/policy.wit"),
    };
    text.to_owned()
}

fn release(wit: &str) -> &str {
    wit.split_once("@")
        .and_then(|(_, rest)| rest.split_once(';'))
        .unwrap()
        .0
}

/// Gives as many entries as asked for, from where the last page ended.
fn page((entries, size): (u32, usize), count: usize) -> String {
    format!(
        "(if (i32.eqz (local.get 0)) (then (global.set $next (i32.const 0))))
         (local.set $rest (i32.sub (i32.const {count}) (global.get $next)))
         (i32.store (i32.const 16)
           (i32.add (i32.const {entries}) (i32.mul (global.get $next) (i32.const {size}))))
         (i32.store8 (i32.const 24) (i32.gt_u (local.get $rest) (local.get 3)))
         (if (i32.gt_u (local.get $rest) (local.get 3))
           (then (local.set $rest (local.get 3))))
         (i32.store (i32.const 20) (local.get $rest))
         (global.set $next (i32.add (global.get $next) (local.get $rest)))
         (i32.const 16)"
    )
}

const MODELS: [RequestedModel<'static>; 3] = [
    RequestedModel::Unread,
    RequestedModel::Absent,
    RequestedModel::Named(""),
];
