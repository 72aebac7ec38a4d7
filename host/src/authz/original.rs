//! The client's request, as the proxy that asks tells of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header};
use signalbox_gate::Peer;
use signalbox_http::refusal::{Code, Refusal};

use super::proxy::{OriginalHeaders, Proxy, Shown};

/// The client's request.
#[derive(Debug)]
pub(super) struct Original {
    pub(super) head: Parts,
    /// Its method and its target as its client wrote them.
    pub(super) method: Method,
    pub(super) target: String,
    /// The length of its body, as its head has it.
    pub(super) declared: Option<u64>,
}

impl Original {
    /// What the head of a question tells; `length` is that of the question's own body, if it is known.
    ///
    /// # Errors
    /// Where it does not tell of one request.
    pub(super) fn read(proxy: Proxy, asked: Parts, length: Option<u64>) -> Result<Self, Refusal> {
        let names = proxy.headers();
        let headers = asked.headers;
        let method = required(&headers, names.method)?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| unclear(names.method))?;
        let target = required(&headers, names.uri)?;
        let target = target.to_str().map_err(|_| no_target())?.to_owned();
        let uri = Uri::try_from(&*target).map_err(|_| no_target())?;
        let framing = framing(&headers, names)?;
        let declared = match (proxy.shows(), &framing) {
            (_, Framing::Length(told, _)) => Some(*told),
            (_, Framing::Chunked(_)) => None,
            (Shown::Body, Framing::Unsaid) => length,
            (Shown::Head, Framing::Unsaid) => {
                let has_none = matches!(method, Method::GET | Method::HEAD);
                (has_none || proxy.tells_of_chunks()).then_some(0)
            }
        };
        let mut head = Request::new(()).into_parts().0;
        head.method = method.clone();
        head.uri = uri;
        head.version = Version::HTTP_11;
        head.headers = headers;
        framing.replace_in(&mut head.headers, proxy.shows());
        remove_told(&mut head.headers);
        Ok(Self {
            head,
            method,
            target,
            declared,
        })
    }
}

/// The client, as the proxy tells of it.
pub(super) fn peer(headers: &HeaderMap) -> Peer {
    let address = one(headers, "x-forwarded-for");
    let address =
        address.and_then(|list| list.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let scheme = one(headers, "x-forwarded-proto");
    Peer {
        address: SocketAddr::new(address, 0),
        is_tls: scheme.is_some_and(|scheme| scheme == "https"),
    }
}

/// How the client said where its body ends.
#[derive(Debug)]
enum Framing {
    Length(u64, HeaderValue),
    Chunked(HeaderValue),
    /// Not at all, or as the question's own body is framed.
    Unsaid,
}

fn framing(headers: &HeaderMap, names: OriginalHeaders) -> Result<Framing, Refusal> {
    let present = |name: &'static str| match optional(headers, name) {
        Ok(value) => Ok(value.filter(|value| !value.is_empty())),
        Err(error) => Err(error),
    };
    match (present(names.length)?, present(names.coding)?) {
        (None, None) => Ok(Framing::Unsaid),
        (None, Some(coding)) => Ok(Framing::Chunked(coding.clone())),
        (Some(length), None) => {
            let digits = length.to_str().ok();
            let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            let number = digits.and_then(|digits| digits.parse().ok());
            let number = number.ok_or_else(|| unclear(names.length))?;
            Ok(Framing::Length(number, length.clone()))
        }
        (Some(_), Some(_)) => Err(unclear(names.coding)),
    }
}

impl Framing {
    /// Puts what the client said in place of what the question says of its own body.
    fn replace_in(self, headers: &mut HeaderMap, shown: Shown) {
        if let (Self::Unsaid, Shown::Body) = (&self, shown) {
            return;
        }
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::TRANSFER_ENCODING);
        match self {
            Self::Length(_, value) => drop(headers.insert(header::CONTENT_LENGTH, value)),
            Self::Chunked(value) => drop(headers.insert(header::TRANSFER_ENCODING, value)),
            Self::Unsaid => {}
        }
    }
}

/// Takes away what the proxy tells, and what a client could pass off for that.
fn remove_told(headers: &mut HeaderMap) {
    const TOLD: [&str; 3] = ["x-original-", "x-forwarded-", "x-signalbox-"];
    let is_told = |name: &&HeaderName| TOLD.iter().any(|told| name.as_str().starts_with(told));
    let told: Vec<HeaderName> = headers.keys().filter(is_told).cloned().collect();
    for name in told {
        headers.remove(name);
    }
}

fn required<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h HeaderValue, Refusal> {
    optional(headers, name)?.ok_or_else(|| unclear(name))
}

/// # Errors
/// If it is there twice: one of them is the client's.
fn optional<'h>(
    headers: &'h HeaderMap,
    name: &'static str,
) -> Result<Option<&'h HeaderValue>, Refusal> {
    match (headers.contains_key(name), one(headers, name)) {
        (true, None) => Err(unclear(name)),
        (_, value) => Ok(value),
    }
}

/// The value of a header that is there once.
fn one<'h>(headers: &'h HeaderMap, name: &'static str) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn unclear(name: &'static str) -> Refusal {
    Refusal::new(
        Code::ProxyCannotRewrite,
        format!(
            "The proxy before this gate does not say `{name}` once, as it has to. Tell the operator."
        ),
    )
}

fn no_target() -> Refusal {
    Refusal::of(Code::InvalidPath)
}

#[cfg(test)]
mod tests;
