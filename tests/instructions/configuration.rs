//! What the gate is configured with: nothing that any commit might not know, and no time that could
//! pass while requests are counted.

use std::{fs, net::SocketAddr, path::Path, str::FromStr};

use sha2::{Digest as _, Sha256};

use crate::{Fallible, tls::Identity};

/// What is spoken on both sides of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    Http1,
    /// Without TLS, by prior knowledge.
    Http2,
    /// HTTP/1.1 over TLS.
    Tls,
}

impl FromStr for Setup {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "http1" => Ok(Self::Http1),
            "http2" => Ok(Self::Http2),
            "tls" => Ok(Self::Tls),
            _ => Err(format!("no setup is called {name}")),
        }
    }
}

/// Writes all that `signalbox serve --config FOLDER/signalbox.yaml` reads.
pub(crate) fn write(
    folder: &Path,
    setup: Setup,
    upstream: SocketAddr,
    identity: &Identity,
) -> Fallible<()> {
    let (scheme, http2, listener, authority) = match setup {
        Setup::Http1 => ("http", "off", "", ""),
        Setup::Http2 => ("http", "prior-knowledge", "", ""),
        Setup::Tls => (
            "https",
            "off",
            "tls: {cert_file: cert.pem, key_file: key.pem}\n",
            ", ca_file: cert.pem",
        ),
    };
    let configuration = format!(
        "listen: 127.0.0.1:0\n\
         workers: 1\n\
         {listener}\
         upstream: {{url: \"{scheme}://{upstream}/api/tenant\", http2: {http2}{authority}, \
         credentials: {{inference: {{file: gt-key}}}}}}\n\
         policies: {{default: policy.yaml}}\n\
         keys: keys.yaml\n\
         times: {{connection_idle: 1h, upstream_idle: 1h, upstream_max_age: 1h, models_cache: 1h}}\n"
    );
    let digest = Sha256::digest(KEY)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    let keys = format!(
        "keys:\n\
         \x20 - {{id: bench, sha256: \"{digest}\", purposes: [inference], models: all, \
         scopes: [\"inference:chat\", \"inference:embed\", \"inference:transcribe\"]}}\n"
    );
    for (name, text) in [
        ("signalbox.yaml", configuration.as_str()),
        ("keys.yaml", &keys),
        ("policy.yaml", include_str!("policy.yaml")),
        ("gt-key", GT_KEY),
        ("cert.pem", identity.certificate()),
        ("key.pem", identity.key()),
    ] {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// What the client shows the gate.
pub(crate) const KEY: &str = "gtak_bench";
/// What the gate shows GT.
pub(crate) const GT_KEY: &str = "gtak_bench_upstream";
