//! Whatever the target, the path is canonical or refused.

use proptest::prelude::*;
use signalbox_http::path::{canonical, fill, is_id, matches};

fn target() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(
        &[
            "/",
            "/",
            "/",
            "/v1",
            "/api/tenant",
            "/api",
            "/models",
            "/uploads",
            "/files",
            "/chat/completions",
            "v1",
            "models",
            ".",
            "..",
            "%2f",
            "%2e",
            ";",
            "\\",
            "?",
            "&",
            "=",
            "model",
            "a",
            "A-_.~9",
            "ä",
            "\0",
            " ",
            "#",
            "http://gate",
            "//",
            ":",
        ][..],
    );
    proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_path_that_is_read_is_canonical(target in prop_oneof![target(), ".{0,40}"]) {
        let Ok(read) = canonical(&target, &|host| host == "gate") else { return Ok(()) };
        let route = read.path.strip_prefix("/v1/").expect("every path is under /v1/");
        prop_assert!(route.is_empty() || route.split('/').all(is_id), "{}", read.path);
        prop_assert!(!read.path.starts_with("/v1/v1/") && !read.path.starts_with("/v1/api/tenant/"));
        prop_assert!(read.model_id.is_none() || read.path == "/v1/models");
        let again = canonical(&read.path, &|_| false).expect("what is canonical is read again");
        prop_assert_eq!(&again.path, &read.path);
        prop_assert_eq!((again.query, again.model_id), (None, None));
    }

    #[test]
    fn what_is_filled_matches(dataset in "[A-Za-z0-9_.~-]{1,128}", file in "[A-Za-z0-9_.~-]{1,128}") {
        prop_assume!(is_id(&dataset) && is_id(&file));
        let template = "/v1/datasets/{dataset}/files/{file}";
        let given = [("file".to_owned(), file.clone()), ("dataset".to_owned(), dataset.clone())];
        let path = fill(template, &given).unwrap();
        let expected = vec![("dataset", dataset.as_str()), ("file", file.as_str())];
        prop_assert_eq!(matches(template, &path), Some(expected));
    }
}
