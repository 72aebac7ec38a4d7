//! Which token is shown: one that was given, or the one everybody knows.

use std::{fs, net::IpAddr, path::Path};

use http::HeaderValue;
use signalbox_host::config::DEMO_ADMIN_TOKEN;
use signalbox_http_client::Url;

use super::AdminError;

/// What opens a host.
pub(super) enum Token {
    /// The operator's.
    Given(HeaderValue),
    /// The demo's, which is shown to loopback alone: anywhere else it opens nothing, and only says
    /// that somebody forgot theirs.
    Demo(HeaderValue),
}

impl Token {
    /// What is sent to a peer. The peer decides, not the name: `localhost` is whatever the resolver
    /// says it is.
    pub(super) fn shown_to(
        &self,
        peer: Option<IpAddr>,
        address: &Url,
    ) -> Result<HeaderValue, AdminError> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::Demo(token) if is_loopback(peer) => Ok(token.clone()),
            Self::Demo(_) => Err(AdminError::NoToken(address.clone())),
        }
    }
}

/// Whether a peer is this machine, whatever its address is written as.
pub(super) fn is_loopback(peer: Option<IpAddr>) -> bool {
    peer.is_some_and(|peer| peer.to_canonical().is_loopback())
}

/// Reads the token from the file, else from the environment, else takes the demo's.
pub(super) fn read(file: Option<&Path>) -> Result<Token, AdminError> {
    if let Some(path) = file {
        let text = fs::read_to_string(path).map_err(|cause| AdminError::TokenFile {
            path: path.to_owned(),
            cause,
        })?;
        return header(&text).map(Token::Given);
    }
    match std::env::var(VARIABLE) {
        Ok(text) => header(&text).map(Token::Given),
        Err(std::env::VarError::NotPresent) => header(DEMO_ADMIN_TOKEN).map(Token::Demo),
        Err(std::env::VarError::NotUnicode(_)) => Err(AdminError::BadToken),
    }
}

fn header(text: &str) -> Result<HeaderValue, AdminError> {
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(AdminError::BadToken);
    }
    let mut value =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| AdminError::BadToken)?;
    value.set_sensitive(true);
    Ok(value)
}

const VARIABLE: &str = "SIGNALBOX_ADMIN_TOKEN";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_everybody_knows_is_shown_to_this_machine_alone() {
        let address: Url = "http://localhost:8081".parse().unwrap();
        let [known, own] = [
            Token::Demo(header(DEMO_ADMIN_TOKEN).unwrap()),
            Token::Given(header("mine").unwrap()),
        ];
        for (peer, is_here) in [
            (Some("127.0.0.1"), true),
            (Some("127.8.8.8"), true),
            (Some("::1"), true),
            (Some("::ffff:127.0.0.1"), true),
            (Some("192.0.2.1"), false),
            (Some("::ffff:192.0.2.1"), false),
            (Some("0.0.0.0"), false),
            (None, false),
        ] {
            let peer = peer.map(|text| text.parse().unwrap());
            assert_eq!(known.shown_to(peer, &address).is_ok(), is_here, "{peer:?}");
            assert!(own.shown_to(peer, &address).is_ok());
        }
    }

    #[test]
    fn a_token_is_one_word() {
        assert_eq!(header(" token\n").unwrap(), "Bearer token");
        for text in ["", " \n", "two words", "tok\u{e9}n", "a\r\nb"] {
            assert!(header(text).is_err(), "{text:?}");
        }
    }
}
