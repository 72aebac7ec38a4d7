//! curl, which everybody has, over every way there is to HTTP/2.

use std::process::Command;

use crate::harness::{Gate, Gt};

/// Status, version and body as curl sees them.
fn curl(arguments: &[&str], url: &str) -> (String, String) {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "30"])
        .args(["--write-out", "\n%{http_code} %{http_version}"])
        .args(["--header", "authorization: Bearer token-all"])
        .args(["--json", r#"{"model":"gpt-4o","messages":[]}"#])
        .args(arguments)
        .arg(url)
        .output()
        .expect("curl is not installed");
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, last) = text.rsplit_once('\n').unwrap_or_else(|| {
        panic!("{}", String::from_utf8_lossy(&output.stderr));
    });
    (last.to_owned(), body.to_owned())
}

#[test]
fn curl_speaks_to_the_host_in_both_versions() {
    let gate = Gate::before(&Gt::chatty());
    let url = format!("http://{}/v1/chat/completions", gate.address);
    let body = r#"{"id":"c1","model":"gpt-4o"}"#;
    for (arguments, expected) in [
        (&["--http2-prior-knowledge"][..], "200 2"),
        (&["--http1.1"], "200 1.1"),
        // It offers an upgrade, as Java's client does; nobody has to take it up.
        (&["--http2"], "200 1.1"),
    ] {
        let (last, answer) = curl(arguments, &url);
        assert_eq!(last, expected, "{arguments:?}: {answer}");
        if expected.starts_with("200") {
            assert_eq!(answer, body);
        }
    }
}
