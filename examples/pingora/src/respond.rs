//! Responses of the gate's own.

use http::Method;
use http::header::CONTENT_LENGTH;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use signalbox_gate::Respond;

/// Sends a response, and gives back what the exchange held once its last byte is written. Says its status.
pub(crate) async fn send(session: &mut Session, respond: Respond<()>) -> Result<u16> {
    let (response, completion) = respond.into_parts();
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    let mut head = ResponseHeader::from(head);
    head.insert_header(CONTENT_LENGTH, body.len())?;
    if !session.is_body_done() {
        // What is left of the body nobody waits for.
        session.set_keepalive(None);
    }
    let is_head = session.req_header().method == Method::HEAD || body.is_empty();
    session
        .write_response_header(Box::new(head), is_head)
        .await?;
    if !is_head {
        session.write_response_body(Some(body), true).await?;
    }
    drop(completion);
    Ok(status)
}
