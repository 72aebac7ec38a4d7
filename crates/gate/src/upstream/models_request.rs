//! The request for GT's own list of models.

use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Request, Uri};
use signalbox_http::refusal::{Code, Refusal};

use crate::auth::secret::Secret;

/// A request for GT's own list of models.
#[derive(Debug)]
pub struct ModelsRequest {
    pub(crate) credential: String,
    pub(crate) head: Parts,
}

impl ModelsRequest {
    pub(crate) fn new(base_path: &str, name: &str, secret: &Secret) -> Result<Self, Refusal> {
        let (mut head, ()) = Request::new(()).into_parts();
        head.uri = Uri::try_from(format!("{base_path}/v1/models"))
            .map_err(|_| Refusal::of(Code::UpstreamProtocol))?;
        let headers = &mut head.headers;
        headers.insert(header::AUTHORIZATION, secret.authorization().clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        );
        Ok(Self {
            credential: name.to_owned(),
            head,
        })
    }
}
