//! Questions of our own: whether a GT host is well that no request goes to.
//!
//! One worker asks each host every so often, over a new connection, so that all that a request
//! needs is tried: name, address, certificate and answer. Any answer below 500 is a sign of life.
//! GT has no route for this; `GET /v1/models` is there in every GT and costs it little, and 401 is
//! what it says where there is no inference credential.

use std::rc::Rc;
use std::sync::Arc;

use http::{HeaderValue, Method, Request, Uri, header};
use signalbox_swap::error_chain;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::body::RequestBody;
use super::connect::{Connection, connect};
use super::error::UpstreamError;
use super::hosts::{Host, Hosts};
use crate::auth::credentials::Credentials;
use crate::config::HealthCheck;

/// Asks every host as the configuration has it, until the worker ends.
pub(crate) fn check_hosts(hosts: &Arc<Hosts>, credentials: &Arc<Credentials>, check: &HealthCheck) {
    for host in &hosts.list {
        let (hosts, host) = (Arc::clone(hosts), Arc::clone(host));
        let (credentials, check) = (Arc::clone(credentials), check.clone());
        tokio::task::spawn_local(async move {
            let mut look = interval(check.interval.duration());
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                look.tick().await;
                match ask(&hosts, &credentials, &host, &check).await {
                    Ok(()) => hosts.passed_check(&host),
                    Err(why) => hosts.failed_check(&host, check.failures, &why),
                }
            }
        });
    }
}

/// Whether a host answers; if not, what it does.
async fn ask(
    hosts: &Hosts,
    credentials: &Credentials,
    host: &Arc<Host>,
    check: &HealthCheck,
) -> Result<(), String> {
    let time = check.timeout.duration();
    let answer = timeout(time, answer(hosts, credentials, host, check)).await;
    match answer {
        Ok(Ok(status)) if status < 500 => Ok(()),
        Ok(Ok(status)) => Err(format!("it answers with the status {status}")),
        Ok(Err(error)) => {
            let error = error_chain(&error);
            tracing::debug!(upstream = %host.url, error, "a health check failed");
            Err(error)
        }
        Err(_elapsed) => Err("it does not answer in time".to_owned()),
    }
}

async fn answer(
    hosts: &Hosts,
    credentials: &Credentials,
    host: &Arc<Host>,
    check: &HealthCheck,
) -> Result<u16, UpstreamError> {
    let mut request = request(credentials, host, check);
    let status = match connect(hosts, host, None, &Rc::default()).await? {
        Connection::Http1(mut connection) => {
            let sent = connection.send(&mut request).await;
            sent.map(|answer| answer.status())
                .map_err(|(error, _)| error.into())
        }
        Connection::Http2(connection) => {
            let stream = Rc::clone(&connection).open();
            let stream = stream.ok_or(UpstreamError::Busy)?;
            let sent = stream.send(host, &mut request).await;
            sent.map(|answer| answer.status())
                .map_err(|(error, _)| error.into())
        }
    };
    let status = status.map_err(|error| super::lost(error, None))?;
    Ok(status.as_u16())
}

fn request(credentials: &Credentials, host: &Host, check: &HealthCheck) -> Request<RequestBody> {
    let mut request = Request::new(RequestBody::Empty);
    *request.method_mut() = Method::GET;
    let path = format!("{}{}", host.url.base_path, check.path);
    // Both were checked to be paths.
    *request.uri_mut() = Uri::try_from(path).unwrap_or_default();
    let headers = request.headers_mut();
    headers.insert(header::HOST, host.authority.clone());
    headers.insert(header::USER_AGENT, HeaderValue::from_static(WHO));
    if let Some(secret) = credentials.named("inference") {
        headers.insert(header::AUTHORIZATION, secret.authorization().clone());
    }
    request
}

/// So that GT's operators know what it is in their logs.
const WHO: &str = concat!("signalbox/", env!("CARGO_PKG_VERSION"), " (health check)");
