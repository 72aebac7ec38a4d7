//! Words out of a closed list, names, numbers, and text for people.

use crate::{
    List, Purpose, Purposes, Text,
    diagnostic::{Code, Findings, closest, did_you_mean, shown},
};

/// The value of one of `known` words; anything else is reported as an unknown `what`.
pub(super) fn one_of<T: Copy>(
    text: &Text,
    what: &str,
    known: &[(&'static str, T)],
    code: Code,
    findings: &mut Findings,
) -> Option<T> {
    let found = known.iter().find(|(word, _)| *word == text.value);
    if found.is_none() {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let message = format!("unknown {what} `{}`", shown(&text.value));
        let help = did_you_mean(&text.value, &words);
        let meant = closest(&text.value, words);
        findings.add_with_suggestion(code, text.position, message, help, meant);
    }
    found.map(|(_, value)| *value)
}

/// A list of purposes; never empty.
pub(super) fn purposes(
    list: &List,
    what: &str,
    without: &str,
    findings: &mut Findings,
) -> Purposes {
    not_empty(list, what, &format!("leave it out for {without}"), findings);
    no_repeats(list, findings);
    let known = Purpose::ALL.map(|purpose| (purpose.word(), purpose));
    let purpose = |text: &Text| one_of(text, "purpose", &known, Code::UnknownPurpose, findings);
    list.items.iter().filter_map(purpose).collect()
}

/// Reports an empty list: nobody can tell whether it means nothing or everything.
pub(super) fn not_empty(list: &List, what: &str, help: &str, findings: &mut Findings) {
    if list.items.is_empty() {
        let message = format!("{what} has no entry");
        findings.add_with_help(Code::EmptyList, list.position, message, help);
    }
}

/// Reports what a list says twice.
pub(super) fn no_repeats(list: &List, findings: &mut Findings) {
    let mut seen = std::collections::BTreeSet::new();
    for text in &list.items {
        if !seen.insert(text.value.as_str()) {
            let message = format!("`{}` is already in this list", shown(&text.value));
            findings.add(Code::DuplicateEntry, text.position, message);
        }
    }
}

/// A header's name, in lower case.
pub(super) fn header_name(name: &Text, findings: &mut Findings) {
    let is_lower = !name.value.bytes().any(|byte| byte.is_ascii_uppercase());
    let is_token = |byte: u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte);
    if !is_lower || !name.value.bytes().all(is_token) || name.value.is_empty() {
        let message = format!("`{}` is no lower-case header name", shown(&name.value));
        findings.add(Code::BadHeaderName, name.position, message);
    }
}

/// Text of one line.
pub(super) fn line(text: &Text, what: &str, findings: &mut Findings) -> String {
    const MOST: usize = 128;
    let bad = if text.value.trim().is_empty() {
        Some(format!("{what} is empty"))
    } else if text.value.len() > MOST {
        Some(format!("{what} has more than {MOST} bytes"))
    } else {
        text.value
            .chars()
            .any(char::is_control)
            .then(|| format!("{what} has control characters"))
    };
    if let Some(message) = bad {
        findings.add(Code::BadText, text.position, message);
    }
    text.value.clone()
}

/// Text for people, of any number of lines: line breaks and runs of white space become one space.
pub(super) fn prose(text: &Text, what: &str, findings: &mut Findings) -> String {
    // A refusal that quotes it stays well below the 2 KiB a message may have.
    const MOST: usize = 1024;
    let words: Vec<&str> = text.value.split_whitespace().collect();
    let joined = words.join(" ");
    let bad = if joined.is_empty() {
        Some(format!("{what} is empty"))
    } else if joined.len() > MOST {
        Some(format!("{what} has more than {MOST} bytes"))
    } else {
        joined
            .chars()
            .any(char::is_control)
            .then(|| format!("{what} has control characters"))
    };
    if let Some(message) = bad {
        findings.add(Code::BadText, text.position, message);
    }
    joined
}

/// A whole number from 1 to `most`.
pub(super) fn number(text: &Text, what: &str, most: u32, findings: &mut Findings) -> Option<u32> {
    let digits = text.value.as_str();
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let number = digits.parse().ok();
    let number = number.filter(|number| is_plain && (1..=most).contains(number));
    if number.is_none() {
        let message = format!("{what} is a whole number, and `{}` is none", shown(digits));
        let help = format!("write digits, from 1 to {most}");
        findings.add_with_help(Code::NotANumber, text.position, message, help);
    }
    number
}

/// What labels, sets and rules for callers may be called.
pub(super) fn is_name(name: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(is_legal)
}

pub(super) const NAME_HELP: &str = "use 1 to 64 letters, digits, `-`, `_` and `.`";
