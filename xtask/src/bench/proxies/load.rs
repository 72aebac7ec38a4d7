//! What is sent, and how.

use std::{process::Command, time::Duration};

use anyhow::Context as _;

use super::{bounded, contender::Contender, h2load, sample::Sample, scratch::Scratch, wrk};

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// HTTP/1.1 in plaintext, on this many connections that are kept.
    Http1(u32),
    /// The same over TLS, to proxies that speak TLS to the upstream too.
    Tls(u32),
    /// HTTP/2 over TLS, this many requests at a time on one connection.
    Http2(u32),
}

impl Load {
    pub(super) fn is_tls(self) -> bool {
        !matches!(self, Self::Http1(_))
    }

    /// Names files and, in headings, anchors.
    pub(super) fn slug(self) -> String {
        match self {
            Self::Http1(connections) => format!("http1-{connections}"),
            Self::Tls(connections) => format!("tls-{connections}"),
            Self::Http2(streams) => format!("http2-{streams}"),
        }
    }

    pub(super) fn title(self) -> String {
        match self {
            Self::Http1(connections) => format!("HTTP/1.1, {}", counted(connections)),
            Self::Tls(connections) => {
                format!("HTTP/1.1 over TLS on both sides, {}", counted(connections))
            }
            Self::Http2(streams) => {
                format!("HTTP/2 over TLS, {streams} requests at a time on one connection")
            }
        }
    }

    /// One turn.
    pub(super) fn send(
        self,
        contender: &Contender,
        seconds: u32,
        scratch: &Scratch,
    ) -> anyhow::Result<Sample> {
        let log = scratch.folder().join("h2load.log");
        let mut command = match self {
            Self::Http1(connections) | Self::Tls(connections) => {
                wrk::command(contender, connections, seconds, scratch)?
            }
            Self::Http2(streams) => h2load::command(contender, streams, seconds, &log),
        };
        let before = contender.processor_time();
        let said = output(&mut command, seconds)?;
        let spent = contender.processor_time().saturating_sub(before);
        let turn = match self {
            Self::Http1(_) | Self::Tls(_) => wrk::read(&said),
            Self::Http2(_) => h2load::read(&said, &std::fs::read_to_string(&log)?, seconds),
        };
        let turn =
            turn.with_context(|| format!("cannot read what the load generator says: {said}"))?;
        Ok(Sample {
            processor_us: spent.as_secs_f64() * 1e6 / turn.requests.max(1.0),
            ..turn.sample
        })
    }
}

/// A generator that hangs with its contender is ended.
fn output(command: &mut Command, seconds: u32) -> anyhow::Result<String> {
    bounded::output(command, Duration::from_secs(u64::from(seconds) + 30))
}

fn counted(connections: u32) -> String {
    match connections {
        1 => "1 connection".to_owned(),
        many => format!("{many} connections"),
    }
}
