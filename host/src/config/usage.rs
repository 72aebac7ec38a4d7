//! What is done to know how many tokens requests take.

use serde::{Deserialize, Deserializer};
use signalbox_http::usage::ASKABLE;

use super::Problem;
use crate::yaml::list;

/// What is done to know how many tokens requests take.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct UsageSettings {
    /// The canonical paths of the routes on which GT is asked for the usage of a stream whose client
    /// does not ask itself.
    #[serde(deserialize_with = "routes")]
    pub ask: Vec<String>,
}

/// Each is written `POST /v1/chat/completions`.
fn routes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    list(deserializer, |route, _| {
        let path = route.strip_prefix("POST ");
        let path = path.filter(|path| ASKABLE.contains(path));
        path.map(str::to_owned).ok_or(Problem::Unaskable)
    })
}
