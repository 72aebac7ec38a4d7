//! What a gate is told once.

use std::sync::Arc;

use signalbox_policy::gt_routes::GtRoutes;

use crate::request::forwarded::ForwardedSettings;
use crate::request::own_hosts::OwnHosts;
use crate::upstream::gt_routes;

/// What a gate is told once. Sizes are in bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// GT's path before `/v1/…`, like `/api/tenant`.
    pub base_path: String,
    /// What GT asks of a key, route by route; a path that is not in it is not sent.
    pub gt_routes: Arc<GtRoutes>,
    /// The names the gate is known by.
    pub own_hosts: OwnHosts,
    /// The largest request line and headers, over HTTP/2.
    pub largest_head: u64,
    /// The largest JSON body.
    pub json_body: u64,
    /// The largest body that streams: uploads and forms.
    pub upload_body: u64,
    /// What is held of one form in memory until its model is known.
    pub multipart_memory: u64,
    /// What is held of one form on disk until its model is known.
    pub multipart_disk: u64,
    /// The canonical paths on which GT is asked to say at the end of a stream what it took, of clients
    /// that do not ask themselves: of [`ASKABLE`](signalbox_http::usage::ASKABLE). The client's stream
    /// does not have what is asked for.
    pub ask_usage: Vec<String>,
    /// Whose word on a client's address is taken, and what of it GT is told.
    pub forwarded: ForwardedSettings,
    /// Whether responses say `x-signalbox-decision`.
    pub decision_header: bool,
    /// Whether responses say `x-signalbox-policy`.
    pub policy_header: bool,
}

impl Settings {
    /// The defaults, before a GT whose path is `base_path`.
    #[must_use]
    pub fn at(base_path: impl Into<String>) -> Self {
        Self {
            base_path: base_path.into(),
            ..Self::default()
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_path: String::new(),
            gt_routes: gt_routes::shipped(),
            own_hosts: OwnHosts::default(),
            // OpenAI clients send under 2 KiB; proxies before us may add tracing and cookies.
            largest_head: 64 << 10,
            json_body: 32 << 20,
            // Uploads stream: only GT's own limit matters, which is not documented.
            upload_body: 1 << 30,
            multipart_memory: 1 << 20,
            multipart_disk: 64 << 20,
            ask_usage: Vec::new(),
            forwarded: ForwardedSettings::default(),
            decision_header: true,
            policy_header: true,
        }
    }
}
