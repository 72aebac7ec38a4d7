//! Whatever a policy document says, reading it ends in a policy or in findings that have a place in
//! it; and what was read is written down so that it reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use signalbox_policy::{
    Diagnostic, Document, Files, Unreadable, Values, format, read, read_cases, read_values,
    read_with,
};

fuzz_target!(|text: &str| {
    let policy = read(text);
    if let Err(findings) = &policy {
        have_a_place(findings, text);
    }
    if let Err(findings) = read_cases(text) {
        have_a_place(&findings, text);
    }
    let _ = read_values(text);
    match read_with(text, "a.yaml", &mut Everywhere(text), &Values::new()) {
        Ok(resolved) => {
            let (source, policy) = (resolved.source(), resolved.policy());
            assert_eq!(read(source).as_ref(), Ok(policy), "{source}");
        }
        Err(findings) => have_a_place(&findings, text),
    }
    match Document::parse(text) {
        Ok(document) => {
            assert_eq!(document.check().is_ok(), policy.is_ok());
            let written = format(&document);
            let again = Document::parse(&written).expect("what is written reads");
            assert_eq!(again, document, "{written}");
            assert_eq!(format(&again), written);
            if policy.is_ok() {
                assert_eq!(read(&written), policy, "{written}");
            }
        }
        Err(findings) => {
            have_a_place(&findings, text);
            assert!(policy.is_err());
        }
    }
});

/// Every file there is has the same text.
struct Everywhere<'t>(&'t str);

impl Files for Everywhere<'_> {
    fn text(&mut self, _: &str) -> Result<String, Unreadable> {
        Ok(self.0.to_owned())
    }
}

fn have_a_place(findings: &[Diagnostic], text: &str) {
    assert!(!findings.is_empty());
    // One past the last: where something is missing at the end.
    let lines = text.split(['\n', '\r']).count() + 1;
    for found in findings {
        let (line, column) = (found.line, found.column);
        assert!((1..=lines).contains(&(line as usize)), "{found} in {lines}");
        assert!(column >= 1 && column as usize <= text.len() + 2, "{found}");
        assert!(!found.to_string().is_empty());
    }
}
