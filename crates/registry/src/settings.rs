//! How registries are asked.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use signalbox_http_client::TlsError;

/// How registries are asked. Everything has a default; none is reached without TLS by default, not
/// even on loopback.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who asks; without one, everybody is asked anonymously.
    pub login: Option<Login>,
    /// Registries, token services and places redirects may lead to that are spoken to without TLS,
    /// as `host:port`; without a port it is 80.
    pub plaintext: Vec<String>,
    /// Certificate authorities to trust in place of the system's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// How long all of one look or pull may take.
    pub time: Duration,
    /// How long nothing may come while something is waited for.
    pub idle: Duration,
    /// The largest component that is pulled.
    pub most_bytes: u64,
}

/// A name and a password, and for whom they are.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The registries it is for, as references name them: `host` or `host:port`. A reference that
    /// somebody hands in must not be able to send the password to a registry of their own.
    pub registries: Vec<String>,
}

/// A password. Nothing prints it.
#[derive(Clone)]
pub struct Secret(String);

/// Why registries can never be asked with some settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// An entry of `plaintext`, or a registry of the login, is not a host.
    #[error("`{0}` is not a host with an optional port")]
    Place(String),
    /// The file with certificate authorities cannot be used.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// The user's name has a colon, which ends it.
    #[error("a user's name at a registry has no colon")]
    User,
}

impl SetupError {
    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Place(_) => "write `host` or `host:port`, without a scheme and without a path",
            Self::Tls(error) => error.help(),
            Self::User => "write the name alone; the password has a file of its own",
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            login: None,
            plaintext: Vec::new(),
            ca_file: None,
            // A component of the largest size at 10 Mbit/s, and less than the interval of looks.
            time: Duration::from_secs(30),
            // A registry that looks into slow storage may need a few seconds before it answers.
            idle: Duration::from_secs(10),
            // The most a host takes from its admin API as well.
            most_bytes: 32 << 20,
        }
    }
}

impl Secret {
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}
