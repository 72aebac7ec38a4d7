//! What a host said, for people.
//!
//! Texts of a host may be texts of a guest: nothing of them reaches a terminal as a control
//! character.

pub(crate) mod difference;
pub(crate) mod entry;
pub(crate) mod overview;
pub(crate) mod table;

use std::borrow::Cow;

use jiff::Timestamp;

/// A text on one line, without anything a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    escaped(text, &[], |c| format!("\\u{{{c:x}}}"))
}

/// The same of a text of several lines, which stay lines.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| is_obeyed(c) && !LAYOUT.contains(&c)) {
        escaped(text, LAYOUT, |c| format!("\\u{{{c:x}}}")).into()
    } else {
        text.into()
    }
}

/// The same of JSON, which stays JSON: what is obeyed stands in its strings alone.
pub(crate) fn json(text: &str) -> String {
    escaped(text, LAYOUT, |c| format!("\\u{c:04x}"))
}

fn escaped(text: &str, kept: &[char], escape: impl Fn(u32) -> String) -> String {
    text.chars().fold(String::new(), |mut plain, c| {
        if is_obeyed(c) && !kept.contains(&c) {
            plain.push_str(&escape(c.into()));
        } else {
            plain.push(c);
        }
        plain
    })
}

/// The beginning of a digest: enough to tell generations apart.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// A time to the second, in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second())
        .unwrap_or(at)
        .to_string()
}

/// Microseconds, in the unit people would choose.
pub(crate) fn took(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// Seconds, in the two largest units people would choose.
pub(crate) fn lasting(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min {} s", seconds % 60),
        3_600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// `1 answer`, `2 answers`
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// Control characters, and those that turn the direction of a line.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

const LAYOUT: &[char] = &['\n', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_would_obey_is_left() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\u{a}c");
        assert_eq!(plain("\u{202e}abc é"), "\\u{202e}abc é");
    }

    #[test]
    fn lines_stay_lines_and_json_stays_json() {
        assert_eq!(lines("a\n\tb\u{1b}[2J\r"), "a\n\tb\\u{1b}[2J\\u{d}");
        let text = "a\u{9b}2J\u{202e}\u{7f}";
        let written = json(&serde_json::to_string(text).unwrap());
        assert!(written.is_ascii(), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn times_have_the_unit_people_would_choose() {
        let shown = [0, 999, 1_000, 12_345, 999_999, 1_000_000, 61_500_000].map(took);
        assert_eq!(
            shown,
            [
                "0 us", "999 us", "1.0 ms", "12.3 ms", "999.9 ms", "1.0 s", "61.5 s"
            ]
        );
        let shown = [0, 59, 61, 7_380, 180_000].map(lasting);
        assert_eq!(shown, ["0 s", "59 s", "1 min 1 s", "2 h 3 min", "2 d 2 h"]);
        assert_eq!(
            time("2026-08-26T10:11:12.987Z".parse().unwrap()),
            "2026-08-26T10:11:12Z"
        );
    }
}
