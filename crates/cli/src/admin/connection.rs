//! One connection, one request.

use std::net::IpAddr;

use http::{HeaderValue, Method, Request, header};
use signalbox_http_client::{Connection, Limits, Tls, Url};

use super::{
    AdminError,
    answer::Answer,
    body::{self, RequestBody},
    token::{self, Token},
};
use crate::output;

/// What a request brings.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// JSON.
    Json(serde_json::Value),
}

/// What connects to one host.
pub(super) struct Connector {
    pub(super) address: Url,
    pub(super) token: Token,
    pub(super) tls: Option<Tls>,
    pub(super) limits: Limits,
}

impl Connector {
    /// Sends a request and waits for the head of its answer.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<Answer, AdminError> {
        let failed = |error| AdminError::unanswered(&self.address, error);
        let url = self.address.below(path).map_err(AdminError::Request)?;
        let connection = Connection::open(&url, self.tls.as_ref(), self.limits).await;
        let connection = connection.map_err(failed)?;
        let mut request = request(method, body);
        let authorization = self.authorization(connection.peer())?;
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, authorization);
        let answer = connection.send(request).await.map_err(failed)?;
        Ok(Answer::new(answer, self.address.clone(), self.limits.body))
    }

    fn authorization(&self, peer: Option<IpAddr>) -> Result<HeaderValue, AdminError> {
        let token = self.token.shown_to(peer, &self.address)?;
        if self.tls.is_none() && !token::is_loopback(peer) {
            output::talk(&format!(
                "warning: the token goes to {} unencrypted; give the host `admin.tls` and use \
                 https://",
                self.address
            ));
        }
        Ok(token)
    }
}

fn request(method: Method, body: Body) -> Request<RequestBody> {
    let mut request = Request::new(());
    *request.method_mut() = method;
    let headers = request.headers_mut();
    let lines = HeaderValue::from_static("application/x-ndjson, application/json");
    headers.insert(header::ACCEPT, lines);
    let bytes = match body {
        Body::Empty => Vec::new(),
        Body::Json(value) => {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
            value.to_string().into_bytes()
        }
    };
    body::attach(request, bytes)
}
