//! Where traces go, as it is written and as it can be used.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;
use signalbox_http_client::{Scheme, Url};
use signalbox_runtime::TrafficShare;

use super::url::base;
use super::value::{path, share, text, whole, wrong};
use super::{ConfigError, Problem, Span, UrlError, is_loopback};
use crate::yaml::{present, word};

/// Where traces go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceSettings {
    /// The collector, which takes OTLP over HTTP.
    pub endpoint: Url,
    /// Further headers for it, as `name: value` lines; read again for each export.
    pub headers_file: Option<PathBuf>,
    /// Certificates to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Of requests that bring no trace of their own, the share that is traced.
    pub sample: TrafficShare,
    /// What this host is called in traces.
    pub service_name: String,
    /// For one export, from the connection to the collector's answer.
    pub timeout: Span,
    /// Requests that may wait for their export.
    pub queue: usize,
}

impl TraceSettings {
    /// The defaults, for a collector.
    #[must_use]
    pub fn new(endpoint: Url) -> Self {
        Self {
            endpoint,
            headers_file: None,
            ca_file: None,
            // Who names a collector wants to see requests; who has many says how many.
            sample: ALL,
            service_name: "signalbox".to_owned(),
            // What the OTLP specification has.
            timeout: Span::seconds(10),
            // A second of a busy host, at about 2 KiB each.
            queue: 2_048,
        }
    }
}

const ALL: TrafficShare = match TrafficShare::of_ten_thousand(10_000) {
    Some(all) => all,
    None => unreachable!(),
};

/// `traces:` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Traces {
    pub(super) endpoint: Spanned<Endpoint>,
    #[serde(default)]
    pub(super) plaintext: bool,
    #[serde(default, deserialize_with = "path")]
    pub(super) headers_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "path")]
    pub(super) ca_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "share")]
    pub(super) sample: Option<TrafficShare>,
    #[serde(default, deserialize_with = "text")]
    pub(super) service_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) timeout: Option<Span>,
    #[serde(default, deserialize_with = "whole::<1, 1_000_000, _, _>")]
    pub(super) queue: Option<usize>,
}

/// The collector's URL, which has no query.
#[derive(Debug)]
pub(super) struct Endpoint(Url);

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        word(deserializer, |text| match base(text) {
            Ok(url) => Ok(Self(url)),
            Err(UrlError::UserInfo) => Err(Problem::CollectorLogin),
            Err(error) => Err(error.into()),
        })
    }
}

impl Traces {
    pub(super) fn check(self, folder: &Path) -> Result<TraceSettings, ConfigError> {
        let origin = &self.endpoint.value.0.origin;
        let is_plain = origin.scheme == Scheme::Http && !is_loopback(origin.host.as_str());
        if is_plain && !self.plaintext {
            return Err(wrong(
                "traces.endpoint",
                &self.endpoint,
                Problem::PlainTraces,
            ));
        }
        let unset = TraceSettings::new(self.endpoint.value.0);
        Ok(TraceSettings {
            endpoint: unset.endpoint,
            headers_file: self.headers_file.map(|file| folder.join(file)),
            ca_file: self.ca_file.map(|file| folder.join(file)),
            sample: self.sample.unwrap_or(unset.sample),
            service_name: self.service_name.unwrap_or(unset.service_name),
            timeout: self.timeout.unwrap_or(unset.timeout),
            queue: self.queue.unwrap_or(unset.queue),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigError, NotASpan, Span};
    use super::*;

    fn read(traces: &str) -> Result<Option<TraceSettings>, ConfigError> {
        let text = format!(
            "upstream: {{url: 'http://127.0.0.1:1/', credentials: {{inference: {{env: GT}}}}}}\n\
             policies: {{default: p.yaml}}\nkeys: keys.yaml\n{traces}\n"
        );
        Config::parse(&text, Path::new("/etc/signalbox")).map(|config| config.traces)
    }

    fn problem(traces: &str) -> (String, String) {
        match read(traces) {
            Err(ConfigError::Value { key, problem, .. }) => (key, problem.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn traces_are_off_unless_they_are_written() {
        assert_eq!(read("").unwrap(), None);
        let least = read("traces: {endpoint: 'http://127.0.0.1:4318'}").unwrap();
        let endpoint = "http://127.0.0.1:4318".parse().unwrap();
        assert_eq!(least, Some(TraceSettings::new(endpoint)));
    }

    #[test]
    fn every_setting_is_read() {
        let written = "traces: {endpoint: 'https://otel.example/v1/traces', headers_file: h, \
                       ca_file: ca.pem, sample: 2.5%, service_name: gate, timeout: 3s, queue: 9}";
        let read = read(written).unwrap().unwrap();
        let endpoint = "https://otel.example/v1/traces".parse().unwrap();
        let expected = TraceSettings {
            headers_file: Some("/etc/signalbox/h".into()),
            ca_file: Some("/etc/signalbox/ca.pem".into()),
            sample: "2.5%".parse().unwrap(),
            service_name: "gate".to_owned(),
            timeout: Span::seconds(3),
            queue: 9,
            ..TraceSettings::new(endpoint)
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let here = "endpoint: 'http://127.0.0.1:4318'";
        for (traces, key, is) in [
            (
                "{endpoint: 'http://otel.example'}".to_owned(),
                "endpoint",
                Problem::PlainTraces,
            ),
            (
                "{endpoint: 'https://a:b@otel.example'}".to_owned(),
                "endpoint",
                Problem::CollectorLogin,
            ),
            (
                "{endpoint: 'otel.example'}".to_owned(),
                "endpoint",
                UrlError::Syntax.into(),
            ),
            (format!("{{{here}, sample: 0%}}"), "sample", Problem::Share),
            (
                format!("{{{here}, service_name: ' '}}"),
                "service_name",
                Problem::Blank,
            ),
            (
                format!("{{{here}, timeout: soon}}"),
                "timeout",
                Problem::Form(NotASpan.to_string()),
            ),
            (
                format!("{{{here}, queue: 0}}"),
                "queue",
                Problem::Range(1, 1_000_000),
            ),
        ] {
            let found = problem(&format!("traces: {traces}"));
            assert_eq!(found, (format!("traces.{key}"), is.to_string()), "{traces}");
        }
        assert!(read("traces: {endpoint: 'http://otel.example', plaintext: true}").is_ok());
    }
}
