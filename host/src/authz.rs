//! The listener for proxies that ask before they send a request on: what to send, or what to answer.
//!
//! | path | who asks | what it shows | what it can do |
//! | --- | --- | --- | --- |
//! | `/nginx-njs/body` | nginx with njs | head and JSON body | all |
//! | `/nginx-njs/head` | nginx with njs | head | all but what needs the body |
//! | `/nginx` | nginx, `auth_request` | head | sets headers and target |
//! | `/traefik` | Traefik, `forwardAuth` with `forwardBody` | head and body | sets headers |
//! | `/caddy` | Caddy, `forward_auth` | head | sets headers and target |
//! | `/haproxy` | HAProxy, with a Lua action | head | sets headers and target |
//!
//! The path says who asks, and so which headers tell of the client's request: `x-original-*` for nginx,
//! `x-forwarded-*` for the others. Only these are read, each has to be there once, and the proxy sets
//! them over whatever its client sent.
//!
//! An answer with `x-signalbox-authz: forward` lets the request through, and no other answer does. It
//! has GT's key in it: whoever may ask here may use GT. So the listener is a private one
//! (`listener/private.rs`).

mod answer;
mod asked_body;
mod connection;
mod exchange;
mod original;
mod proxy;
mod refusals;

pub(crate) use connection::serve;
