//! Labels of callers.

use super::words::{self, NAME_HELP, is_name};
use crate::{
    Text,
    diagnostic::{Code, Findings, shown},
    document::Labels,
    terms::{FIELD, WORD},
};

/// Packed, as in [`crate::Labels`].
pub(super) fn labels(written: &Labels, findings: &mut Findings) -> String {
    if written.entries.is_empty() {
        let help = "leave `labels` out for every caller";
        findings.add_with_help(
            Code::EmptyList,
            written.position,
            "`labels` has no entry",
            help,
        );
    }
    let mut packed = Vec::with_capacity(written.entries.len());
    for (name, values) in &written.entries {
        if !is_name(&name.value) {
            let message = format!("`{}` is no name of a label", shown(&name.value));
            findings.add_with_help(Code::BadLabel, name.position, message, NAME_HELP);
        }
        let help = "write the values that will do";
        words::not_empty(values, "a label", help, findings);
        words::no_repeats(values, findings);
        let mut words = vec![name.value.as_str()];
        for text in &values.items {
            value(text, findings);
            words.push(&text.value);
        }
        packed.push(words.join(&WORD.to_string()));
    }
    packed.join(&FIELD.to_string())
}

fn value(text: &Text, findings: &mut Findings) {
    let is_legal =
        (1..=256).contains(&text.value.len()) && !text.value.chars().any(char::is_control);
    if !is_legal {
        let message = format!("`{}` is no value of a label", shown(&text.value));
        let help = "a value has 1 to 256 bytes and no control characters";
        findings.add_with_help(Code::BadLabel, text.position, message, help);
    }
}
