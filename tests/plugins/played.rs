//! The same cases wherever a policy decides: as native code, by the command, in a running host that it is swapped into,
//! and in the tower layer.

use std::fs;

use serde_json::{Value, json};
use signalbox_gt_sim::Tenant;
use signalbox_harness::{
    conformance::{Door, Fixture, HostDoor, TowerDoor},
    gate::{ADMIN_TOKEN, GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD, key_entry, sha256},
    http::{Answer, Ask},
    policies::component,
    root,
    served::document,
    simulated::Simulated,
};
use signalbox_policy::{BodyValue, Case, Expectation, Names};
use tempfile::TempDir;

use crate::{made::Language, native::Native};

/// Holds a language to the cases.
pub(super) fn everywhere(language: &Language) {
    let made = language.made();
    let cases = cases();
    let passed = format!(
        "\n{} passed, 0 failed, 0 errors\nlaws: 8, 0 broken, ",
        cases.len()
    );
    assert!(made.printed.contains(&passed), "{}", made.printed);
    for sign in [r#""model":"small""#, r#""code":"over_budget""#] {
        assert!(made.swapped.contains(sign), "{sign}: {}", made.swapped);
    }

    let place = Place::new(&cases);
    let host = HostDoor::open(&place.fixture);
    place.play(&host, &made.component, &cases);
    let layer = TowerDoor::open(&place.fixture);
    place.play(&layer, &made.component, &cases);
}

#[test]
fn the_logic_decides_the_cases_as_native_code() {
    let report = signalbox_testkit::run(&Native::new(), &cases());
    assert!(report.passed(), "{report:#?}");
}

/// The file that every folder has.
fn cases() -> Vec<Case> {
    let text = fs::read_to_string(root().join("plugins/examples/rust/cases.yaml"));
    let cases = signalbox_policy::read_cases(&text.expect("the file is there"));
    let cases = cases.expect("the cases can be read");
    assert!(cases.len() > 20, "what `each` makes counts");
    cases
}

/// What a door needs: GT, a keyring with a key for each case, and a policy that is about to be replaced.
struct Place {
    gt: Simulated,
    fixture: Fixture,
    _folder: TempDir,
}

impl Place {
    fn new(cases: &[Case]) -> Self {
        let tenant = Tenant::demo_with_keys(GT_INFERENCE, GT_UPLOAD, GT_CONVERSATION);
        let gt = Simulated::start(tenant);
        let folder = tempfile::tempdir().expect("room for a temporary folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("our folder takes a file");
        };
        write("keys.yaml", &keyring(cases));
        write("gt-inference", GT_INFERENCE);
        write("gt-upload", GT_UPLOAD);
        write("gt-conversation", GT_CONVERSATION);
        let before = vec![("default".to_owned(), component(&document("before")))];
        let configuration = format!(
            "listen: 127.0.0.1:0\n\
             admin: {{listen: 127.0.0.1:0, operate_token_sha256: \"{}\"}}\n\
             upstream: {{url: \"http://{}/api/tenant\", credentials: {{inference: {{file: gt-inference}}, \
             upload: {{file: gt-upload}}, conversation: {{file: gt-conversation}}}}}}\n\
             policies: {{default: default.wasm}}\n\
             keys: keys.yaml\n\
             times: {{readiness_off: 1ms, drain: 50ms}}\n",
            sha256(ADMIN_TOKEN),
            gt.address(),
        );
        Self {
            gt,
            // The doors are two runtimes, and a language's interpreter takes long to compile.
            fixture: Fixture::of(configuration, folder.path(), before)
                .keeping_code(&folder.path().join("code")),
            _folder: folder,
        }
    }

    /// Swaps the component in, and asks what each case asks.
    fn play(&self, door: &dyn Door, component: &[u8], cases: &[Case]) {
        door.swap("default", component);
        let differ: Vec<_> = cases
            .iter()
            .enumerate()
            .filter_map(|(place, case)| {
                self.gt.handle().clear();
                let answer = request(case, place).send(door.address());
                let (expected, is) = (expected(case), self.came(case, &answer));
                (expected != is).then(|| format!("{}: expected {expected}, got {is}", case.name))
            })
            .collect();
        assert!(differ.is_empty(), "{door:?}: {differ:#?}");
    }

    /// What came of a case, as far as it looks at that.
    fn came(&self, case: &Case, answer: &Answer) -> Value {
        let body = answer.json();
        let sent: Vec<_> = self.gt.handle().requests();
        let sent: Vec<_> = sent.iter().filter(|it| it.method == "POST").collect();
        match &case.expect {
            Expectation::Forward(forward) => json!({
                "status": answer.status,
                "sent": sent.iter().map(|it| format!("{} {}", it.method, it.target)).collect::<Vec<_>>(),
                "model": sent.first().and_then(|it| model_of(&it.body)),
                "response_model": forward.response_model.as_ref().map(|_| body["model"].clone()),
            }),
            Expectation::Refuse(refusal) => json!({
                "is_refused": (400..500).contains(&answer.status),
                "sent": sent.len(),
                "code": body["error"]["code"],
                "message": refusal.message.as_ref().map(|_| body["error"]["message"].clone()),
            }),
            Expectation::List { .. } => json!({
                "status": answer.status,
                "sent": sent.len(),
                "names": names(&body),
            }),
        }
    }
}

/// The same of what a case says.
fn expected(case: &Case) -> Value {
    match &case.expect {
        Expectation::Forward(forward) => {
            let (method, path) = forward.route.split_once(" /").expect("a route");
            json!({
                "status": 200,
                "sent": [format!("{method} /api/tenant/{path}")],
                "model": forward.model,
                "response_model": forward.response_model,
            })
        }
        Expectation::Refuse(refusal) => json!({
            "is_refused": true,
            "sent": 0,
            "code": refusal.code,
            "message": refusal.message,
        }),
        Expectation::List { names } => json!({"status": 200, "sent": 0, "names": names}),
    }
}

fn model_of(body: &[u8]) -> Option<Value> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.get("model").cloned()
}

fn names(body: &Value) -> Vec<&str> {
    let listed = body["data"].as_array().into_iter().flatten();
    listed.filter_map(|model| model["id"].as_str()).collect()
}

/// What a client would send.
fn request(case: &Case, place: usize) -> Ask {
    let (method, target) = case.method_and_target();
    let ask = Ask::new(method, target).key(&secret(place));
    let ask = case
        .headers
        .iter()
        .fold(ask, |ask, (name, value)| ask.header(name, value));
    if method != "POST" {
        return ask;
    }
    let mut body = json!({"messages": [{"role": "user", "content": "hi"}]});
    if let Some(model) = &case.model {
        body["model"] = json!(model);
    }
    for (name, value) in &case.body {
        body[name] = match value {
            BodyValue::Integer(number) => json!(number),
            BodyValue::Text(text) => json!(text),
            BodyValue::Other(()) => Value::Null,
        };
    }
    ask.header("content-type", "application/json")
        .body(body.to_string())
}

fn keyring(cases: &[Case]) -> String {
    let entries = cases.iter().enumerate().map(|(place, case)| {
        let purposes: Vec<_> = case.purposes.iter().map(|it| it.word()).collect();
        let rest = format!(
            "policy: default, group: cases, models: {}, published: {}, purposes: {}, scopes: {}, labels: {}",
            names_of(&case.models),
            names_of(&case.published),
            json!(purposes),
            json!(case.scopes),
            json!(case.labels),
        );
        key_entry(&format!("case-{place}"), &secret(place), &rest)
    });
    format!("keys:\n{}", entries.collect::<String>())
}

fn names_of(list: &Names) -> Value {
    match list {
        Names::All => json!("all"),
        Names::Only(names) => json!(names),
    }
}

fn secret(place: usize) -> String {
    format!("gtak_case_{place}")
}
