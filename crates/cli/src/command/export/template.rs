//! The templates of the clients' files: text with places for values.
//!
//! A line is text with `@{NAME}` where a value goes, as the file's kind writes it; `@{TEXT+NAME}` puts
//! TEXT before it, and `@{[NAME]}` is a whole list. `@if NAME` and `@each NAME` begin a part that stands
//! there if there is such a value, or once for each of a list, up to `@end`; in an `@each`, `@{it}` is
//! the one and `@{,}` a comma behind all but the last. `@{,NAME}` is a comma if NAME follows.

use std::{collections::BTreeMap, str::Lines};

use super::literal::Format;

/// What a template may ask for.
#[derive(Debug, Default)]
pub(super) struct Terms<'v> {
    values: BTreeMap<&'static str, &'v str>,
    lists: BTreeMap<&'static str, Vec<&'v str>>,
}

/// A template that says what no template may say.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    #[error("no value `{0}`")]
    Unknown(String),
    #[error("`@{{` without `}}`: {0}")]
    Open(String),
    #[error("`@end` without a beginning")]
    End,
    #[error("a part without `@end`")]
    NoEnd,
}

impl<'v> Terms<'v> {
    /// With one value, if there is one.
    pub(super) fn with(mut self, name: &'static str, value: Option<&'v str>) -> Self {
        if let Some(value) = value {
            self.values.insert(name, value);
        }
        self
    }

    /// With a list, which may be empty.
    pub(super) fn with_list(
        mut self,
        name: &'static str,
        list: impl Iterator<Item = &'v str>,
    ) -> Self {
        self.lists.insert(name, list.collect());
        self
    }

    fn value(&self, name: &str) -> Result<&'v str, TemplateError> {
        let value = self.values.get(name).copied();
        value.ok_or_else(|| TemplateError::Unknown(name.to_owned()))
    }

    fn list(&self, name: &str) -> Result<&[&'v str], TemplateError> {
        let list = self.lists.get(name).map(Vec::as_slice);
        list.ok_or_else(|| TemplateError::Unknown(name.to_owned()))
    }

    fn has(&self, name: &str) -> bool {
        self.values.contains_key(name) || self.lists.get(name).is_some_and(|list| !list.is_empty())
    }
}

/// The text of a template with its values.
pub(super) fn render(
    template: &str,
    format: Format,
    terms: &Terms<'_>,
) -> Result<String, TemplateError> {
    let parts = parts(&mut template.lines(), false)?;
    let mut out = Rendered {
        format,
        terms,
        text: String::new(),
    };
    out.parts(&parts, None)?;
    Ok(out.text)
}

enum Part<'t> {
    Line(&'t str),
    If(&'t str, Vec<Self>),
    Each(&'t str, Vec<Self>),
}

fn parts<'t>(lines: &mut Lines<'t>, is_inner: bool) -> Result<Vec<Part<'t>>, TemplateError> {
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("@if ") {
            found.push(Part::If(name, parts(lines, true)?));
        } else if let Some(name) = line.strip_prefix("@each ") {
            found.push(Part::Each(name, parts(lines, true)?));
        } else if line == "@end" {
            return if is_inner {
                Ok(found)
            } else {
                Err(TemplateError::End)
            };
        } else {
            found.push(Part::Line(line));
        }
    }
    if is_inner {
        Err(TemplateError::NoEnd)
    } else {
        Ok(found)
    }
}

struct Rendered<'a> {
    format: Format,
    terms: &'a Terms<'a>,
    text: String,
}

/// One of an `@each`, and whether others follow.
#[derive(Clone, Copy)]
struct It<'v> {
    value: &'v str,
    is_last: bool,
}

impl Rendered<'_> {
    fn parts(&mut self, parts: &[Part<'_>], it: Option<It<'_>>) -> Result<(), TemplateError> {
        for part in parts {
            match part {
                Part::Line(line) => self.line(line, it)?,
                Part::If(name, parts) if self.terms.has(name) => self.parts(parts, it)?,
                Part::If(..) => {}
                Part::Each(name, parts) => {
                    let list = self.terms.list(name)?;
                    for (place, value) in list.iter().enumerate() {
                        let is_last = place + 1 == list.len();
                        self.parts(parts, Some(It { value, is_last }))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &str, it: Option<It<'_>>) -> Result<(), TemplateError> {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("@{") {
            let open = || TemplateError::Open(line.to_owned());
            let (place, behind) = after.split_once('}').ok_or_else(open)?;
            self.text.push_str(before);
            let value = self.place(place, it)?;
            self.text.push_str(&value);
            rest = behind;
        }
        self.text.push_str(rest);
        self.text.push('\n');
        Ok(())
    }

    fn place(&self, place: &str, it: Option<It<'_>>) -> Result<String, TemplateError> {
        if let Some(name) = place
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            return Ok(self.format.list(self.terms.list(name)?.iter().copied()));
        }
        if let Some(next) = place.strip_prefix(',') {
            let follows = it.is_some_and(|it| !it.is_last) || self.terms.has(next);
            return Ok(if follows { "," } else { "" }.to_owned());
        }
        let (prefix, name) = place.split_once('+').unwrap_or(("", place));
        let value = match (name, it) {
            ("it", Some(it)) => it.value,
            _ => self.terms.value(name)?,
        };
        Ok(self.format.literal(&format!("{prefix}{value}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> Result<String, TemplateError> {
        let terms = Terms::default()
            .with("base", Some("https://gate/v1"))
            .with("embed", None)
            .with_list("chats", ["a", "b\""].into_iter())
            .with_list("embeds", [].into_iter());
        render(template, Format::Quoted, &terms)
    }

    #[test]
    fn values_parts_and_lists_are_put_in() {
        let template = "url: @{base} # @{openai/+base}\n@if embed\nembed: @{embed}\n@end\n\
                        @each chats\n- @{it}@{,}\n@end\n@if embeds\nno\n@end\nall: @{[chats]}\n";
        let text = "url: \"https://gate/v1\" # \"openai/https://gate/v1\"\n\
                    - \"a\",\n- \"b\\\"\"\nall: [\"a\", \"b\\\"\"]\n";
        assert_eq!(rendered(template), Ok(text.to_owned()));
    }

    #[test]
    fn what_no_template_may_say_is_an_error() {
        let unknown = |name: &str| Err(TemplateError::Unknown(name.to_owned()));
        assert_eq!(rendered("@{embed}"), unknown("embed"));
        assert_eq!(rendered("@{it}"), unknown("it"));
        assert_eq!(
            rendered("@{base"),
            Err(TemplateError::Open("@{base".to_owned()))
        );
        assert_eq!(rendered("@end"), Err(TemplateError::End));
        assert_eq!(rendered("@if base\nx"), Err(TemplateError::NoEnd));
    }
}
