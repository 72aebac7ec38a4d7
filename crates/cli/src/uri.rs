//! Paths as URIs, and back.

use std::path::PathBuf;

use signalbox_http::percent::{self, Plus};

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

/// The path of a `file:` URI; `None` for another one, which is of no file.
pub(crate) fn to_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    let path = percent::decode(path, Plus::IsPlus)?;
    let path = String::from_utf8(path).ok()?;
    path.starts_with('/').then(|| PathBuf::from(path))
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
        assert_eq!(to_path(&uri), Some(PathBuf::from(path)));
        assert_eq!(to_path("file:///c%3A+d"), Some(PathBuf::from("/c:+d")));
        for other in ["untitled:Untitled-1", "file://host/a", "file:///%zz", "a/b"] {
            assert_eq!(to_path(other), None, "{other}");
        }
    }
}
