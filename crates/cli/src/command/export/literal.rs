//! Texts as each kind of file writes them. A value is never more than a value, whatever is in it.

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON, YAML, Python, JavaScript and C#: in each of them a JSON string means the same text.
    Quoted,
    /// A shell's commands.
    Shell,
    /// `NAME='value'`, as shells, Docker and dotenv libraries read it.
    Env,
    /// Words for people.
    Text,
}

impl Format {
    /// The one of a file, by how its name ends.
    pub(super) fn of(file: &str) -> Option<Self> {
        match file.rsplit_once('.')?.1 {
            "json" | "yaml" | "yml" | "py" | "mjs" | "ts" | "cs" => Some(Self::Quoted),
            "sh" => Some(Self::Shell),
            "env" => Some(Self::Env),
            "txt" => Some(Self::Text),
            _ => None,
        }
    }

    /// Whether a name can be written so that the client reads that name.
    pub(super) fn can_write(self, name: &str) -> bool {
        let is_expanded = ["${", "{{", "$("].iter().any(|sign| name.contains(sign))
            || name.starts_with('=')
            || name.starts_with("os.environ/");
        let is_plain = || match self {
            Self::Quoted => true,
            Self::Shell | Self::Text => !name.chars().any(is_hidden),
            Self::Env => !name.chars().any(is_hidden) && !name.contains(['\'', '\\', '$']),
        };
        !is_expanded && is_plain()
    }

    /// A text as a value of such a file.
    pub(super) fn literal(self, text: &str) -> String {
        match self {
            Self::Quoted => quoted(text),
            Self::Shell => format!("'{}'", text.replace('\'', r"'\''")),
            Self::Env => format!("'{text}'"),
            Self::Text => text.to_owned(),
        }
    }

    /// Texts as a list.
    pub(super) fn list<'t>(self, texts: impl Iterator<Item = &'t str>) -> String {
        let literals: Vec<String> = texts.map(|text| self.literal(text)).collect();
        let joined = literals.join(", ");
        match self {
            Self::Quoted => format!("[{joined}]"),
            Self::Shell | Self::Env | Self::Text => joined,
        }
    }
}

/// A JSON string in which everything that cannot be seen is escaped: some YAML readers take U+2028 for
/// the end of a line.
fn quoted(text: &str) -> String {
    let string = serde_json::Value::from(text).to_string();
    string.chars().fold(String::new(), |mut out, c| {
        if is_hidden(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
        out
    })
}

/// Whether a character shows nothing, or changes how others are shown or read.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_one_value_in_every_kind_of_file() {
        let text = "a\"b'c\\d # é🚂";
        assert_eq!(Format::Quoted.literal(text), r#""a\"b'c\\d # é🚂""#);
        assert_eq!(
            Format::Quoted.literal("\u{2028}\u{9b}"),
            r#""\u2028\u009b""#
        );
        assert_eq!(Format::Shell.literal("a'b$c"), r"'a'\''b$c'");
        assert_eq!(Format::Env.literal("a b"), "'a b'");
        let list = Format::Quoted.list(["a", "b\""].into_iter());
        assert_eq!(list, r#"["a", "b\""]"#);
    }

    #[test]
    fn names_that_a_client_would_expand_are_not_written() {
        for name in ["${HOME}", "a{{b}}", "=1+1", "os.environ/KEY", "$(id)"] {
            assert!(!Format::Quoted.can_write(name), "{name}");
        }
        for name in ["gpt-4o", "a'b", "a$b", "org/model:tag"] {
            assert!(Format::Quoted.can_write(name), "{name}");
        }
        assert!(!Format::Env.can_write("a'b") && !Format::Env.can_write("a$b"));
        let turned = "a\u{202e}b";
        assert!(Format::Quoted.can_write(turned) && !Format::Shell.can_write(turned));
    }

    #[test]
    fn a_file_says_its_kind_by_its_name() {
        assert_eq!(Format::of("librechat.yaml"), Some(Format::Quoted));
        assert_eq!(Format::of(".aider.conf.yml"), Some(Format::Quoted));
        assert_eq!(Format::of("open-webui.env"), Some(Format::Env));
        assert_eq!(Format::of("README"), None);
    }
}
