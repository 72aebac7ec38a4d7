//! What it takes to change a policy: from document to component, from component to plugin, into
//! service; and what is left after a thousand changes.
//!
//! `cargo bench -p signalbox-tests --bench load`.

mod common;

use std::{fs, hint::black_box, path::Path, time::Instant};

use common::{
    Fallible, caller, chat, checked,
    clock::{Contender, Cost, Short, compare},
    document,
};
use signalbox_policy::{Document, RequestedModel};
use signalbox_runtime::{Cache, Change, LoadOptions, Plugin, Runtime, Settings, Slot};

fn main() -> Fallible<()> {
    let runtime = Runtime::new(Settings::default())?;
    steps(&runtime)?;
    swaps(&runtime)
}

/// Every step from a document's text to service.
#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn steps(runtime: &Runtime) -> Fallible<()> {
    println!(
        "\n| models | document | parse | check | compile | component | load | from the cache | swap |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    let folder = tempfile::tempdir()?;
    let with_cache = caching(&folder.path().join("code"))?;
    for models in [10, 1_000, 20_000, 100_000] {
        let text = document(models)?;
        let (parsing, document) = quickest(|| Document::parse(&text));
        let document = document.map_err(|problems| format!("{problems:?}"))?;
        let (checking, policy) = quickest(|| document.check());
        let policy = policy.map_err(|problems| format!("{problems:?}"))?;
        let (compiling, component) = quickest(|| signalbox_compiler::compile(&policy, &text));
        let component = component?;
        let (loading, plugin) = quickest(|| runtime.load(&component, &LoadOptions::default()));
        let plugin = plugin?;
        let reviving = from_cache(&with_cache, &component)?;
        let slot = Slot::new();
        let swapping = cost(|| put(&slot, &plugin), 50).p10;
        println!(
            "| {models} | {} KB | {} | {} | {} | {} KB | {} | {} | {} |",
            text.len() / 1024,
            Short(parsing),
            Short(checking),
            Short(compiling),
            component.len() / 1024,
            Short(loading),
            Short(reviving),
            Short(swapping),
        );
    }
    Ok(())
}

fn caching(folder: &Path) -> Fallible<Runtime> {
    let settings = Settings {
        cache: Some(Cache::open(folder)?),
        ..Settings::default()
    };
    Ok(Runtime::new(settings)?)
}

/// Seconds of a load that compiles nothing.
fn from_cache(runtime: &Runtime, component: &[u8]) -> Fallible<f64> {
    load(runtime, component)?;
    let (reviving, revived) = quickest(|| load(runtime, component));
    if !revived?.is_from_cache() {
        return Err("the cache has nothing".into());
    }
    Ok(reviving)
}

/// A thousand loads and swaps under a reader that decides after each.
#[expect(clippy::print_stdout, reason = "a program that prints a table")]
fn swaps(runtime: &Runtime) -> Fallible<()> {
    println!(
        "\n| swaps | resident | warm decision | load, swap and decide |\n\
         | ---: | ---: | ---: | ---: |"
    );
    let (one, other) = (component(10)?, component(11)?);
    let slot = Slot::new();
    put(&slot, &load(runtime, &one)?);
    let mut start = Instant::now();
    let mut since = 0_u32;
    for (swap, component) in (0..=1_000_u32).zip([&one, &other].into_iter().cycle()) {
        if swap > 0 {
            put(&slot, &load(runtime, component)?);
            decide(&slot)?;
        }
        if [0, 1, 10, 100, 500, 1_000].contains(&swap) {
            let swaps = f64::from(swap - since);
            let each = Short(start.elapsed().as_secs_f64() / swaps);
            let each = if swap > 0 {
                each.to_string()
            } else {
                String::new()
            };
            println!(
                "| {swap} | {:.1} MB | {} | {each} |",
                resident()?,
                decision(&slot)?
            );
            (start, since) = (Instant::now(), swap);
        }
    }
    Ok(())
}

fn component(models: usize) -> Fallible<Vec<u8>> {
    let text = document(models)?;
    Ok(signalbox_compiler::compile(&checked(&text)?, &text)?)
}

fn load(runtime: &Runtime, component: &[u8]) -> Fallible<Plugin> {
    Ok(runtime.load(component, &LoadOptions::default())?)
}

fn put(slot: &Slot, plugin: &Plugin) {
    let change = Change::new().serve(SLOT, plugin.clone());
    // Nobody else writes.
    drop(slot.commit(&slot.load(), change));
}

/// As a host does: what serves is looked up for every request.
fn decide(slot: &Slot) -> Fallible<()> {
    let caller = caller(0);
    let request = chat(&caller, RequestedModel::Named("team-5/gpt-4o"));
    let policies = slot.load();
    let lane = policies.get(SLOT).ok_or("nothing serves")?;
    black_box(lane.for_caller(&caller.id).decide(&request)?);
    Ok(())
}

fn decision(slot: &Slot) -> Fallible<Cost> {
    decide(slot)?;
    Ok(cost(|| drop(black_box(decide(slot))), 300))
}

fn cost(call: impl FnMut(), batches: usize) -> Cost {
    let [cost] = compare([Contender::new(call)], batches);
    cost
}

/// Seconds of the quickest of a few runs: the rest is what else the machine was doing.
fn quickest<T>(run: impl Fn() -> T) -> (f64, T) {
    let timed = || {
        let start = Instant::now();
        let made = run();
        (start.elapsed().as_secs_f64(), made)
    };
    let mut quickest = timed();
    for _ in 1..RUNS {
        let next = timed();
        if next.0 < quickest.0 {
            quickest = next;
        }
    }
    quickest
}

/// Megabytes of this process in memory.
fn resident() -> Fallible<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    let kilobytes: f64 = number.ok_or("the kernel does not say")?.parse()?;
    Ok(kilobytes / 1024.0)
}

const SLOT: &str = "default";

const RUNS: usize = 3;
