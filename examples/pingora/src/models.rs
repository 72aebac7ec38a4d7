//! What GT itself lists under `GET /v1/models`.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::BytesMut;
use http::StatusCode;
use http::header::HOST;
use http::request::Parts;
use pingora::http::RequestHeader;
use pingora::upstreams::peer::HttpPeer;
use pingora::{BError, Error, ErrorType, Result};
use signalbox_gate::{Code, Refusal, check_status, parse_model_list};

use crate::failure;
use crate::policy_gate::PolicyGate;

/// The names GT lists for one of our keys, asked with `head`.
pub(crate) async fn fetch(
    to: &PolicyGate,
    gt: &HttpPeer,
    credential: &str,
    mut head: Parts,
) -> Result<Arc<HashSet<String>>, Refusal> {
    if let Some(names) = to.lists.find(credential, to.times.models_cache) {
        return Ok(names);
    }
    head.headers.insert(HOST, to.host.clone());
    let (status, body) = ask(to, gt, RequestHeader::from(head))
        .await
        .map_err(refusal)?;
    check_status(status)?;
    if status != StatusCode::OK {
        return Err(Refusal::of(Code::UpstreamProtocol));
    }
    let names = parse_model_list(&body);
    let names = names.map_err(|_error| Refusal::of(Code::UpstreamProtocol))?;
    let names: Arc<HashSet<String>> = Arc::new(names.into_iter().collect());
    to.lists.keep(credential, &names);
    Ok(names)
}

/// One request of the gate's own, over a connection that is closed after it.
async fn ask(
    to: &PolicyGate,
    gt: &HttpPeer,
    head: RequestHeader,
) -> Result<(StatusCode, BytesMut)> {
    let (mut session, _reused) = to.connector.get_http_session(gt).await?;
    session.set_read_timeout(gt.options.read_timeout);
    session.write_request_header(Box::new(head)).await?;
    session.finish_request_body().await?;
    session.read_response_header().await?;
    let status = session.response_header().map(|head| head.status);
    let status = status.ok_or_else(|| Error::new(ErrorType::InvalidHTTPHeader))?;
    let mut body = BytesMut::new();
    while let Some(piece) = session.read_response_body().await? {
        if body.len() + piece.len() > LIST_BYTES {
            return Err(Error::new(ErrorType::InvalidHTTPHeader));
        }
        body.extend_from_slice(&piece);
    }
    Ok((status, body))
}

fn refusal(error: BError) -> Refusal {
    failure::refusal(&error)
}

/// A hundred thousand names.
const LIST_BYTES: usize = 16 << 20;
