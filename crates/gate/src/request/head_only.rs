//! HEAD: of what the host itself can answer it is a GET whose body is left out. GT has no HEAD, so
//! everywhere else it is a method like any other that a route has not.

use http::Method;
use http::request::Parts;
use signalbox_http::path;

/// Takes HEAD of a model list, or of one model, as the GET it stands for.
pub(crate) fn take_as_get(head: &mut Parts) {
    if head.method != Method::HEAD {
        return;
    }
    let target = head.uri.path_and_query().map(|target| target.as_str());
    let Some(Ok(target)) = target.map(|target| path::canonical(target, &|_| false)) else {
        return;
    };
    if target.path == LIST || target.model_id.is_some() {
        head.method = Method::GET;
    }
}

const LIST: &str = "/v1/models";
