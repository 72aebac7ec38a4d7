//! What a tenant publishes to a GT key.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::{
    Request, StatusCode,
    header::{self, HeaderValue},
};
use signalbox_http::models::parse_list;
use signalbox_http_client::{Connection, Limits, Roots, Scheme, Tls, Url};
use signalbox_policy::is_published_name;

use super::answers::Answers;
use crate::{admin::block_on, output, show};

/// The names, in GT's order, each once.
pub(super) fn published(answers: &Answers) -> anyhow::Result<Vec<String>> {
    let gt = &answers.gt;
    let url = Url::at(gt.origin.clone(), &format!("{}/v1/models", gt.base_path))?;
    let tls = match gt.origin.scheme {
        Scheme::Http => None,
        Scheme::Https => Some(Tls::new(Roots::read(answers.ca_file.as_deref())?)?),
    };
    let (status, body) = block_on(async {
        let mut request = Request::new(String::new());
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let authorization = answers.key.secret.authorization().clone();
        headers.insert(header::AUTHORIZATION, authorization);
        let connection = Connection::open(&url, tls.as_ref(), Limits::new(TIME, MOST)).await?;
        let answer = connection.send(request).await?;
        let status = answer.status();
        let body = match status {
            StatusCode::OK => answer.into_body().whole().await?,
            _ => Vec::new(),
        };
        anyhow::Ok((status, body))
    })
    .with_context(|| format!("GT does not answer at {url}"))?;
    ensure!(
        !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
        "GT does not take this key: {status} at {url}; make one in GT under API keys, for inference"
    );
    ensure!(
        status == StatusCode::OK,
        "{url} answers {status}: is this GT's base? It ends in /api/tenant"
    );
    let names = parse_list(&body).with_context(|| format!("{url} does not answer as GT does"))?;
    let mut published = Vec::new();
    for name in names {
        if !published.contains(&name) {
            published.push(name);
        }
    }
    ensure!(
        !published.is_empty(),
        "GT publishes no name to this key: publish an agent or a model in GT, and allow it on the key"
    );
    Ok(published)
}

/// Those of the names that a policy can have; says which it cannot.
pub(super) fn usable(published: Vec<String>) -> anyhow::Result<Vec<String>> {
    let (usable, others): (Vec<_>, Vec<_>) = published
        .into_iter()
        .partition(|name| is_published_name(name));
    for name in others {
        let name = show::plain(&name);
        output::talk(&format!(
            "note: no policy can have the name `{name}`: it is left out"
        ));
    }
    ensure!(
        !usable.is_empty(),
        "the tenant publishes no name that a policy can have"
    );
    Ok(usable)
}

/// People wait for it.
const TIME: Duration = Duration::from_secs(20);
/// As many bytes as a list of thousands has.
const MOST: u64 = 4 << 20;
