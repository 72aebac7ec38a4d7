//! Replacing policies from the terminal, with the real command against the real demo; and by files
//! and signals, with the real `serve`.

use std::{fs, net::SocketAddr, os::unix::fs::symlink, path::Path};

use signalbox_harness::{
    demo::{Demo, blocks},
    gate::{DEMO, DEMO_CHAT},
    http::Ask,
    policies::runbook,
    served::{Place, document},
    wait_for,
};

/// A demo, and a folder with policies to swap in.
struct Desk {
    demo: Demo,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("room for a temporary folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("our folder takes a file");
        };
        write("one.yaml", &document("one"));
        write("two.yaml", &document("two"));
        write("broken.yaml", "policy: broken\nroutes:\n");
        let cases =
            "cases:\n  - {name: hopeless, request: GET /v1/models, expect: {list: [three]}}\n";
        write(
            "hopeless.yaml",
            &(document("three") + cases).replace("[three]", "[four]"),
        );
        write("full.yaml", &runbook("full"));
        let demo = Demo::start();
        Self { demo, folder }
    }

    /// Runs commands; gives what they printed.
    fn run(&self, script: &str) -> String {
        self.demo.run_in(self.folder.path(), script)
    }

    /// Runs a command that fails; gives its exit code and what it said.
    fn fails(&self, command: &str) -> (i32, String) {
        let script = format!("{command} 2>&1 && echo 0 || echo $?");
        let printed = self.run(&script);
        let (said, code) = printed.trim_end().rsplit_once('\n').expect("two lines");
        (code.parse().expect("an exit code"), said.to_owned())
    }

    fn names(&self, key: &str) -> String {
        let host: SocketAddr = self.demo.host.parse().expect("an address");
        let answer = Ask::get("/v1/models").key(key).send(host);
        let body = answer.json();
        let models = body["data"].as_array().expect("a list").iter();
        let names = models.filter_map(|model| model["id"].as_str());
        names.collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn a_policy_is_swapped_and_rolled_back_and_all_of_it_is_in_the_history() {
    let desk = Desk::new();
    let before = desk.names(DEMO);
    let said = desk.run("signalbox swap litellm=one.yaml 2>&1");
    for step in ["receive", "compile", "cases", "access", "store"] {
        assert!(said.contains(step), "{step}: {said}");
    }
    assert_eq!(desk.names(DEMO), "one");
    desk.run("signalbox swap litellm=two.yaml");
    assert_eq!(desk.names(DEMO), "two");
    desk.run("signalbox rollback litellm");
    assert_eq!(desk.names(DEMO), "one");
    let first = desk.run("signalbox status --json");
    let first: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    let litellm = first["policies"].as_array().expect("policies").iter();
    let litellm = litellm.clone().find(|policy| policy["name"] == "litellm");
    let kept = litellm.expect("it serves")["kept"]
        .as_array()
        .expect("kept")
        .clone();
    let oldest = kept.last().expect("the first is kept")["generation"].clone();
    desk.run(&format!("signalbox rollback litellm --to {oldest}"));
    assert_eq!(desk.names(DEMO), before);

    let history = desk.run("signalbox history");
    let lines: Vec<_> = history.lines().collect();
    assert!(
        lines[1].contains("rollback") && lines[1].contains("admin"),
        "{history}"
    );
    assert!(
        lines[3].contains("swap") && lines[3].contains("litellm"),
        "{history}"
    );
    let newest = lines[1].split_whitespace().next().expect("a number");
    let whole = desk.run(&format!("signalbox history {newest}"));
    assert!(whole.contains("store"), "{whole}");
    assert!(
        desk.run("signalbox status").contains("litellm: generation"),
        "{history}"
    );
}

#[test]
fn what_fails_changes_nothing_and_says_so_by_its_exit_code() {
    let desk = Desk::new();
    let before = desk.names(DEMO);
    let (code, said) = desk.fails("signalbox swap litellm=broken.yaml");
    assert_eq!(code, 3, "{said}");
    let (code, said) = desk.fails("signalbox swap litellm=hopeless.yaml");
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("cases") && said.contains("hopeless"),
        "{said}"
    );
    let (code, said) = desk.fails("signalbox swap nobody=one.yaml");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("litellm"), "it says which there are: {said}");
    let (code, said) = desk.fails("signalbox swap one.yaml --canary 200%");
    assert_eq!(code, 2, "{said}");
    let (code, said) = desk.fails("signalbox rollback litellm --to 77");
    assert_eq!(code, 1, "{said}");
    let (code, said) = desk.fails("signalbox promote litellm");
    assert_eq!(code, 1, "{said}");
    let (code, said) = desk.fails("SIGNALBOX_ADMIN_TOKEN=wrong signalbox swap litellm=one.yaml");
    assert_eq!(code, 1, "{said}");
    assert_eq!(desk.names(DEMO), before);

    let said = desk.run("signalbox swap litellm=one.yaml --dry-run 2>&1");
    assert!(said.contains("would serve"), "{said}");
    assert_eq!(desk.names(DEMO), before, "a dry run changes nothing");
}

#[test]
fn a_shadow_shows_its_differences_and_is_promoted() {
    let desk = Desk::new();
    let before = desk.names(DEMO);
    desk.run("signalbox swap litellm=full.yaml --shadow");
    // The runbook `full` lists more, and forwards what `litellm` refuses.
    let speech = r#"{"model":"tts-1","input":"hi"}"#;
    let host: SocketAddr = desk.demo.host.parse().expect("an address");
    wait_for("a difference", || {
        let refused = Ask::json("/v1/audio/speech", speech).key(DEMO).send(host);
        assert_eq!(
            refused.refusal().1,
            "route_not_supported",
            "what serves decides"
        );
        let status = desk.run("signalbox status");
        status.contains("POST /v1/audio/speech").then_some(())
    });
    assert_eq!(desk.names(DEMO), before);
    desk.run("signalbox promote litellm");
    let answer = Ask::json("/v1/audio/speech", speech).key(DEMO).send(host);
    assert_eq!(
        answer.refusal().1,
        "insufficient_scope",
        "the candidate decides now"
    );
}

#[test]
fn a_shadow_without_differences_is_promoted_by_itself() {
    let desk = Desk::new();
    desk.run("signalbox swap litellm=one.yaml");
    let same = document("one") + "  extra: {published: gt-small, for: [chat]}\n";
    fs::write(desk.folder.path().join("same.yaml"), same).expect("our folder takes a file");
    desk.run("signalbox swap litellm=same.yaml --shadow --promote-after 5 --accept list");
    wait_for("the shadow to come into service", || {
        (desk.names(DEMO) == "extra one").then_some(())
    });
    let history = desk.run("signalbox history");
    assert!(
        history.contains("automatic") && history.contains("promote"),
        "{history}"
    );
}

#[test]
fn a_canary_decides_for_its_share_of_the_callers_and_goes_or_stays() {
    let desk = Desk::new();
    let before = desk.names(DEMO);
    desk.run("signalbox swap litellm=one.yaml --canary 100%");
    assert_eq!(
        (desk.names(DEMO), desk.names(DEMO_CHAT)),
        ("one".to_owned(), "one".to_owned())
    );
    desk.run("signalbox withdraw litellm");
    assert_eq!(desk.names(DEMO), before);
    // Between one in ten thousand and everybody, a caller is always on the same side.
    desk.run("signalbox swap litellm=one.yaml --canary 50%");
    let sides = (desk.names(DEMO), desk.names(DEMO_CHAT));
    for _ in 0..5 {
        assert_eq!((desk.names(DEMO), desk.names(DEMO_CHAT)), sides);
    }
    desk.run("signalbox promote litellm");
    assert_eq!(desk.names(DEMO), "one");
}

#[test]
fn a_revoked_policy_never_serves_again() {
    let desk = Desk::new();
    desk.run("signalbox swap litellm=one.yaml\nsignalbox swap litellm=two.yaml");
    desk.run("signalbox revoke two.yaml");
    assert_eq!(desk.names(DEMO), "one", "what served before serves");
    let (code, said) = desk.fails("signalbox swap litellm=two.yaml");
    assert!(code == 1 && said.contains("revoked"), "{said}");
    desk.run("signalbox swap litellm=one.yaml\nsignalbox revoke one.yaml");
    let (code, said) = desk.fails("signalbox rollback litellm --to 2");
    assert!(
        code == 0 || said.contains("revoked") || said.contains("kept"),
        "{said}"
    );
    assert_ne!(desk.names(DEMO), "one");
}

#[test]
fn the_guide_runs_as_pasted() {
    let demo = Demo::start();
    let page = blocks("docs/swapping.md");
    assert!(page.len() >= 4, "a guide has commands");
    for block in &page {
        let _ = demo.run(block);
    }
}

const KEY: &str = "gtak_served";

fn place(policy: &str, more: &str) -> Place {
    let place = Place::new(&format!("default: {policy}"), more);
    place.key("client", KEY, "default");
    place
}

#[test]
fn sighup_takes_over_what_the_files_say() {
    let place = place("policy.yaml", "swap: {watch: false}\n");
    place.write("policy.yaml", document("first"));
    let served = place.serve();
    place.write("policy.yaml", document("second"));
    assert_eq!(served.names(KEY), "first", "nobody looks at the file");
    served.signal("-HUP");
    wait_for("the second policy", || {
        (served.names(KEY) == "second").then_some(())
    });
    // A broken file changes nothing, and the host goes on.
    place.write("policy.yaml", "policy: broken\nroutes:\n");
    served.signal("-HUP");
    wait_for("the failure in the history", || {
        let history = served.admin(&Ask::get("/swaps")).json();
        (history["swaps"][0]["outcome"]["result"] == "failed").then_some(())
    });
    assert_eq!(served.names(KEY), "second");
}

#[test]
fn a_file_that_is_replaced_or_half_written_is_taken_over_whole() {
    let place = place("policy.yaml", "");
    place.write("policy.yaml", document("first"));
    let served = place.serve();
    place.write("policy.yaml", document("second"));
    wait_for("the second policy", || {
        (served.names(KEY) == "second").then_some(())
    });
    // Written in place, and for a while only in part: never more than the old or the new serves.
    let text = document("third");
    fs::write(place.path("policy.yaml"), &text[..text.len() / 2]).expect("our folder");
    assert_eq!(served.names(KEY), "second");
    fs::write(place.path("policy.yaml"), &text).expect("our folder");
    wait_for("the third policy", || {
        let names = served.names(KEY);
        assert!(names == "second" || names == "third", "{names}");
        (names == "third").then_some(())
    });
    let history = served.admin(&Ask::get("/swaps")).json();
    assert_eq!(history["swaps"][0]["actor"]["way"], "file", "{history}");
}

#[test]
fn a_folder_that_is_swapped_by_a_link_is_taken_over() {
    // As Kubernetes mounts a ConfigMap: policy.yaml -> ..data/policy.yaml, ..data -> ..one.
    let place = place("conf/policy.yaml", "");
    let conf = place.path("conf");
    let version = |name: &str, model: &str| {
        fs::create_dir_all(conf.join(name)).expect("our folder");
        fs::write(conf.join(name).join("policy.yaml"), document(model)).expect("our folder");
    };
    version("..one", "first");
    symlink("..one", conf.join("..data")).expect("a link");
    symlink(Path::new("..data/policy.yaml"), conf.join("policy.yaml")).expect("a link");
    let served = place.serve();
    assert_eq!(served.names(KEY), "first");
    version("..two", "second");
    symlink("..two", conf.join("..data_tmp")).expect("a link");
    fs::rename(conf.join("..data_tmp"), conf.join("..data")).expect("a rename");
    fs::remove_dir_all(conf.join("..one")).expect("our folder");
    wait_for("the second policy", || {
        (served.names(KEY) == "second").then_some(())
    });
}
