//! The lines of requests, which do not go through tracing: its filter decides all the same.

use serde_json::Value;

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
