//! Headers that no policy reads, sets or sends: those that carry credentials.

/// Whether a header carries a credential; the name is in lower case. A policy sees none, and the
/// client's never go to GT. `signalbox_http::head` says the same of the same names.
#[must_use]
pub fn is_credential(name: &str) -> bool {
    CREDENTIALS.contains(&name) || CREDENTIAL_PARTS.iter().any(|part| name.contains(part))
}

const CREDENTIALS: &[&str] = &[
    "authentication",
    "cookie",
    "cookie2",
    "helicone-auth",
    "ocp-apim-subscription-key",
    "proxy-authenticate",
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
    "x-auth",
    "x-auth-key",
    "x-functions-key",
];

/// What is in the names of all others.
const CREDENTIAL_PARTS: &[&str] = &[
    "api-key",
    "apikey",
    "api_key",
    "authorization",
    "password",
    "secret",
    "token",
];
