//! A target that is taken is canonical: nobody behind the gate can read it in another way.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use signalbox_fuzz::check_refusal;
use signalbox_http::path::{Target, advice, canonical, fill, is_id, matches};

fuzz_target!(|target: &str| {
    match canonical(target, &|host| host == "gate" || host == "gate:80") {
        Ok(read) => {
            is_canonical(&read);
            has_plain_query(read.query);
            fits_templates(&read.path);
            let _ = advice("POST", &read.path);
        }
        Err(refusal) => check_refusal(&refusal),
    }
});

fn is_canonical(read: &Target<'_>) {
    let path = &*read.path;
    let route = path.strip_prefix("/v1/").expect("a path is under /v1/");
    assert!(route.is_empty() || route.split('/').all(is_id), "{path}");
    assert!(!path.contains("//") && !path.contains(['%', ';', '\\', '?', '#']));
    let dots = |segment: &str| segment == "." || segment == "..";
    assert!(!path.split('/').any(dots), "{path}");
    assert!(!path.starts_with("/v1/v1") || path[6..].starts_with(|c: char| c != '/'));
    assert!(!path.starts_with("/v1/uploads/") || path["/v1/uploads/".len()..].contains('/'));
    if let Some(id) = &read.model_id {
        assert_eq!(path, "/v1/models");
        assert!(!id.chars().any(char::is_control));
    }
    let again = canonical(path, &|_| false).expect("what is canonical is read again");
    assert_eq!(
        (again.path, again.query, again.model_id),
        (path.into(), None, None)
    );
}

/// By another decoder than the one under test: names come once, and none is the model's.
fn has_plain_query(query: Option<&str>) {
    let Some(query) = query else { return };
    assert!(
        query
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"#\\".contains(&byte))
    );
    let mut seen = BTreeSet::new();
    for pair in query.split(['&', ';']).filter(|pair| !pair.is_empty()) {
        let name = unescaped(pair.split('=').next().unwrap_or_default());
        let folded = String::from_utf8_lossy(&name).trim().to_lowercase();
        assert!(
            folded != "model" && !folded.starts_with("model["),
            "{query}"
        );
        assert!(seen.insert(name), "{query}");
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut out = parts
        .next()
        .unwrap_or_default()
        .replace('+', " ")
        .into_bytes();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        out.push(u8::from_str_radix(digits, 16).expect("two digits"));
        out.extend(rest.replace('+', " ").bytes());
    }
    out
}

fn fits_templates(path: &str) {
    for template in [
        "/v1/models",
        "/v1/files/{id}",
        "/v1/datasets/{id}/files",
        "/v1/datasets/{dataset}/files/{file}",
    ] {
        if let Some(values) = matches(template, path) {
            let values = values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Vec<_>>();
            assert_eq!(fill(template, &values).as_deref(), Ok(path));
        }
    }
}
