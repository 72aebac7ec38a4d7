//! What a registry that refuses says about logging in: `www-authenticate`.

use http::header::{HeaderMap, WWW_AUTHENTICATE};

/// How a registry wants to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// With name and password.
    Basic,
    /// With a token from `realm`.
    Bearer {
        realm: String,
        service: Option<String>,
    },
}

impl Challenge {
    /// The best one there is: tokens before passwords, as a token is only good for one repository.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE);
        let texts = values.iter().filter_map(|value| value.to_str().ok());
        let read: Vec<_> = texts.flat_map(schemes).collect();
        let named = |name: &'static str| {
            let is_it = move |one: &&Scheme<'_>| one.name.eq_ignore_ascii_case(name);
            read.iter().filter(is_it)
        };
        named("bearer")
            .find_map(|scheme| {
                Some(Self::Bearer {
                    realm: scheme.parameter("realm")?.to_owned(),
                    service: scheme.parameter("service").map(str::to_owned),
                })
            })
            .or_else(|| named("basic").next().map(|_| Self::Basic))
    }
}

struct Scheme<'a> {
    name: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Scheme<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Schemes and their parameters, as far as the text can be read. A comma may stand between
/// parameters and between schemes; a word with `=` after it is a parameter.
fn schemes(mut text: &str) -> Vec<Scheme<'_>> {
    let mut found: Vec<Scheme<'_>> = Vec::new();
    loop {
        let (word, rest) = token(text.trim_start_matches([' ', '\t', ',']));
        if word.is_empty() {
            return found;
        }
        let rest = rest.trim_start_matches([' ', '\t']);
        let Some(after) = rest.strip_prefix('=') else {
            found.push(Scheme {
                name: word,
                parameters: Vec::new(),
            });
            text = rest;
            continue;
        };
        let Some((value, rest)) = value(after.trim_start_matches([' ', '\t'])) else {
            return found;
        };
        if let Some(scheme) = found.last_mut() {
            scheme.parameters.push((word, value));
        }
        text = rest;
    }
}

fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, rest) = token(text);
        return Some((word.to_owned(), rest));
    };
    let mut value = String::new();
    let mut letters = quoted.chars();
    loop {
        match letters.next()? {
            '"' => return Some((value, letters.as_str())),
            '\\' => value.push(letters.next()?),
            letter => value.push(letter),
        }
    }
}

fn token(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && !MARKS.contains(letter));
    text.split_at(end.unwrap_or(text.len()))
}

/// What a token of HTTP has besides letters and digits.
const MARKS: &str = "!#$%&'*+-.^_`|~";

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        }
        Challenge::of(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
        })
    }

    #[test]
    fn a_bearer_challenge_names_realm_and_service() {
        let realm = "https://auth.example/token";
        assert_eq!(
            of(&[
                r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a:pull""#
            ]),
            bearer(realm, Some("registry.example"))
        );
        assert_eq!(
            of(&[r#"BEARER Realm = "https://auth.example/token""#]),
            bearer(realm, None)
        );
        assert_eq!(
            of(&[r#"Bearer realm="a\"b\\c" , service=d"#]),
            bearer(r#"a"b\c"#, Some("d"))
        );
    }

    #[test]
    fn tokens_come_before_passwords_wherever_they_stand() {
        let expected = bearer("https://a.example/t", None);
        let (basic, token) = (
            r#"Basic realm="x""#,
            r#"Bearer realm="https://a.example/t""#,
        );
        assert_eq!(of(&[basic, token]), expected);
        assert_eq!(of(&[&format!("{basic}, {token}")]), expected);
        assert_eq!(of(&[&format!("{token}, {basic}")]), expected);
        assert_eq!(of(&[basic]), Some(Challenge::Basic));
        assert_eq!(of(&["Basic"]), Some(Challenge::Basic));
        assert_eq!(
            of(&[r#"Bearer service="x", Basic"#]),
            Some(Challenge::Basic)
        );
    }

    #[test]
    fn what_cannot_be_read_is_no_challenge() {
        for text in [
            "",
            ",",
            "=",
            "Negotiate abc==",
            "Digest realm=\"x\"",
            "\"Bearer\"",
            "Bearer realm=\"x",
            "Bearer =x",
        ] {
            assert_eq!(of(&[text]), None, "{text}");
        }
    }
}
