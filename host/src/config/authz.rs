//! The listener for proxies that ask before they send a request on.

use std::path::Path;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::ConfigError;
use super::private::{Place, PrivateListen, Written, WrittenTls};
use super::value::Text;
use crate::yaml::present;

/// The listener for proxies that ask before they send a request on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthzConfig {
    /// Where they connect, and who may.
    pub listen: PrivateListen,
}

impl AuthzConfig {
    /// The listener at this place.
    #[must_use]
    pub const fn new(listen: PrivateListen) -> Self {
        Self { listen }
    }
}

/// `authz` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenAuthz {
    listen: Spanned<Place>,
    #[serde(default, deserialize_with = "present")]
    group: Option<Spanned<Text>>,
    #[serde(default, deserialize_with = "present")]
    tls: Option<Spanned<WrittenTls>>,
}

impl WrittenAuthz {
    pub(super) fn check(self, folder: &Path) -> Result<AuthzConfig, ConfigError> {
        let Self { listen, group, tls } = self;
        let written = Written { listen, group, tls };
        written.check("authz", folder).map(AuthzConfig::new)
    }
}
