//! One request and its whole answer.

use std::time::Duration;

use http::header::{self, HeaderValue};
use http::{Method, Request, StatusCode};
use signalbox_http_client::{Connection, Limits, Tls, Url};

use crate::answer::Answer;
use crate::error::{Part, PullError};

/// A request about to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) url: &'a Url,
    pub(crate) method: &'a Method,
    pub(crate) accept: &'static str,
    pub(crate) authorization: Option<&'a HeaderValue>,
    /// What is asked for, and how long it may be at most.
    pub(crate) part: Part,
    pub(crate) most: u64,
}

/// How requests are sent.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) tls: Tls,
    /// How long nothing may come.
    pub(crate) idle: Duration,
    /// How long one request may take; a pull, which has several, has no more.
    pub(crate) time: Duration,
}

impl Exchange {
    pub(crate) async fn send(&self, ask: &Ask<'_>) -> Result<Answer, PullError> {
        let failed = |error| PullError::unanswered(error, ask.part);
        let limits = Limits {
            connect: self.idle,
            idle: self.idle,
            ..Limits::new(self.time, ask.most)
        };
        let connection = Connection::open(ask.url, Some(&self.tls), limits).await;
        let answer = connection.map_err(failed)?.send(request(ask)).await;
        let (head, body) = answer.map_err(failed)?.into_parts();
        let is_wanted = head.status == StatusCode::OK && ask.method == Method::GET;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: match is_wanted {
                true => body.whole().await.map_err(failed)?,
                false => Vec::new(),
            },
        })
    }
}

fn request(ask: &Ask<'_>) -> Request<String> {
    let mut request = Request::new(String::new());
    *request.method_mut() = ask.method.clone();
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, HeaderValue::from_static(ask.accept));
    if let Some(authorization) = ask.authorization {
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    request
}
