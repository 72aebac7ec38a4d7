//! A request's body as it arrives: recorded, counted, bounded.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};

use crate::answer::Cut;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::Form;
use crate::refusal::Refusal;
use crate::shared::{Shared, hex};

#[derive(Debug)]
pub(crate) struct Inbound {
    shared: Arc<Shared>,
    body: Incoming,
    number: u64,
    hash: Option<Sha256>,
}

impl Inbound {
    pub(crate) fn new(shared: &Arc<Shared>, head: &Parts, body: Incoming) -> Self {
        let number = shared.recorder.begin(head);
        shared.progress.send_modify(|now| now.requests += 1);
        Self {
            shared: Arc::clone(shared),
            body,
            number,
            hash: Some(Sha256::new()),
        }
    }

    pub(crate) fn identified(&self, key: &str) {
        self.shared.recorder.identified(self.number, key);
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Cut> {
        while let Some(frame) = self.body.frame().await {
            // Trailers mean nothing to any route.
            let Ok(chunk) = frame.map_err(Cut::Request)?.into_data() else {
                continue;
            };
            self.shared.recorder.body(self.number, &chunk);
            if let Some(hash) = &mut self.hash {
                hash.update(&chunk);
            }
            return Ok(Some(chunk));
        }
        if let Some(hash) = self.hash.take() {
            self.shared.recorder.end(self.number, hex(&hash.finalize()));
            self.shared.progress.send_modify(|now| now.bodies += 1);
        }
        Ok(None)
    }

    /// Reads what is left, so that a client still sending sees the answer and not a reset.
    pub(crate) async fn drain(&mut self) -> Result<(), Cut> {
        let mut read = 0;
        while read <= DRAIN_LIMIT
            && let Some(chunk) = self.chunk().await?
        {
            read += chunk.len();
        }
        Ok(())
    }

    /// A JSON object.
    pub(crate) async fn json(&mut self, headers: &HeaderMap) -> Result<Fields, Failure> {
        let expected = "application/json";
        if !only_content_type(headers)
            .is_some_and(|(essence, _)| essence.eq_ignore_ascii_case(expected))
        {
            return Err(Refusal::media_type(expected).into());
        }
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > JSON_LIMIT {
                return Err(Refusal::too_large(JSON_LIMIT).into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fields::parse(&body)?)
    }

    /// A multipart form with the part `file`.
    pub(crate) async fn form(&mut self, headers: &HeaderMap) -> Result<Form, Failure> {
        let expected = "multipart/form-data; boundary=…";
        let boundary = only_content_type(headers)
            .filter(|(essence, _)| essence.eq_ignore_ascii_case("multipart/form-data"))
            .and_then(|(_, parameters)| boundary(parameters))
            .ok_or_else(|| Refusal::media_type(expected))?;
        let mut form = Form::new(boundary);
        while let Some(chunk) = self.chunk().await? {
            form.push(&chunk)?;
        }
        form.finish()?;
        Ok(form)
    }
}

/// The essence and the parameters of the one content type of a body that is not encoded.
fn only_content_type(headers: &HeaderMap) -> Option<(&str, &str)> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = value
        .to_str()
        .ok()
        .filter(|_| !headers.contains_key(header::CONTENT_ENCODING))?;
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    Some((essence.trim(), parameters))
}

/// RFC 2046: 1 to 70 characters of a small alphabet, quoted or not.
fn boundary(parameters: &str) -> Option<&str> {
    let mut found = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    });
    let (Some(value), None) = (found.next(), found.next()) else {
        return None;
    };
    let value = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    ((1..=70).contains(&value.len()) && value.bytes().all(legal) && !value.ends_with(' '))
        .then_some(value)
}

/// As much as Signalbox buffers by default.
const JSON_LIMIT: usize = 32 << 20;

/// Twice the largest JSON body: who sends more to a route that refuses may see a reset.
const DRAIN_LIMIT: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_one_legal_parameter_quoted_or_not() {
        for (parameters, expected) in [
            (" boundary=abc", Some("abc")),
            (" charset=utf-8; Boundary=\"a b:c\"", Some("a b:c")),
            ("", None),
            (" boundary=", None),
            (" boundary=a; boundary=b", None),
            (" boundary=\"a ", None),
        ] {
            assert_eq!(boundary(parameters), expected, "{parameters}");
        }
    }
}
