//! What a decision costs: natively, on a warm instance, and on a fresh one.
//!
//! `cargo bench -p signalbox-tests --bench decision`. Times are tenth percentile / median of
//! batches that take turns. The ratios are to the same evaluation run natively over the same
//! tables; they travel to another machine better than the times do.

mod common;

use std::hint::black_box;

use common::{
    Fallible, caller, chat, checked,
    clock::{Contender, compare},
    document,
};
use signalbox_policy::{Policy, RequestedModel, decide, tables::Tables};
use signalbox_runtime::{Change, LoadOptions, Plugin, Runtime, Settings, Slot};

#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn main() -> Fallible<()> {
    println!(
        "\n| models | case | key list | document | tables | warm | fresh | warm : native | fresh : native |\n\
         | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    let runtime = Runtime::new(Settings::default())?;
    for models in [10, 1_000, 20_000, 50_000] {
        let bench = Bench::new(&runtime, models)?;
        let hit = format!("team-{}/gpt-4o", models / 2);
        for (case, model) in [
            ("head only", RequestedModel::Unread),
            ("exact name", RequestedModel::Named(&hit)),
            ("prefix", RequestedModel::Named("batch/night-shift")),
            ("no such model", RequestedModel::Named("team-x/gpt-4o")),
        ] {
            for list in [0, 8] {
                println!(
                    "| {models} | {case} | {list} | {} |",
                    bench.row(model, list)?
                );
            }
        }
    }
    Ok(())
}

/// One document in all its forms.
struct Bench {
    policy: Policy,
    tables: Vec<u8>,
    plugin: Plugin,
    slot: Slot,
}

impl Bench {
    fn new(runtime: &Runtime, models: usize) -> Fallible<Self> {
        let text = document(models)?;
        let policy = checked(&text)?;
        let component = signalbox_compiler::compile(&policy, &text)?;
        let plugin = runtime.load(&component, &LoadOptions::default())?;
        let slot = Slot::new();
        slot.commit(&slot.load(), Change::new().serve(SLOT, plugin.clone()))?;
        Ok(Self {
            tables: policy.tables()?,
            policy,
            plugin,
            slot,
        })
    }

    fn row(&self, model: RequestedModel<'_>, list: usize) -> Fallible<String> {
        let tables = Tables::read(&self.tables)?;
        let policies = self.slot.load();
        let generation = policies.get(SLOT).ok_or("nothing serves")?.live();
        if !generation.is_inline() {
            return Err("the engine is not trusted: run `cargo xtask engine`".into());
        }
        let caller = caller(list);
        let request = chat(&caller, model);
        let expected = decide(&self.policy, &request);
        if generation.decide(&request)? != expected || self.plugin.decide(&request)? != expected {
            return Err("component and document disagree".into());
        }
        let [document, native, warm, fresh] = compare(
            [
                Contender::new(|| drop(black_box(decide(&self.policy, black_box(&request))))),
                Contender::new(|| drop(black_box(decide(&tables, black_box(&request))))),
                Contender::new(|| drop(black_box(generation.decide(black_box(&request))))),
                Contender::new(|| drop(black_box(self.plugin.decide(black_box(&request))))),
            ],
            BATCHES,
        );
        Ok(format!(
            "{document} | {native} | {warm} | {fresh} | {:.1} | {:.1}",
            warm.p10 / native.p10,
            fresh.p10 / native.p10,
        ))
    }
}

const SLOT: &str = "default";

/// A third of a millisecond to twice that each: with four contenders half a second a row.
const BATCHES: usize = 200;
