//! How text is quoted.

use crate::scalar::Meaning;

/// A value: plain where every YAML reader takes it for this text, in double quotes else.
pub(crate) fn value(text: &str) -> String {
    if is_plain(text, b"") {
        text.into()
    } else {
        quoted(text)
    }
}

/// A key on a line of its own, where a path template may stand plain too.
pub(crate) fn key(text: &str) -> String {
    if is_plain(text, b"{}") {
        text.into()
    } else {
        quoted(text)
    }
}

/// A narrow idea of plain: far less than YAML allows, and the same in and outside of brackets.
fn is_plain(text: &str, also: &[u8]) -> bool {
    let begins_well = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_');
    let is_inner = |byte: u8| {
        byte.is_ascii_alphanumeric() || b" /_.-+@=~".contains(&byte) || also.contains(&byte)
    };
    text.as_bytes().first().is_some_and(begins_well)
        && text.bytes().all(is_inner)
        && !text.ends_with(' ')
        && Meaning::of(text, true) == Meaning::Words
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            c if is_shown(c) => out.push(c),
            c => out += &format!("\\U{:08X}", u32::from(c)),
        }
    }
    out.push('"');
    out
}

/// Whether a character can be seen, and means itself between quotes.
fn is_shown(c: char) -> bool {
    let hidden = matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e000}'..='\u{f8ff}');
    !c.is_control() && !hidden && u32::from(c) & 0xfffe != 0xfffe && u32::from(c) < 0xf_0000
}
