//! Requests as clients write them that do not run here: the files of `tests/runbook_clients/requests`.
//!
//! A file has where its request is from, the method and what the client puts after its base URL, the
//! headers but for the key, an empty line, and the body.

use std::fs;

use crate::{http::Ask, root};

/// One request.
#[derive(Clone, Debug)]
pub struct ClientRequest {
    /// The name of its file.
    pub name: String,
    method: String,
    route: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl ClientRequest {
    /// The request with this base, as a path, and this key.
    #[must_use]
    pub fn ask(&self, base: &str, key: &str) -> Ask {
        let ask = Ask::new(&self.method, &format!("{base}/{}", self.route)).key(key);
        let headers = self.headers.iter();
        let ask = headers.fold(ask, |ask, (name, value)| ask.header(name, value));
        if self.body.is_empty() {
            ask
        } else {
            ask.body(self.body.as_bytes())
        }
    }

    /// The route, as GT documents it.
    #[must_use]
    pub fn documented(&self) -> String {
        format!("{} /v1/{}", self.method, self.route)
    }
}

/// The request that a client makes when it is asked this, both by name.
///
/// # Panics
/// If there is none, or it is not as said above.
#[must_use]
pub fn client_request(client: &str, asked: &str) -> ClientRequest {
    let name = format!("{client}_{asked}");
    let path = root()
        .join("tests/runbook_clients/requests")
        .join(&name)
        .with_extension("http");
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (head, body) = text.split_once("\n\n").expect("an empty line");
    let mut lines = head.lines();
    let source = lines.next().unwrap_or_default();
    assert!(source.starts_with("# "), "{name}: where is it from?");
    let (method, route) = lines
        .next()
        .and_then(|line| line.split_once(' '))
        .expect("a method and a route");
    let headers = lines.map(|line| line.split_once(": ").expect("a header"));
    ClientRequest {
        method: method.to_owned(),
        route: route.to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: body.trim_end().to_owned(),
        name,
    }
}
