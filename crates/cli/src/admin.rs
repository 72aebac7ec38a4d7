//! Asking a running host: where it listens, what opens it, and what it answers.
//!
//! One connection a request, nothing followed, nothing retried: what changes a host is asked once.

mod answer;
mod body;
mod connection;
mod error;
mod token;

use std::{path::PathBuf, time::Duration};

use http::{Method, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use signalbox_http_client::{Limits, Roots, Scheme, Tls, Url};
use signalbox_swap::{Entry, StepReport};

pub(crate) use connection::Body;
pub(crate) use error::AdminError;

use answer::Answer;
use connection::Connector;
use error::BadAddress;

/// Where the host is, and what opens it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Running host")]
pub(crate) struct Access {
    /// Where the host's operators connect.
    #[arg(long, value_name = "URL", env = "SIGNALBOX_ADMIN", hide_env_values = true, default_value = DEFAULT_ADDRESS,
          value_parser = address)]
    admin: Url,
    /// A file with the admin token; without it SIGNALBOX_ADMIN_TOKEN, then, on loopback, the demo's.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Certificate authorities to trust in place of the system's.
    #[arg(long, value_name = "PEM")]
    ca_file: Option<PathBuf>,
    /// A certificate to show to the host.
    #[arg(long, value_name = "PEM", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// The key of that certificate.
    #[arg(long, value_name = "PEM", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// Give up when the host says nothing for so many seconds.
    #[arg(long, value_name = "SECONDS", default_value = "300",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

impl Access {
    /// What can ask this host; nothing is sent yet.
    pub(crate) fn client(&self) -> Result<Client, AdminError> {
        Ok(Client {
            connector: Connector {
                address: self.admin.clone(),
                token: token::read(self.token_file.as_deref())?,
                tls: self.tls()?,
                limits: Limits {
                    connect: CONNECT_TIME,
                    total: None,
                    ..Limits::new(Duration::from_secs(self.timeout), MOST_BYTES)
                },
            },
        })
    }

    /// What the address needs: nothing for `http://`.
    fn tls(&self) -> Result<Option<Tls>, AdminError> {
        let certificate = self.client_cert.as_deref().zip(self.client_key.as_deref());
        if self.admin.origin.scheme == Scheme::Http {
            return match (&self.ca_file, certificate) {
                (None, None) => Ok(None),
                _ => Err(AdminError::CertificatesWithoutTls),
            };
        }
        let roots = Roots::read(self.ca_file.as_deref())?;
        if roots.is_empty() {
            return Err(AdminError::NoAuthorities);
        }
        Ok(Some(match certificate {
            None => Tls::new(roots)?,
            Some((certificate, key)) => Tls::with_certificate(roots, certificate, key)?,
        }))
    }
}

/// What can ask a host.
pub(crate) struct Client {
    connector: Connector,
}

impl Client {
    /// Where the host is.
    pub(crate) const fn address(&self) -> &Url {
        &self.connector.address
    }

    /// How long the host may say nothing.
    pub(crate) const fn patience(&self) -> Duration {
        self.connector.limits.idle
    }

    /// Reads what stands at a path.
    pub(crate) async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, AdminError> {
        let answer = self.ask(Method::GET, path, Body::Empty).await?;
        expect(StatusCode::OK, answer.whole().await?)
    }

    /// Asks something that changes nothing, and has a body.
    pub(crate) async fn question<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Body,
    ) -> Result<T, AdminError> {
        let answer = self.ask(Method::POST, path, body).await?;
        expect(StatusCode::OK, answer.whole().await?)
    }

    /// Has something changed; `told` hears of each step when the host does.
    pub(crate) async fn change(
        &self,
        path: &str,
        body: Body,
        told: &mut dyn FnMut(&StepReport),
    ) -> Result<Entry, AdminError> {
        let mut answer = self.ask(Method::POST, path, body).await?;
        if !answer.is_lines() {
            let entry = whole_entry(answer.whole().await?)?;
            entry.steps.iter().for_each(told);
            return Ok(entry);
        }
        let mut has_told = false;
        while let Some(line) = answer.line().await? {
            match serde_json::from_slice(&line).map_err(AdminError::Unreadable)? {
                Line::Step(step) => {
                    has_told = true;
                    told(&step);
                }
                // What takes no time is told of in the end alone.
                Line::Entry(entry) => {
                    if !has_told {
                        entry.steps.iter().for_each(told);
                    }
                    return Ok(*entry);
                }
            }
        }
        Err(AdminError::Cut)
    }

    async fn ask(&self, method: Method, path: &str, body: Body) -> Result<Answer, AdminError> {
        self.connector.ask(method, path, body).await
    }
}

/// Runs what asks a host, on this thread.
pub(crate) fn block_on<T>(asking: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(asking)
}

/// Where a host's operators connect, and the path below which the API lies.
fn address(text: &str) -> Result<Url, BadAddress> {
    let url: Url = text.parse().map_err(|_| BadAddress)?;
    if text.contains(['?', '#']) {
        return Err(BadAddress);
    }
    Ok(url)
}

/// A line of a stream.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Step(StepReport),
    Entry(Box<Entry>),
}

/// A transaction is answered whatever became of it; anything else is a refusal to begin one.
fn whole_entry((status, bytes): (StatusCode, Vec<u8>)) -> Result<Entry, AdminError> {
    match status {
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
            serde_json::from_slice(&bytes).map_err(|_| AdminError::refused(status, &bytes))
        }
        status => expect(StatusCode::OK, (status, bytes)),
    }
}

fn expect<T: DeserializeOwned>(
    expected: StatusCode,
    (status, bytes): (StatusCode, Vec<u8>),
) -> Result<T, AdminError> {
    if status == expected {
        serde_json::from_slice(&bytes).map_err(AdminError::Unreadable)
    } else {
        Err(AdminError::refused(status, &bytes))
    }
}

/// Where `signalbox demo` listens for operators.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:8081";
/// A machine that is there answers at once, TLS included; one that is not never does.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// A whole history with long messages has a hundredth of that.
const MOST_BYTES: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_url_of_http_alone() {
        let below = address("https://ops.example/signalbox/").unwrap();
        assert_eq!(below.to_string(), "https://ops.example/signalbox/");
        for text in [
            "",
            "127.0.0.1:8081",
            "ftp://127.0.0.1",
            "http://me@127.0.0.1",
            "http://127.0.0.1/?token=x",
            "http://127.0.0.1/#x",
        ] {
            assert_eq!(address(text), Err(BadAddress), "{text}");
        }
    }
}
