//! The commands that talk to a host, against a demo.

use serde_json::Value;
use signalbox_swap::{Action, Entry, Outcome, PolicyOverview, Role};

use crate::{
    demo::demo,
    signalbox::{Ran, Serving, file, run_with},
};

const LITELLM: &str = "plugins/runbooks/litellm.yaml";
const FULL: &str = "plugins/runbooks/full.yaml";

/// What `status --json` prints, as far as it is looked at here.
#[derive(serde::Deserialize)]
struct Status {
    policies: Vec<PolicyOverview>,
}

/// A demo, and the commands that reach it without a flag.
struct Live {
    _demo: Serving,
    admin: String,
}

impl Live {
    fn start() -> Self {
        let demo = demo(&[]);
        let admin = format!("http://{}", demo.address("admin"));
        Self { _demo: demo, admin }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        run_with(&[("SIGNALBOX_ADMIN", &self.admin)], arguments)
    }

    /// Runs a command that works.
    fn done(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        ran
    }

    /// Runs a command that changes something, for its entry.
    fn entry(&self, arguments: &[&str]) -> Entry {
        let ran = self.done(&[arguments, &["--json"]].concat());
        serde_json::from_str(&ran.stdout).unwrap()
    }

    fn policy(&self, name: &str) -> PolicyOverview {
        let status = self.done(&["status", "--json"]).stdout;
        let Status { policies } = serde_json::from_str(&status).unwrap();
        policies
            .into_iter()
            .find(|policy| policy.name == name)
            .unwrap()
    }

    /// Number and digest of what serves.
    fn serves(&self, name: &str) -> (u64, String) {
        let live = self.policy(name).live.unwrap();
        (live.generation, live.digest)
    }
}

fn named(name: &str, path: &str) -> String {
    format!("{name}={}", file(path))
}

#[test]
fn a_swap_tells_each_step_and_what_serves_then() {
    let live = Live::start();
    let before = live.serves("litellm");
    let swapped = live.done(&["swap", &named("litellm", FULL)]);
    let after = live.serves("litellm");
    assert!(
        after.0 > before.0 && after.1 != before.1,
        "{before:?} {after:?}"
    );
    let line = format!(
        "litellm: generation {} (sha256 {}) serves, {} kept; automatic rollback: ",
        after.0,
        &after.1[..12],
        before.0
    );
    let Ran { stdout, stderr, .. } = swapped;
    assert!(
        stdout.starts_with(&line) && stdout.lines().count() == 1,
        "{stdout}"
    );
    let mut lines = stderr.lines();
    for step in [
        "receive", "digest", "read", "compile", "describe", "trial", "cases", "store",
    ] {
        let told = lines.any(|line| line.starts_with(&format!("  {step} ")));
        assert!(told, "no `{step}` in its place in {stderr}");
    }
}

#[test]
fn a_document_without_a_name_is_for_the_policy_it_names_where_there_is_no_default() {
    let live = Live::start();
    let before = (live.serves("litellm"), live.serves("full"));
    let swapped = live.done(&["swap", &file(FULL)]);
    let (told, own) = (
        &swapped.stderr,
        "swapping `full`, which is the document's own name",
    );
    assert!(told.contains(own), "{told}");
    assert!(swapped.stdout.starts_with("full: "), "{}", swapped.stdout);
    assert_eq!(live.serves("litellm"), before.0);
    assert!(live.serves("full").0 > before.1.0);

    let folder = tempfile::TempDir::new().unwrap();
    let other = folder.path().join("other.yaml");
    std::fs::write(
        &other,
        "policy: other\nroutes:\n  GET /v1/models: {verdict: native}\n",
    )
    .unwrap();
    let unknown = live.run(&["swap", other.to_str().unwrap()]);
    assert_eq!(unknown.code, Some(1), "{}", unknown.stderr);
    assert!(!unknown.stderr.contains("own name"), "{}", unknown.stderr);
}

#[test]
fn an_entry_as_json_is_all_that_stands_on_stdout() {
    let live = Live::start();
    let entry = live.entry(&["swap", &named("litellm", FULL)]);
    assert_eq!(
        (entry.action, &entry.outcome),
        (Action::Swap, &Outcome::Done)
    );
    assert_eq!(entry.policies[0].to, Some(live.serves("litellm").0));
    let number = entry.number.to_string();
    let again: Entry =
        serde_json::from_str(&live.done(&["history", &number, "--json"]).stdout).unwrap();
    assert_eq!(
        (again.number, &again.policies),
        (entry.number, &entry.policies)
    );
    let all: Vec<Entry> = serde_json::from_str(&live.done(&["history", "--json"]).stdout).unwrap();
    assert_eq!(all[0].number, entry.number);
}

#[test]
fn several_policies_change_together() {
    let live = Live::start();
    let entry = live.entry(&[
        "swap",
        &named("litellm", FULL),
        &named("full", LITELLM),
        "--cut",
    ]);
    let names: Vec<_> = entry
        .policies
        .iter()
        .map(|changed| changed.name.as_str())
        .collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&"litellm") && names.contains(&"full"));
    let printed = live
        .done(&["swap", &named("litellm", LITELLM), &named("full", FULL)])
        .stdout;
    assert_eq!(printed.lines().count(), 2, "{printed}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let live = Live::start();
    let before = live.serves("litellm");
    let ran = live.done(&["swap", &named("litellm", FULL), "--dry-run"]);
    assert!(
        ran.stdout.starts_with("litellm: would serve (sha256 "),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.ends_with("nothing changed\n"), "{}", ran.stderr);
    assert_eq!(live.serves("litellm"), before);
}

#[test]
fn a_pinned_swap_says_that_it_stays() {
    let live = Live::start();
    let pinned = live.done(&["swap", &named("litellm", FULL), "--pin"]);
    assert!(
        pinned.stdout.contains("automatic rollback: no"),
        "{}",
        pinned.stdout
    );
    assert!(!live.policy("litellm").roll_back.automatic);
    live.done(&["swap", &named("litellm", LITELLM), "--may-roll-back"]);
}

#[test]
fn a_candidate_stands_beside_what_serves_until_it_is_promoted_or_withdrawn() {
    let live = Live::start();
    let (first, _) = live.serves("litellm");
    let shadow = live.done(&[
        "swap",
        &named("litellm", FULL),
        "--shadow",
        "--promote-after",
        "1000000",
        "--accept",
        "wider",
    ]);
    assert!(
        shadow.stdout.contains("\n  shadow: generation "),
        "{}",
        shadow.stdout
    );
    assert!(
        shadow.stderr.contains("signalbox promote litellm"),
        "{}",
        shadow.stderr
    );
    assert_eq!(live.serves("litellm").0, first);
    let beside = live.policy("litellm").beside.unwrap();
    assert_eq!(
        (beside.role, beside.promote_after),
        (Role::Shadow, Some(1_000_000))
    );
    let status = live.done(&["status"]).stdout;
    assert!(status.contains("  shadow: generation "), "{status}");

    live.done(&["withdraw", "litellm"]);
    assert_eq!(live.policy("litellm").beside, None);

    live.done(&["swap", &named("litellm", FULL), "--canary", "12.5%"]);
    let beside = live.policy("litellm").beside.unwrap();
    assert_eq!(beside.role, Role::Canary { share: 1_250 });
    let promoted = live.done(&["promote", "litellm"]);
    let (now, _) = live.serves("litellm");
    assert_eq!(now, beside.candidate.generation);
    assert!(
        promoted
            .stdout
            .starts_with(&format!("litellm: generation {now} ")),
        "{}",
        promoted.stdout
    );
}

#[test]
fn what_served_before_serves_again() {
    let live = Live::start();
    let first = live.serves("litellm");
    live.done(&["swap", &named("litellm", FULL)]);
    let second = live.serves("litellm");
    live.done(&["rollback", "litellm"]);
    assert_eq!(live.serves("litellm").1, first.1);
    live.done(&["rollback", "litellm", "--to", &second.0.to_string()]);
    assert_eq!(live.serves("litellm").1, second.1);
    // A bare number is the generation: the demo has no policy `default` to go back.
    let bare = live.run(&["rollback", &first.0.to_string()]);
    assert_eq!((bare.code, &*bare.stdout), (Some(1), ""), "{}", bare.stderr);
    assert!(
        bare.stderr.contains("the host's policies: full, litellm"),
        "{}",
        bare.stderr
    );
}

#[test]
fn what_is_revoked_never_serves_again() {
    let live = Live::start();
    let first = live.serves("litellm");
    live.done(&["swap", &named("litellm", FULL)]);
    // By its file, though it serves under another name as well.
    live.done(&["swap", &named("full", LITELLM)]);
    let revoked = live.done(&["revoke", &live.serves("litellm").1]);
    assert!(
        revoked.stdout.contains("litellm: generation "),
        "{}",
        revoked.stdout
    );
    assert_eq!(live.serves("litellm").1, first.1);
    let again = live.run(&["swap", &named("litellm", FULL)]);
    assert_eq!(
        (again.code, &*again.stdout),
        (Some(1), ""),
        "{}",
        again.stderr
    );
    assert!(again.stderr.contains("step `digest`"), "{}", again.stderr);
    let unused = live.entry(&["revoke", &"0".repeat(64)]);
    assert_eq!(unused.outcome, Outcome::Done);
    live.done(&["swap", &named("full", LITELLM), "--dry-run"]);
    let by_file = live.run(&["revoke", &file("plugins/runbooks/full.yaml")]);
    assert!(
        by_file.stderr.contains("revoking sha256 "),
        "{}",
        by_file.stderr
    );
}

#[test]
fn history_and_status_are_for_people() {
    let live = Live::start();
    let entry = live.entry(&["swap", &named("litellm", FULL)]);
    let history = live.done(&["history"]).stdout;
    assert!(history.starts_with("number  time "), "{history}");
    let line = history.lines().nth(1).unwrap();
    assert!(
        line.starts_with(&entry.number.to_string()) && line.contains("  swap "),
        "{line}"
    );
    let one = live.done(&["history", &entry.number.to_string()]).stdout;
    assert!(
        one.contains("swap by admin 127.0.0.1") && one.contains("\n  store "),
        "{one}"
    );
    let status = live.done(&["status"]).stdout;
    assert!(status.starts_with("ready, version "), "{status}");
    for sign in [
        "\nfull: generation ",
        "\nlitellm: generation ",
        "\n  kept: generation ",
    ] {
        assert!(status.contains(sign), "no {sign} in {status}");
    }
    let missing = live.run(&["history", "1000000"]);
    assert_eq!(
        (missing.code, &*missing.stdout),
        (Some(1), ""),
        "{}",
        missing.stderr
    );
}

#[test]
fn a_running_host_explains_what_it_would_do() {
    let live = Live::start();
    let chat = ["--model", "gpt-4o", "POST", "/v1/chat/completions"];
    let by_key = live.done(&[&["explain", "--live", "--key", "demo"][..], &chat].concat());
    assert!(
        by_key.stdout.contains("\n  policy litellm, generation "),
        "{}",
        by_key.stdout
    );
    assert!(
        by_key
            .stdout
            .contains("\nforward to POST /v1/chat/completions as model support-agent"),
        "{}",
        by_key.stdout
    );
    let scopes = [
        "explain",
        "--live=full",
        "--scope",
        "inference:embed",
        "--json",
    ];
    let refused = live.done(&[&scopes[..], &chat].concat());
    let refused: Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!(refused["policy"], "full");
    assert_eq!(refused["decision"]["code"], "insufficient_scope");
    let unread = live.done(&["explain", "--key", "demo", "POST", "/v1/chat/completions"]);
    assert!(unread.stdout.contains("--model"), "{}", unread.stdout);
    let list = live.done(&["explain", "--key", "demo", "GET", "/v1/models"]);
    assert!(list.stdout.contains("gpt-4o"), "{}", list.stdout);
    let (generation, _) = live.serves("litellm");
    live.done(&["swap", &named("litellm", FULL)]);
    let kept = [
        "explain",
        "--live=litellm",
        "--generation",
        &generation.to_string(),
        "--scope",
        "s",
    ];
    let kept = live.done(&[&kept[..], &["GET", "/v1/models"]].concat());
    assert!(
        kept.stdout.contains(&format!("generation {generation} ")),
        "{}",
        kept.stdout
    );
    let unnamed = live.run(&["explain", "--live", "--scope", "s", "GET", "/v1/models"]);
    assert_eq!(unnamed.code, Some(1));
    assert!(
        unnamed
            .stderr
            .contains("the host's policies: full, litellm"),
        "{}",
        unnamed.stderr
    );
    let nobody = live.run(&["explain", "--key", "nobody", "GET", "/v1/models"]);
    assert_eq!(
        (nobody.code, &*nobody.stdout),
        (Some(1), ""),
        "{}",
        nobody.stderr
    );
}
