//! Paths as URIs.

/// A path as a URI: relative to where the command runs, as code hosts want it, if the path is.
pub(crate) fn of_path(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    let mut uri = scheme.to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            uri.push(byte.into());
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri_whatever_it_is_called() {
        assert_eq!(of_path("a/b-1.yaml"), "a/b-1.yaml");
        let path = "/a b/ü:#.yaml";
        let uri = of_path(path);
        assert_eq!(uri, "file:///a%20b/%C3%BC%3A%23.yaml");
    }
}
