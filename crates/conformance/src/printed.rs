//! JSON as it stands in the files: what fits on a line stands on one, so that a diff shows one thing
//! a line. A decision record is filled into lines, because most of it is the same everywhere.

use serde_json::Value;

/// The text of a value, with the names of a mapping in their order.
pub(super) fn printed(value: &impl serde::Serialize) -> String {
    // Through text, because a mapping of `Value` would forget the order of the names.
    let text = serde_json::to_string(value).expect("the format is JSON");
    let mut printer = Printer {
        rest: &text,
        out: String::new(),
    };
    printer.value(0, 0);
    printer.out + "\n"
}

struct Printer<'a> {
    rest: &'a str,
    out: String,
}

impl Printer<'_> {
    /// One value; `column` is where it begins.
    fn value(&mut self, depth: usize, column: usize) {
        let end = end_of(self.rest);
        let (value, rest) = self.rest.split_at(end);
        let fits = column + spaced(value).len() < WIDTH;
        if fits || !value.starts_with(['{', '[']) {
            self.out += &spaced(value);
            self.rest = rest;
            return;
        }
        let is_mapping = value.starts_with('{');
        self.take();
        loop {
            let start = self.out.len() + 1;
            self.out += "\n";
            self.out += &"  ".repeat(depth + 1);
            let mut is_record = false;
            if is_mapping {
                let (name, rest) = self.rest.split_at(end_of(self.rest));
                is_record = name == "\"record\"";
                self.out += name;
                self.out += ": ";
                self.rest = &rest[1..];
            }
            if is_record {
                self.filled(depth + 1);
            } else {
                self.value(depth + 1, self.out.len() - start);
            }
            if !self.rest.starts_with(',') {
                break;
            }
            self.take();
        }
        self.out += "\n";
        self.out += &"  ".repeat(depth);
        self.take();
    }

    /// One value in as few lines as it takes.
    fn filled(&mut self, depth: usize) {
        let (value, rest) = self.rest.split_at(end_of(self.rest));
        let mut column = depth * 2 + "\"record\": ".len();
        for part in parts(value) {
            if column + part.len() > WIDTH {
                self.out.truncate(self.out.trim_end().len());
                self.out += "\n";
                self.out += &"  ".repeat(depth + 1);
                column = depth * 2 + 2;
            }
            self.out += &part;
            column += part.len();
        }
        self.rest = rest;
    }

    fn take(&mut self) {
        let (one, rest) = self.rest.split_at(1);
        self.out += one;
        self.rest = rest;
    }
}

/// Where the value at the start of compact JSON ends.
fn end_of(text: &str) -> usize {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    values.next().expect("a value").expect("valid JSON");
    values.byte_offset()
}

/// Compact JSON with a space after each `,` and `:` outside of text.
fn spaced(value: &str) -> String {
    parts(value).concat()
}

/// The same, cut after each `,` outside of text.
fn parts(value: &str) -> Vec<String> {
    let (mut parts, mut in_text, mut is_escaped) = (vec![String::new()], false, false);
    for one in value.chars() {
        let last = parts.last_mut().expect("there is always one");
        last.push(one);
        match one {
            _ if is_escaped => is_escaped = false,
            '\\' if in_text => is_escaped = true,
            '"' => in_text = !in_text,
            ':' if !in_text => last.push(' '),
            ',' if !in_text => {
                last.push(' ');
                parts.push(String::new());
            }
            _ => {}
        }
    }
    parts
}

const WIDTH: usize = 118;
