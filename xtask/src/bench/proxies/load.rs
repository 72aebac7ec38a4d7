//! How requests are sent.

use super::exchange::Exchange;

/// What one table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) protocol: Protocol,
    /// Connections that are kept; over HTTP/2 requests at a time on one.
    pub(super) at_once: u32,
    pub(super) exchange: Exchange,
    /// Requests a second on each connection; as many as there can be if `None`.
    pub(super) pace: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.1 in plaintext.
    Http1,
    /// The same over TLS, to proxies that speak TLS to the upstream too.
    Tls,
    /// HTTP/2 over TLS.
    Http2,
}

impl Load {
    /// Small chats, as many as there can be.
    pub(super) fn new(protocol: Protocol, at_once: u32) -> Self {
        Self {
            protocol,
            at_once,
            exchange: Exchange::Chat,
            pace: None,
        }
    }

    pub(super) fn is_tls(self) -> bool {
        self.protocol != Protocol::Http1
    }

    /// Names files and, in headings, anchors.
    pub(super) fn slug(self) -> String {
        let protocol = match self.protocol {
            Protocol::Http1 => "http1",
            Protocol::Tls => "tls",
            Protocol::Http2 => "http2",
        };
        let pace = if self.pace.is_some() { "-paced" } else { "" };
        format!("{protocol}-{}{}{pace}", self.at_once, self.exchange.slug())
    }

    pub(super) fn title(self) -> String {
        let how = match self.protocol {
            Protocol::Http1 => format!("HTTP/1.1, {}", counted(self.at_once)),
            Protocol::Tls => format!("HTTP/1.1 over TLS on both sides, {}", counted(self.at_once)),
            Protocol::Http2 => format!(
                "HTTP/2 over TLS, {} requests at a time on one connection",
                self.at_once
            ),
        };
        let pace = self.pace.map_or_else(String::new, |pace| {
            format!(", {} requests a second", pace * self.at_once)
        });
        format!("{how}{}{pace}", self.exchange.title())
    }
}

fn counted(connections: u32) -> String {
    match connections {
        1 => "1 connection".to_owned(),
        many => format!("{many} connections"),
    }
}
