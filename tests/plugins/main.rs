//! The plugins in `plugins/examples`, one logic in five languages: each is written by `signalbox new plugin`, tested and built
//! as `docs/plugins.md` says, and decides its cases alike wherever it runs. The step `plugins` of `cargo xtask test`
//! installs the tool chains.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "everything here is a test or stands under one: what goes wrong is to fail it"
)]

mod made;
mod native;
mod played;
mod wrapper;

use std::fs;

use made::Language;
use signalbox_harness::root;

#[test]
fn rust() {
    played::everywhere(&Language::new("rust", &[]));
}

#[test]
fn javascript() {
    played::everywhere(&Language::new(
        "javascript",
        &[("node_modules", "javascript/node_modules")],
    ));
}

#[test]
fn python() {
    played::everywhere(&Language::new("python", &[(".venv", "python")]));
}

#[test]
fn go() {
    played::everywhere(&Language::new("go", &[]));
}

#[test]
fn c() {
    played::everywhere(&Language::new("c", &[]));
}

#[test]
fn each_folder_has_the_contract_and_the_same_cases() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("the file is there");
    let (contract, cases) = (
        read("wit/0.2.0/policy.wit"),
        read("plugins/examples/rust/cases.yaml"),
    );
    let folders = fs::read_dir(root().join("plugins/examples")).expect("the folder is there");
    let mut count = 0;
    for folder in folders {
        let name = folder.expect("it can be read").file_name();
        let folder = format!("plugins/examples/{}", name.to_string_lossy());
        assert_eq!(
            read(&format!("{folder}/wit/policy.wit")),
            contract,
            "{folder}"
        );
        // A wrapper has cases of its own.
        if name != "rust-wrapper" {
            assert_eq!(read(&format!("{folder}/cases.yaml")), cases, "{folder}");
            count += 1;
        }
    }
    assert_eq!(count, 5, "languages");
    assert_eq!(
        read("plugins/examples/rust-wrapper/wit/wrapper.wit"),
        read("wit/0.2.0/wrapper.wit")
    );
}
