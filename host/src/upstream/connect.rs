//! A new connection to one host: a socket, TLS where the URL says so, and the version of HTTP that
//! was agreed on.

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use tokio_rustls::TlsConnector;

use super::connection_limit::Place;
use super::dial::{DialError, dial};
use super::error::UpstreamError;
use super::guards::Guards;
use super::hosts::{Host, Hosts};
use super::http1::{Http1, Io, SpareBuffers};
use super::http2::{H2Pings, Http2};
use super::tls::CertificateProblem;
use crate::config;

/// A connection.
#[derive(Debug)]
pub(super) enum Connection {
    Http1(Http1),
    Http2(Rc<Http2>),
}

/// Connects to a host. Whoever waits sets the time.
pub(super) async fn connect(
    hosts: &Hosts,
    host: &Arc<Host>,
    place: Option<Place>,
    spares: &Rc<SpareBuffers>,
) -> Result<Connection, UpstreamError> {
    let origin = &host.url.origin;
    let dialled = dial(&*hosts.resolver, origin.host.as_str(), origin.port).await;
    let socket = dialled.map_err(|error| match error {
        DialError::Resolve(cause) => UpstreamError::Resolve(cause),
        DialError::Connect(cause) => UpstreamError::Connect(cause),
    })?;
    let guards = Guards::new(host.opens(&hosts.connections), place);
    let Some((trust, name)) = &host.tls else {
        let is_http2 = hosts.http2 == config::Http2::PriorKnowledge;
        return begin(socket, is_http2, guards, spares).await;
    };
    let connector = TlsConnector::from(trust.config());
    let stream = connector.connect(name.clone(), socket).await;
    let stream = stream.map_err(|error| match CertificateProblem::of(&error) {
        Some(problem) => UpstreamError::Certificate(problem, error),
        None => UpstreamError::Connect(error),
    })?;
    let is_http2 = match stream.get_ref().1.alpn_protocol() {
        Some(agreed) => agreed == b"h2",
        None => hosts.http2 == config::Http2::PriorKnowledge,
    };
    begin(stream, is_http2, guards, spares).await
}

async fn begin<S>(
    stream: S,
    is_http2: bool,
    guards: Guards,
    spares: &Rc<SpareBuffers>,
) -> Result<Connection, UpstreamError>
where
    S: Io + 'static,
{
    if !is_http2 {
        let connection = Http1::begin(Box::new(stream), guards, Rc::clone(spares));
        return Ok(Connection::Http1(connection));
    }
    let begun = Http2::begin(stream, guards, H2Pings::default()).await;
    // Nothing of a request was sent.
    let begun = begun.map_err(|error| UpstreamError::Connect(io::Error::other(error)));
    begun.map(Connection::Http2)
}
