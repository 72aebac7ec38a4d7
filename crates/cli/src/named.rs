//! `NAME=WHAT`, as policies are named on the command line.

/// The name, if one is written, and what it names.
///
/// What stands before `=` is a name only if a policy may be called so: `./a=b.yaml` is a file.
pub(crate) fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, what)) if is_name(name) => (Some(name), what),
        _ => (None, text),
    }
}

/// Whether a policy may be called so, as the host sees it.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// For clap: a policy's name.
pub(crate) fn name(text: &str) -> Result<String, &'static str> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("a policy's name has 1 to 64 letters, digits, `-`, `_` and `.`")
    }
}

/// For clap: a name and a value.
pub(crate) fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE"),
    }
}

/// For clap: the name of an environment.
pub(crate) fn environment(text: &str) -> Result<String, &'static str> {
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("an environment's name has 1 to 64 letters, digits, `-`, `_` and `.`")
    }
}

/// The policy that is meant where none is named.
pub(crate) const DEFAULT: &str = "default";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_policies_are_names() {
        assert_eq!(split("a=b.yaml"), (Some("a"), "b.yaml"));
        assert_eq!(split("v1.2=b=c"), (Some("v1.2"), "b=c"));
        assert_eq!(split("b.yaml"), (None, "b.yaml"));
        assert_eq!(split("./a=b.yaml"), (None, "./a=b.yaml"));
        assert_eq!(split("=b.yaml"), (None, "=b.yaml"));
        assert_eq!(split("a=oci://h/n:t"), (Some("a"), "oci://h/n:t"));
        assert_eq!(split("oci://h/n:t"), (None, "oci://h/n:t"));
    }
}
