//! The listener for Envoy, and for what speaks its protocols.

use std::path::Path;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::ConfigError;
use super::private::{Place, PrivateListen, Written, WrittenTls};
use super::value::Text;
use crate::yaml::present;

/// The listener for Envoy, and for what speaks its protocols: external processing, and external
/// authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtProcConfig {
    /// Where they connect, and who may.
    pub listen: PrivateListen,
}

impl ExtProcConfig {
    /// The listener at this place.
    #[must_use]
    pub const fn new(listen: PrivateListen) -> Self {
        Self { listen }
    }
}

/// `ext_proc` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenExtProc {
    listen: Spanned<Place>,
    #[serde(default, deserialize_with = "present")]
    group: Option<Spanned<Text>>,
    #[serde(default, deserialize_with = "present")]
    tls: Option<Spanned<WrittenTls>>,
}

impl WrittenExtProc {
    pub(super) fn check(self, folder: &Path) -> Result<ExtProcConfig, ConfigError> {
        let Self { listen, group, tls } = self;
        let written = Written { listen, group, tls };
        written.check("ext_proc", folder).map(ExtProcConfig::new)
    }
}
