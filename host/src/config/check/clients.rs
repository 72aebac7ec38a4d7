//! How clients are spoken to.

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use serde_saphyr::Spanned;

use super::super::clients::CORS_AGE;
use super::super::value::{path, span, wrong};
use super::super::{
    Announce, ConfigError, CorsSettings, ForwardedHeader, ForwardedSettings, ListenerTls, Problem,
    file,
};

pub(super) fn tls(
    written: Option<file::ListenerTls>,
    folder: &Path,
) -> Result<Option<ListenerTls>, ConfigError> {
    let Some(written) = written else {
        return Ok(None);
    };
    Ok(Some(ListenerTls {
        cert_file: path("tls.cert_file", &written.cert_file, folder)?,
        key_file: path("tls.key_file", &written.key_file, folder)?,
    }))
}

pub(super) fn forwarded(written: file::Forwarded) -> Result<ForwardedSettings, ConfigError> {
    let mut trust = Vec::new();
    for text in written.trust.unwrap_or_default() {
        let network = network(&text.value);
        let network = network.ok_or_else(|| wrong("forwarded.trust", &text, Problem::Network))?;
        if trust.contains(&network) {
            return Err(wrong("forwarded.trust", &text, Problem::Twice));
        }
        trust.push(network);
    }
    Ok(ForwardedSettings {
        trust,
        read: match written.read {
            None | Some(file::ForwardedHeader::XForwardedFor) => ForwardedHeader::XForwardedFor,
            Some(file::ForwardedHeader::Forwarded) => ForwardedHeader::Forwarded,
        },
        send: match written.send {
            None | Some(file::Announce::None) => Announce::Nothing,
            Some(file::Announce::XForwarded) => Announce::XForwarded,
            Some(file::Announce::Forwarded) => Announce::Forwarded,
        },
    })
}

pub(super) fn cors(written: Option<file::Cors>) -> Result<Option<CorsSettings>, ConfigError> {
    let Some(written) = written else {
        return Ok(None);
    };
    if written.origins.value.is_empty() {
        return Err(wrong("cors.origins", &written.origins, Problem::Empty));
    }
    let mut settings = CorsSettings::new(Vec::new());
    for text in &written.origins.value {
        if !is_origin(&text.value) {
            return Err(wrong("cors.origins", text, Problem::Origin));
        }
        keep("cors.origins", text, &mut settings.origins)?;
    }
    for text in &written.headers.unwrap_or_default() {
        let is_name = http::HeaderName::from_bytes(text.value.as_bytes()).is_ok();
        if !is_name {
            return Err(wrong("cors.headers", text, Problem::Header));
        }
        keep("cors.headers", text, &mut settings.headers)?;
    }
    settings.max_age = span("cors.max_age", written.max_age, CORS_AGE)?;
    Ok(Some(settings))
}

fn keep(key: &str, text: &Spanned<String>, kept: &mut Vec<String>) -> Result<(), ConfigError> {
    let value = text.value.to_ascii_lowercase();
    if kept.contains(&value) {
        return Err(wrong(key, text, Problem::Twice));
    }
    kept.push(value);
    Ok(())
}

/// `10.0.0.0/8`, or one address. Bits beyond the prefix are a slip.
fn network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().ok()?,
    };
    (network.trunc() == network).then_some(network)
}

/// As a browser writes it: scheme, host, and the port only if it is not the scheme's own. There is
/// no word for every origin: a page anywhere could then call with any key it gets hold of.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let is_plain = authority
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._~:[]".contains(&b));
    is_plain
        && !authority.ends_with(own_port)
        && authority
            .parse::<http::uri::Authority>()
            .is_ok_and(|parsed| !parsed.host().is_empty() && !authority.ends_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for text in [
            "https://app.example",
            "http://localhost:3000",
            "https://[::1]:8443",
            "http://127.0.0.1",
        ] {
            assert!(is_origin(text), "{text}");
        }
        for text in [
            "*",
            "null",
            "app.example",
            "https://*.app.example",
            "https://app.example/",
            "https://App.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://u@app.example",
            "https://",
            "https://a:",
            "ftp://a",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }

    #[test]
    fn a_network_has_no_bits_beyond_its_prefix() {
        for text in ["10.0.0.0/8", "127.0.0.1", "::1", "2001:db8::/32"] {
            assert!(network(text).is_some(), "{text}");
        }
        for text in ["10.0.0.1/8", "10.0.0.0/33", "localhost", "", "10.0.0"] {
            assert!(network(text).is_none(), "{text}");
        }
    }
}
