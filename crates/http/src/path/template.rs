//! Path templates: `/v1/datasets/{id}/files`.

/// Builds the path of a route: every parameter of the template, each by its name.
///
/// # Errors
/// A parameter without a value, a value without a parameter, or one that is no [id](is_id): a path
/// is never built from anything that could change its shape.
pub fn fill(template: &str, parameters: &[(String, String)]) -> Result<String, FillError> {
    let mut path = String::with_capacity(template.len() + 64);
    let mut used = 0;
    for segment in template.split('/').skip(1) {
        path.push('/');
        let Some(name) = parameter(segment) else {
            path.push_str(segment);
            continue;
        };
        let Some((_, value)) = parameters.iter().find(|(given, _)| given == name) else {
            return Err(FillError::Missing {
                name: name.to_owned(),
            });
        };
        if !is_id(value) {
            return Err(FillError::NotAnId {
                name: name.to_owned(),
            });
        }
        path.push_str(value);
        used += 1;
    }
    if used == parameters.len() {
        Ok(path)
    } else {
        Err(FillError::Unused)
    }
}

/// The parameters of a canonical path under a template, in the template's order; `None` if the path
/// is not of this template.
#[must_use]
pub fn matches<'t, 'p>(template: &'t str, path: &'p str) -> Option<Vec<(&'t str, &'p str)>> {
    let mut parameters = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        match parameter(expected) {
            Some(name) if is_id(segment) => parameters.push((name, segment)),
            None if expected == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(parameters)
}

/// Whether `text` can be a path's `{id}`: 1 to 128 of `A–Z a–z 0–9 - _ . ~`, and no dot segment.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
        && !matches!(text, "." | "..")
}

/// Why a path cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FillError {
    /// The template has a parameter that was not given.
    #[error("parameter `{name}` has no value")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A value is not 1 to 128 of the characters an id may have.
    #[error("the value of parameter `{name}` is not an id")]
    NotAnId {
        /// Its name.
        name: String,
    },
    /// A parameter was given that the template lacks, or one was given twice.
    #[error("a parameter is not in the template")]
    Unused,
}

/// The name in `{name}`.
fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
        parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn filling_and_matching_are_inverse() {
        let template = "/v1/datasets/{id}/files";
        let path = fill(template, &given(&[("id", "reference-briefs")])).unwrap();
        assert_eq!(path, "/v1/datasets/reference-briefs/files");
        assert_eq!(
            matches(template, &path),
            Some(vec![("id", "reference-briefs")])
        );
    }

    #[test]
    fn a_template_without_parameters_is_its_own_path() {
        assert_eq!(fill("/v1/models", &[]), Ok("/v1/models".to_owned()));
        assert_eq!(matches("/v1/models", "/v1/models"), Some(vec![]));
    }

    #[test]
    fn parameters_must_be_those_of_the_template() {
        let missing = FillError::Missing {
            name: "id".to_owned(),
        };
        assert_eq!(fill("/v1/files/{id}", &[]), Err(missing.clone()));
        assert_eq!(
            fill("/v1/files/{id}", &given(&[("file", "x")])),
            Err(missing)
        );
        assert_eq!(
            fill("/v1/models", &given(&[("id", "x")])),
            Err(FillError::Unused)
        );
        assert_eq!(
            fill("/v1/files/{id}", &given(&[("id", "x"), ("id", "y")])),
            Err(FillError::Unused)
        );
    }

    #[test]
    fn a_value_cannot_change_the_shape_of_a_path() {
        let long = "x".repeat(129);
        for value in [
            "", ".", "..", "a/b", "a%2fb", "a?b", "a;b", "ü", "a b", "a\n", &long,
        ] {
            let error = FillError::NotAnId {
                name: "id".to_owned(),
            };
            assert_eq!(
                fill("/v1/files/{id}", &given(&[("id", value)])),
                Err(error),
                "{value}"
            );
        }
        assert!(fill("/v1/files/{id}", &given(&[("id", &"x".repeat(128))])).is_ok());
    }

    #[test]
    fn only_whole_paths_match() {
        for path in [
            "/v1/files",
            "/v1/files/",
            "/v1/files/a/b",
            "/v1/file/a",
            "/V1/files/a",
            "v1/files/a",
        ] {
            assert_eq!(matches("/v1/files/{id}", path), None, "{path}");
        }
    }
}
