//! Machine code kept between starts: used when it is ours and whole, and never otherwise.

mod folder;
mod sharing;
mod tampering;

use std::{
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::{
    Allocation, Cache, CacheCounts, Cached, LoadError, LoadOptions, Plugin, Runtime, Settings, Step,
};
use tempfile::TempDir;

use crate::guests::{Guest, caller, chat, description};

/// A process that begins: nothing of it but the folder was there before.
pub(crate) fn start(folder: &Path) -> (Runtime, Cache) {
    start_with(Cache::open(folder).unwrap(), Allocation::OnDemand)
}

fn start_with(cache: Cache, allocation: Allocation) -> (Runtime, Cache) {
    let settings = Settings {
        workers: 1,
        decision_threads: 1,
        cache: Some(cache.clone()),
        allocation,
        ..Settings::default()
    };
    (Runtime::new(settings).unwrap(), cache)
}

pub(crate) fn load(folder: &Path, component: &[u8]) -> Plugin {
    let (runtime, _) = start(folder);
    runtime.load(component, &LoadOptions::default()).unwrap()
}

/// A folder that only we may enter.
pub(crate) fn scratch() -> (TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("code");
    (scratch, folder)
}

/// A document that maps one name.
pub(crate) fn component(name: &str, published: &str) -> Vec<u8> {
    compile(&document(&[(name.to_owned(), published.to_owned())]))
}

fn compile(document: &str) -> Vec<u8> {
    let policy = signalbox_policy::read(document).unwrap();
    signalbox_compiler::compile(&policy, document).unwrap()
}

fn document(models: &[(String, String)]) -> String {
    let mut text = "\
policy: cached
routes:
  POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}
models:
"
    .to_owned();
    for (name, published) in models {
        text.push_str(&format!("  \"{name}\": {{published: \"{published}\"}}\n"));
    }
    let (name, published) = models.first().unwrap();
    text.push_str(&format!(
        "cases:
  - {{name: first, request: POST /v1/chat/completions, model: \"{name}\", scopes: [\"inference:chat\"],
     expect: {{forward: POST /v1/chat/completions, model: \"{published}\"}}}}
"
    ));
    text
}

/// What a model is forwarded as.
pub(crate) fn published(plugin: &Plugin, name: &str) -> Option<String> {
    let mut caller = caller("app");
    caller.scopes = vec!["inference:chat".into()];
    match plugin.decide(&chat(&caller, RequestedModel::Named(name))) {
        Ok(Decision::Forward(forward)) => forward.model,
        _ => None,
    }
}

/// The entries of a folder, in the order of names.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "code"))
        .collect();
    all.sort();
    all
}

#[test]
fn component_is_compiled_once_and_then_taken_from_the_cache_through_every_step() {
    let (_scratch, folder) = scratch();
    let component = component("gpt-4o", "support-agent");
    let mut all_steps = Vec::new();
    for expected in [Cached::Missed, Cached::Hit, Cached::Hit] {
        let (runtime, cache) = start(&folder);
        let mut steps = Vec::new();
        let mut told = |step: Step, _| steps.push(step);
        let plugin = runtime
            .load_told(&component, &LoadOptions::default(), &mut told)
            .unwrap();
        assert_eq!(plugin.cached(), Some(expected));
        assert_eq!(plugin.is_from_cache(), expected == Cached::Hit);
        assert!(plugin.is_trusted());
        assert_eq!(
            published(&plugin, "gpt-4o").as_deref(),
            Some("support-agent")
        );
        let (hits, misses) = (cache.counts().hits, cache.counts().misses);
        assert_eq!(hits + misses, 1);
        all_steps.push(steps);
    }
    assert_eq!(
        all_steps[0],
        [
            Step::Read,
            Step::Imports,
            Step::World,
            Step::Compile,
            Step::Instantiate,
            Step::Describe,
            Step::Models,
            Step::Trial
        ]
    );
    assert!(all_steps.iter().all(|steps| *steps == all_steps[0]));
    assert_eq!(entries(&folder).len(), 1);
}

#[test]
fn without_a_cache_nothing_is_said_of_one() {
    let plugin = Guest::default().load().unwrap();
    assert_eq!((plugin.cached(), plugin.is_from_cache()), (None, false));
}

#[test]
fn hit_is_held_to_the_limits_of_today() {
    let (_scratch, folder) = scratch();
    let component = Guest {
        pages: 64,
        ..Guest::default()
    }
    .component();
    assert_eq!(load(&folder, &component).cached(), Some(Cached::Missed));
    let settings = Settings {
        plugin_memory: 1 << 20,
        cache: Some(Cache::open(&folder).unwrap()),
        allocation: Allocation::OnDemand,
        ..Settings::default()
    };
    let error = Runtime::new(settings)
        .unwrap()
        .load(&component, &LoadOptions::default())
        .unwrap_err();
    assert!(matches!(error, LoadError::Memory { .. }), "{error:?}");
}

#[test]
fn component_that_fails_a_step_is_not_kept() {
    let (_scratch, folder) = scratch();
    let (runtime, cache) = start(&folder);
    let mut wrong = description();
    wrong.model_count += 1;
    let failing = Guest {
        description: wrong,
        ..Guest::default()
    };
    let error = runtime
        .load(&failing.component(), &LoadOptions::default())
        .unwrap_err();
    assert_eq!(error.step(), Step::Models);
    assert_eq!(entries(&folder).len(), 0);
    let expected = (cache.counts().misses, cache.counts().unwritten);
    assert_eq!(expected, (1, 0));
    assert_eq!(cache.counts().hits, CacheCounts::default().hits);
}

#[test]
fn engines_of_different_settings_share_a_folder_and_no_entry() {
    let (_scratch, folder) = scratch();
    let component = component("gpt-4o", "support-agent");
    for expected in [Cached::Missed, Cached::Hit] {
        for allocation in [Allocation::Pool, Allocation::SmallPool] {
            let (runtime, _) = start_with(Cache::open(&folder).unwrap(), allocation);
            let plugin = runtime.load(&component, &LoadOptions::default()).unwrap();
            assert_eq!(plugin.cached(), Some(expected), "{allocation:?}");
            assert!(published(&plugin, "gpt-4o").is_some());
        }
    }
    assert_eq!(entries(&folder).len(), 2);
}

/// Names and what they are published as; no name twice.
fn models() -> impl Strategy<Value = Vec<(String, String)>> {
    let models = proptest::collection::btree_map("[a-z][a-z0-9./-]{0,11}", "[a-z]{1,8}", 1..40);
    models.prop_map(|models| models.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hit_decides_as_what_was_compiled(models in models(), strange in "[a-z0-9*-]{0,12}") {
        let (_scratch, folder) = scratch();
        let component = compile(&document(&models));
        let (compiled, revived) = (load(&folder, &component), load(&folder, &component));
        prop_assert_eq!(compiled.cached(), Some(Cached::Missed));
        prop_assert_eq!(revived.cached(), Some(Cached::Hit));
        prop_assert_eq!(compiled.description(), revived.description());
        prop_assert!(compiled.catalogue().iter().eq(revived.catalogue().iter()));
        let mut caller = caller("app");
        for scope in ["inference:chat", "inference:embed"] {
            caller.scopes = vec![scope.into()];
            let names = models.iter().map(|(name, _)| name).chain([&strange]);
            let asked = names.map(|name| RequestedModel::Named(name));
            for model in asked.chain([RequestedModel::Unread, RequestedModel::Absent]) {
                let request = chat(&caller, model);
                prop_assert_eq!(compiled.decide(&request), revived.decide(&request));
            }
        }
    }
}
