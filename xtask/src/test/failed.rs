//! Which tests failed, as cargo-nextest wrote it down (`.config/nextest.toml`), so that the end of a long run can name
//! them again.

use std::{env, fs, path::PathBuf};

use crate::process::root;

/// The tests that failed in the runner's last run, by name; none if it wrote no report.
pub(super) fn tests() -> Vec<String> {
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let report: PathBuf = root().join(target).join("nextest/default/junit.xml");
    fs::read_to_string(report).map_or_else(|_| Vec::new(), |text| names(&text))
}

/// A failed test is a `testcase` with a `failure` or an `error` in it.
fn names(report: &str) -> Vec<String> {
    let cases = report.split("<testcase ").skip(1);
    let failed = cases.filter(|case| {
        let case = case.split("</testcase>").next().unwrap_or_default();
        case.contains("<failure") || case.contains("<error")
    });
    failed
        .filter_map(|case| case.split_once("name=\"")?.1.split('"').next())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn failed_tests_are_those_with_a_failure() {
        let report = r#"<testsuites><testsuite name="a" tests="3">
            <testcase name="one::passes" classname="a" time="0.1"></testcase>
            <testcase name="two::fails" classname="a"><failure message="&quot;x&quot;">it</failure></testcase>
            <testcase name="three::hangs" classname="a"><error type="test timeout"/></testcase>
            <testcase name="four::passes" classname="a"/>
            </testsuite></testsuites>"#;
        assert_eq!(names(report), ["two::fails", "three::hangs"]);
        assert!(names("").is_empty());
    }
}
