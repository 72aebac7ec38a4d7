//! Documents, components and cases: what they decided then they decide now.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use signalbox_harness::command::signalbox;
use signalbox_policy::{ModelSource, Purpose, RouteDescription};
use signalbox_runtime::{LoadOptions, Plugin, Runtime, Settings};

use super::{Kind, beside, json, loading, says, text};

pub(super) fn runtime() -> Runtime {
    let settings = Settings {
        workers: 1,
        ..Settings::default()
    };
    Runtime::new(settings).expect("a runtime")
}

pub(super) fn load(runtime: &Runtime, path: &Path) -> Plugin {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let loaded = runtime.load(&bytes, &LoadOptions::default());
    loaded.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cases of the same name, in the folder of cases.
fn cases_of(path: &Path) -> PathBuf {
    let name = beside(path, "yaml");
    let name = name.file_name().expect("a name");
    let version = path.parent().and_then(Path::parent).expect("a version");
    version.join("cases").join(name)
}

/// Runs the cases it carries, and those of its name.
fn passes(path: &Path) {
    let printed = signalbox().arg("test").arg(path).output();
    assert!(printed.contains(" 0 failed, 0 errors"), "{printed}");
    if cases_of(path).exists() {
        let command = signalbox().arg("test").arg(path).arg("--cases");
        let printed = command.arg(cases_of(path)).output();
        assert!(printed.contains(" 0 failed, 0 errors"), "{printed}");
    }
}

#[test]
fn documents_compile_and_decide_as_they_did() {
    for document in loading(Kind::Document) {
        let _ok = signalbox().arg("check").arg(&document).output();
        passes(&document);
        let questions = text(&document.with_file_name("questions.txt"));
        let recorded = json(&beside(&document, "explained.json"));
        let recorded = recorded.as_array().expect("a list");
        assert_eq!(questions.lines().count(), recorded.len());
        for (question, recorded) in questions.lines().zip(recorded) {
            let command = signalbox().args(["explain", "--json", "--policy"]);
            let command = question
                .split(' ')
                .fold(command.arg(&document), |it, word| it.arg(word));
            let now: Value = serde_json::from_str(&command.output()).expect("JSON");
            for key in ["request", "decision"] {
                assert!(
                    says(&now[key], &recorded[key]),
                    "{}: {question}: {now:#} was {recorded:#}",
                    document.display()
                );
            }
        }
    }
}

#[test]
fn components_load_and_decide_as_they_did() {
    let runtime = runtime();
    let mut trusted = 0;
    for component in loading(Kind::Component) {
        passes(&component);
        let plugin = load(&runtime, &component);
        // Whose document it carries is still known to be made by our compiler.
        assert_eq!(
            plugin.is_trusted(),
            plugin.source().is_some(),
            "{}",
            component.display()
        );
        trusted += usize::from(plugin.is_trusted());
        let (recorded, now) = (beside(&component, "described.json"), described(&plugin));
        if std::env::var_os("BLESS").is_some() && !recorded.exists() {
            fs::write(&recorded, format!("{now:#}\n")).expect("the folder takes a file");
        }
        assert!(
            says(&now, &json(&recorded)),
            "{}: {now:#}",
            component.display()
        );
    }
    let components = loading(Kind::Component).len();
    assert!(
        0 < trusted && trusted < components,
        "documents and programs: {trusted} of {components}"
    );
}

#[test]
fn cases_are_about_something() {
    for cases in loading(Kind::Cases) {
        let name = cases
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let policies = [Kind::Document, Kind::Component].map(loading).concat();
        let configurations = loading(Kind::Configuration);
        let is_run = policies.iter().any(|policy| cases_of(policy) == cases);
        let is_named = configurations
            .iter()
            .any(|it| text(it).contains(&format!("cases/{name}")));
        assert!(is_run || is_named, "{}", cases.display());
    }
}

/// What a policy says of itself.
fn described(plugin: &Plugin) -> Value {
    let description = plugin.description();
    let routes = description.routes.iter().map(|route| {
        let purposes = [Purpose::Inference, Purpose::Upload, Purpose::Conversation];
        let purposes = purposes
            .iter()
            .filter(|purpose| route.purposes.contains(**purpose));
        json!({
            "route": format!("{} {}", route.method, route.template),
            "verdict": route.verdict.word(),
            "forwarded": route.forwarded,
            "purposes": purposes.map(|purpose| purpose.word()).collect::<Vec<_>>(),
            // One set, as 0.1 has it.
            "scopes": route.scopes.concat(),
            "model": match route.model {
                ModelSource::Json => "json",
                ModelSource::Multipart => "multipart",
                ModelSource::None => "none",
            },
            "query": route.query,
            "headers": route.headers,
            "reason": route.reason,
        })
    });
    let catalogue = plugin.catalogue().iter().map(|entry| {
        assert!(entry.is_listed && entry.published.len() == 1);
        let routes = entry.routes.iter().filter_map(|index| plugin.route(*index));
        let routes: Vec<_> = routes.map(RouteDescription::name).collect();
        json!({"name": entry.name, "published": entry.published.concat(), "routes": routes})
    });
    let wants = description.wants;
    json!({
        "name": description.name,
        "version": description.version,
        "routes": routes.collect::<Vec<_>>(),
        "headers": description.headers,
        "wants": {
            "labels": wants.labels,
            "models": wants.models,
            "published": wants.published,
            "datasets": wants.datasets,
        },
        "catalogue": catalogue.collect::<Vec<_>>(),
        "digest": plugin.digest().to_string(),
    })
}
