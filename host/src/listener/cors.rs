//! Pages of browsers that may call (CORS): only those of the origins that are listed, without
//! cookies, and never every origin.
//!
//! A browser asks beforehand, without a key, and is answered here: no policy is asked. Refusals say
//! as well that the page may read them, or nobody would see why a call fails.

use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body;
use signalbox_http::head;

use crate::config::CorsSettings;

/// A page that may call, of which a request comes.
#[derive(Debug)]
pub(crate) struct Page(HeaderValue);

impl Page {
    /// The page a request comes from, if it may call.
    pub(crate) fn of(settings: &CorsSettings, headers: &HeaderMap) -> Option<Self> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return None;
        };
        let is_it = |listed: &String| listed.as_bytes() == origin.as_bytes();
        let is_listed = settings.origins.iter().any(is_it);
        is_listed.then(|| Self(origin.clone()))
    }

    /// The answer to its question beforehand, if it is one.
    pub(crate) fn preflight(
        &self,
        settings: &CorsSettings,
        request: &Request<impl Body>,
    ) -> Option<Response<Vec<u8>>> {
        let asked = request.headers();
        let asks = asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if request.method() != Method::OPTIONS || !asks || !request.body().is_end_stream() {
            return None;
        }
        let mut answer = Response::new(Vec::new());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        let headers = answer.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        if let Some(allowed) = allowed_headers(settings, asked) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        }
        let age = HeaderValue::from(settings.max_age.duration().as_secs());
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, age);
        Some(answer)
    }
}

/// Says in an answer who may read it: the page, or nobody else's. Caches are told either way.
pub(crate) fn stamp(page: Option<Page>, headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(Page(origin)) = page {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

/// Those of the headers a page wants to send that it may: what is forwarded anyway, the key, and
/// those of the configuration. What is left out the browser does not send.
fn allowed_headers(settings: &CorsSettings, headers: &HeaderMap) -> Option<HeaderValue> {
    let wanted = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let wanted = wanted.iter().filter_map(|value| value.to_str().ok());
    let wanted = wanted
        .flat_map(|value| value.split(','))
        .map(str::trim_ascii);
    let may = |name: &&str| {
        name.eq_ignore_ascii_case("authorization")
            || head::request_header_passes(name, &settings.headers, true)
            || settings
                .headers
                .iter()
                .any(|listed| listed.eq_ignore_ascii_case(name))
    };
    let allowed: Vec<&str> = wanted.filter(may).collect();
    HeaderValue::try_from(allowed.join(", "))
        .ok()
        .filter(|value| !value.is_empty())
}

/// Those of GT's routes; which one has which is the policy's to say, in its answer.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
/// What a page may read of an answer, beside the few that are always readable.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "retry-after, x-gt-conversation-id, x-request-id, x-should-retry, x-signalbox-decision, \
     x-signalbox-notice, x-signalbox-policy",
);

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> CorsSettings {
        let mut settings = CorsSettings::new(vec!["https://app.example".to_owned()]);
        settings.headers = vec!["x-team".to_owned()];
        settings
    }

    fn asked(headers: &[(&str, &str)]) -> Request<http_body_util::Empty<&'static [u8]>> {
        let mut request = Request::builder().method("OPTIONS");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(http_body_util::Empty::new()).unwrap()
    }

    #[test]
    fn only_a_listed_origin_is_a_page_that_may_call() {
        for (origins, may) in [
            (&["https://app.example"][..], true),
            (&[], false),
            (&["null"], false),
            (&["https://app.example.evil.example"], false),
            (&["https://app.example:444"], false),
            (&["http://app.example"], false),
            (&["https://app.example", "https://app.example"], false),
            (&["https://app.example https://evil.example"], false),
        ] {
            let headers: Vec<_> = origins.iter().map(|&origin| ("origin", origin)).collect();
            let page = Page::of(&settings(), asked(&headers).headers());
            assert_eq!(page.is_some(), may, "{origins:?}");
        }
    }

    #[test]
    fn a_page_may_send_what_is_forwarded_its_key_and_what_is_listed() {
        let head = asked(&[
            ("origin", "https://app.example"),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "authorization,Content-Type, x-stainless-os,X-Team,cookie,x-gt-conversation-id,x-other,",
            ),
        ]);
        let page = Page::of(&settings(), head.headers()).unwrap();
        let answer = page.preflight(&settings(), &head).unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(
            answer.headers()["access-control-allow-headers"],
            "authorization, Content-Type, x-stainless-os, X-Team, x-gt-conversation-id"
        );
        assert_eq!(answer.headers()["access-control-max-age"], "600");
        assert!(
            !answer
                .headers()
                .contains_key("access-control-allow-credentials")
        );
    }
}
