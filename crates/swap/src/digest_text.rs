//! Digests in JSON: as hexadecimal digits.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use signalbox_runtime::Digest;

pub(crate) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(digest)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// A digest, or `null`.
pub(crate) mod option {
    use super::{Deserialize, Deserializer, Digest, Error, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        digest: &Option<Digest>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match digest {
            Some(digest) => to.collect_str(digest),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Digest>, D::Error> {
        Option::<String>::deserialize(from)?
            .map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}

/// A list of digests.
pub(crate) mod set {
    use std::collections::BTreeSet;

    use super::{Deserialize, Deserializer, Digest, Error, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        digests: &BTreeSet<Digest>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(digests.iter().map(ToString::to_string))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeSet<Digest>, D::Error> {
        Vec::<String>::deserialize(from)?
            .iter()
            .map(|text| text.parse().map_err(D::Error::custom))
            .collect()
    }
}
