//! What a text is: editors say YAML of all of them.

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A policy document.
    Document,
    /// Part of one, for others to include.
    Base,
    /// Cases alone.
    Cases,
    /// Something else, of which nothing is said.
    Other,
}

impl Kind {
    /// By its keys, as far as it is written.
    pub(super) fn of(text: &str) -> Self {
        let keys: Vec<&str> = text.lines().filter_map(top_level_key).collect();
        let has = |key| keys.contains(&key);
        if has("policy") {
            Self::Document
        } else if keys == ["cases"] || (keys.is_empty() && is_list_of_cases(text)) {
            Self::Cases
        } else if has("routes") || has("models") || has("callers") {
            // A configuration and a keyring have none of these.
            Self::Base
        } else {
            Self::Other
        }
    }
}

fn top_level_key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    (!key.is_empty() && key.bytes().all(is_word)).then_some(key)
}

fn is_list_of_cases(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    let begins = text.lines().any(|line| line.starts_with('-'));
    begins && lines.any(|line| line.starts_with("expect:"))
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn a_text_is_told_by_its_keys() {
        for (text, kind) in [
            ("# a\npolicy: p\nroutes: {}\n", Kind::Document),
            ("policy:", Kind::Document),
            ("routes:\n  GET /v1/models: {verdict: native}\n", Kind::Base),
            ("cases:\n  - name: policy\n", Kind::Cases),
            ("- name: a\n  expect: {list: []}\n", Kind::Cases),
            ("keys:\n  - id: a\n    models: all\n", Kind::Other),
            (
                "listen: 127.0.0.1:1\npolicies: {default: p.yaml}\n",
                Kind::Other,
            ),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(text), kind, "{text}");
        }
    }
}
