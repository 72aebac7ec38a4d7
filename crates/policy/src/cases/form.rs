//! How a case's lists look in JSON: purposes as words, names as a list or the word `all`.

use crate::{Names, Purposes};

pub(super) const fn every_purpose() -> Purposes {
    Purposes::from_bits(u8::MAX)
}

pub(super) const fn all() -> Names {
    Names::All
}

pub(super) mod purposes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::{Purpose, Purposes};

    pub(in super::super) fn serialize<S: Serializer>(
        purposes: &Purposes,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(purposes.iter().map(Purpose::word))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Purposes, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        let purpose = |word: &String| {
            Purpose::from_word(word)
                .ok_or_else(|| D::Error::custom(format_args!("unknown purpose `{word}`")))
        };
        words.iter().map(purpose).collect()
    }
}

pub(super) mod names {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::Names;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Word(String),
        List(Vec<String>),
    }

    pub(in super::super) fn serialize<S: Serializer>(
        names: &Names,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match names {
            Names::All => serializer.serialize_str("all"),
            Names::Only(names) => names.serialize(serializer),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Names, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::List(names) => Ok(Names::Only(names)),
            Form::Word(word) if word == "all" => Ok(Names::All),
            Form::Word(word) => Err(D::Error::custom(format_args!(
                "`{word}` is neither a list nor the word `all`"
            ))),
        }
    }
}
