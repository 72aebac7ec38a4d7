//! Guests as small core modules in WAT, made into components when a test runs: honest ones, and [hostile](hostile()) ones.
//!
//! Every guest describes two routes and decides as [`honest`] says. What makes it one of its kind
//! is what it does for the caller `evil`, or another `describe`, `models` or start code. For whoever tests a host;
//! with the feature `guests`.
#![expect(
    clippy::unwrap_used,
    reason = "a part of tests: a guest that cannot be built fails them"
)]

mod hostile;
mod image;
mod load;
mod words;

use signalbox_policy::{CatalogueEntry, Decision, Description, RequestedModel};
use signalbox_runtime::{ContractVersion, Isolation, LoadError, Plugin};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use image::{BASE, Image};

pub use hostile::{Hostile, hostile};
pub use load::{load, runtime};
pub use words::{
    CHAT, FILE, TO_CHAT, TO_FILE, TO_NOWHERE, caller, chat, description, entry, forward, honest,
    refusal, route,
};

/// A guest before it is built.
#[derive(Clone, Debug)]
pub struct Guest {
    /// What it says of itself.
    pub description: Description,
    /// What it lists.
    pub catalogue: Vec<CatalogueEntry>,
    /// What the caller `evil` gets.
    pub evil: Evil,
    /// Instructions before anything is decided, for every caller; `EVIL` leaves what `evil` gets.
    pub first: String,
    /// The body of `describe`, if it is not to give `description`.
    pub describe: Option<String>,
    /// The body of `models`, if it is not to give `catalogue`.
    pub models: Option<String>,
    /// Further fields of the module, before the others.
    pub fields: String,
    /// Further fields of the module, after the others.
    pub last_fields: String,
    /// Memory beyond what the image takes, in pages of 64 KiB.
    pub pages: u32,
    /// The text of the contract it is built for.
    pub wit: String,
}

/// How `decide` answers the caller `evil`.
#[derive(Clone, Debug)]
pub enum Evil {
    /// With this.
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
    /// A guest that runs these WAT instructions, which leave a pointer to the answer.
    #[must_use]
    pub fn code(evil: &str) -> Self {
        Self {
            evil: Evil::Code(evil.to_owned()),
            ..Self::default()
        }
    }

    /// A guest that answers with this, legal or not.
    #[must_use]
    pub fn answer(evil: Decision) -> Self {
        Self {
            evil: Evil::Answer(evil),
            ..Self::default()
        }
    }

    /// The same guest, built for another version of the contract.
    #[must_use]
    pub fn built_for(self, version: ContractVersion) -> Self {
        Self {
            wit: contract(version),
            ..self
        }
    }

    /// The guest as a core module, with the contract in it.
    ///
    /// # Panics
    /// Its WAT is none.
    #[must_use]
    pub fn module(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.wat()).unwrap();
        let mut resolve = Resolve::default();
        let package = resolve.push_str("policy.wit", &self.wit).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        module
    }

    /// The guest as a component.
    ///
    /// # Panics
    /// Its WAT is none, or does not fit its contract.
    #[must_use]
    pub fn component(&self) -> Vec<u8> {
        let encoder = ComponentEncoder::default().module(&self.module()).unwrap();
        encoder.validate(true).encode().unwrap()
    }

    /// The guest, loaded once a process.
    ///
    /// # Errors
    /// A host would not take it.
    pub fn load(&self) -> Result<Plugin, LoadError> {
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

/// The text of a version of the contract.
#[must_use]
pub fn contract(version: ContractVersion) -> String {
    let text = match version {
        ContractVersion::V0_1 => include_str!("../wit/0.1.0/policy.wit"),
        _ => include_str!("../wit/0.2.0/policy.wit"),
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
