//! The lines of requests, which do not go through tracing: its filter decides all the same.

use serde_json::Value;
use signalbox_gate::Digest;

use crate::{
    host::Folder,
    signalbox::{Serving, Stream, ask, command},
};

#[test]
fn a_request_is_logged_unless_the_filter_leaves_it_out() {
    for (filter, lines) in [
        ("info", 1),
        ("debug", 1),
        ("error,signalbox::access=info", 1),
        ("signalbox=info", 1),
        ("error", 0),
        ("info,signalbox::access=off", 0),
        ("info,signalbox::access=warn", 0),
        ("signalbox_host=trace", 0),
    ] {
        let folder = Folder::new();
        let config = folder.configure("", "times: {readiness_off: 1ms, drain: 1s}\n");
        let mut command = command(&["serve", "--config", &config]);
        command.env("SIGNALBOX_LOG", filter);
        let serving = Serving::of(command, Stream::Stderr, "listening on http://");
        let address = serving.address("listening on http://");
        let (status, _) = ask(address, "GET /v1/models HTTP/1.1", "");
        assert_eq!(status, 401);
        let log = serving.rest_of_the_log();
        let logged: Vec<Value> = log
            .iter()
            .filter(|line| line.contains("\"signalbox::access\""))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(logged.len(), lines, "{filter}: {log:?}");
        for line in logged {
            assert_eq!(line["level"], "INFO");
            assert_eq!(line["message"], "ended");
            assert_eq!(line["status"], 401);
        }
    }
}

/// They have one plan, which keeps what its lines say alike.
#[test]
fn a_head_and_its_get_are_each_logged_with_their_own_method() {
    for methods in [["HEAD", "GET"], ["GET", "HEAD"]] {
        let methods = methods.map(|method| [method; 3]).concat();
        let folder = Folder::new();
        let key = format!(
            "keys:\n  - {{id: k, sha256: \"{}\", preset: chat-client, models: all}}\n",
            Digest::of("t")
        );
        folder.write("keys.yaml", &key);
        let more = "workers: 1\ntimes: {readiness_off: 1ms, drain: 1s}\n";
        let config = folder.configure("", more);
        let command = command(&["serve", "--config", &config]);
        let serving = Serving::of(command, Stream::Stderr, "listening on http://");
        let address = serving.address("listening on http://");
        for method in &methods {
            let head = format!("{method} /v1/models HTTP/1.1\r\nauthorization: Bearer t");
            assert_eq!(ask(address, &head, "").0, 200);
        }
        let log = serving.rest_of_the_log();
        let lines = log.iter().filter(|line| line.contains("signalbox::access"));
        let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
        let logged: Vec<Value> = lines.map(|line| line["method"].clone()).collect();
        assert_eq!(logged, methods);
    }
}
