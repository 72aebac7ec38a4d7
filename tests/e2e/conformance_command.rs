//! `signalbox conformance` against the real command: one that is right, one with another policy, and none.

use std::{fs, net::SocketAddr};

use serde_json::Value;
use signalbox_harness::{
    command::signalbox,
    process::Process,
    proxy::Port,
    root,
    served::{Place, Served},
};

/// `signalbox serve` with the fixture, before what will be GT; these files of the fixture are others.
fn serve(gt: SocketAddr, others: &[(&str, &str)]) -> (Place, Served) {
    let place = Place::before(gt, "", "");
    let fixture = root().join("tests/conformance/fixture");
    for file in fs::read_dir(fixture).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        place.write(&name, text.replace("{gt}", &gt.to_string()));
    }
    for (name, text) in others {
        place.write(name, text);
    }
    let served = place.serve();
    (place, served)
}

/// The command, ended; with what it printed, as JSON.
fn conformance(target: SocketAddr, gt: SocketAddr, more: &[&str]) -> (Option<i32>, Process) {
    let command = signalbox()
        .args(["conformance", "--target"])
        .arg(format!("http://{target}"))
        .args(["--gt", &gt.to_string(), "--suite"])
        .arg(root().join("tests/conformance"));
    let mut process = more.iter().fold(command, |it, word| it.arg(word)).start();
    (process.wait().code(), process)
}

/// The exchanges of all files with this outcome.
fn outcomes(printed: &Value, outcome: &str) -> Vec<String> {
    let files = printed.as_array().unwrap().iter();
    let exchanges = files.flat_map(|file| file["exchanges"].as_array().unwrap());
    let of_it = exchanges.filter(|exchange| exchange["outcome"] == outcome);
    of_it
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_host_is_as_the_suite_says() {
    for http in ["1.1", "2"] {
        let gt = Port::free();
        let (_place, served) = serve(gt.address(), &[]);
        let more = ["--format", "json", "--http", http];
        let (code, process) = conformance(served.host, gt.address(), &more);
        let printed: Value = serde_json::from_str(&process.stdout()).unwrap();
        let wrong = outcomes(&printed, "wrong");
        assert_eq!(wrong, Vec::<String>::new(), "{}", process.stdout());
        assert_eq!(code, Some(0), "{}", process.stderr());
        assert!(outcomes(&printed, "equal").len() > 600);
        let not_played = outcomes(&printed, "not_played");
        assert!(
            not_played.contains(&"and back".to_owned()),
            "{not_played:?}"
        );
    }
}

#[test]
fn another_policy_is_found_and_may_be_allowed() {
    let gt = Port::free();
    let full = fs::read_to_string(root().join("plugins/runbooks/full.yaml")).unwrap();
    let other = full.replace(
        "  gpt-4o: {published: support-agent",
        "  gpt-4o: {published: gt-other",
    );
    assert_ne!(full, other);
    // Its cases say what it should do.
    let (other, _cases) = other.split_once("\ncases:").unwrap();
    let (place, served) = serve(gt.address(), &[("full.yaml", other)]);
    let only = ["--only", "embeddings,announced,swaps,audio_images,chat"];
    let (code, process) = conformance(served.host, gt.address(), &only);
    assert_eq!(code, Some(4), "{}", process.stderr());
    let said = process.stdout();
    assert!(said.contains("WRONG    chat: a model is rewritten on the way to GT and back"));
    assert!(said.contains("gt-other"), "{said}");
    assert!(!said.contains("WRONG    embeddings"), "{said}");

    let junit = [&only[..], &["--format", "junit"]].concat();
    let (code, process) = conformance(served.host, gt.address(), &junit);
    assert_eq!(code, Some(4));
    let name = "<testcase classname=\"chat\" name=\"a raw model has its own published name\"/>";
    assert!(process.stdout().contains(name), "{}", process.stdout());
    assert!(process.stdout().contains("<failure message="));

    let wrong = |verdicts: &str| {
        let lines = verdicts
            .lines()
            .filter_map(|line| line.strip_prefix("WRONG    chat: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    // What differs at GT and comes back under the name that was asked for may be otherwise.
    let list = serde_json::json!({"door": "mine", "otherwise": [
        {"why": "it is led elsewhere", "gt": "other", "exchanges": {"chat": wrong(&said)}}]});
    place.write("list.json", list.to_string());
    let list = place.path("list.json").to_string_lossy().into_owned();
    let allowed = ["--only", "chat", "--allow", &list];
    let (code, process) = conformance(served.host, gt.address(), &allowed);
    assert_eq!(code, Some(0), "{}", process.stdout());
}

#[test]
fn secrets_of_another_set_up_stand_for_those_of_the_suite() {
    let gt = Port::free();
    let keys = fs::read_to_string(root().join("tests/conformance/fixture/keys.yaml")).unwrap();
    let digest = |token: &str| signalbox_harness::gate::sha256(token);
    let keys = keys.replace(&digest("token-all"), &digest("sb-mine"));
    let others = [("keys.yaml", &*keys), ("gt-inference", "gtak_mine")];
    let (place, served) = serve(gt.address(), &others);
    let only = ["--only", "embeddings"];
    let (code, _) = conformance(served.host, gt.address(), &only);
    assert_eq!(code, Some(4));
    place.write(
        "mine.yaml",
        "token-all: sb-mine\ngtak_gt_inference: gtak_mine\n",
    );
    let mine = place.path("mine.yaml").to_string_lossy().into_owned();
    let with_keys = [&only[..], &["--keys", &mine]].concat();
    let (code, process) = conformance(served.host, gt.address(), &with_keys);
    assert_eq!(code, Some(0), "{}", process.stdout());
}

#[test]
fn nobody_there_is_a_failure_and_a_bad_word_is_usage() {
    let (nobody, gt) = (Port::free(), Port::free());
    let (code, process) = conformance(nobody.address(), gt.address(), &[]);
    assert_eq!(code, Some(1));
    assert!(
        process
            .stderr()
            .contains("nobody listens at http://127.0.0.1:")
    );
    let (code, process) = conformance(nobody.address(), gt.address(), &["--only", "nothing"]);
    assert_eq!(code, Some(2));
    assert!(process.stderr().contains("the suite has no file `nothing`"));
}
