//! Which entry of a document stands at a line.

use signalbox_policy::{Document, Text};

/// An entry of a document, by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Route(String),
    Model(String),
    Caller(String),
    Case(String),
}

/// The entries of a document, each with the line it begins on, from 0.
pub(super) fn entries(document: &Document) -> Vec<(u32, Entry)> {
    let line = |text: &Text| text.position.line.saturating_sub(1);
    let entry = |key: &Text, entry: fn(String) -> Entry| (line(key), entry(key.value.clone()));
    let routes = document.routes.iter().flatten();
    let models = document.models.iter();
    let callers = document.callers.iter().flatten();
    let cases = document
        .cases
        .iter()
        .filter_map(|it| it.name.as_ref().map(|name| (it, name)));
    let mut entries: Vec<(u32, Entry)> = routes
        .map(|it| entry(&it.key, Entry::Route))
        .chain(models.map(|it| entry(&it.name, Entry::Model)))
        .chain(callers.map(|it| entry(&it.name, Entry::Caller)))
        .chain(cases.map(|(it, name)| {
            let line = it.position.line.saturating_sub(1);
            (line, Entry::Case(name.value.clone()))
        }))
        .collect();
    entries.sort_by_key(|(line, _)| *line);
    entries
}

/// The entry that a line is part of.
pub(super) fn at(document: &Document, text: &str, line: u32) -> Option<Entry> {
    let (begins, entry) = entries(document)
        .into_iter()
        .take_while(|(begins, _)| *begins <= line)
        .last()?;
    let skip = usize::try_from(begins).ok()?;
    let take = usize::try_from(line - begins).ok()?;
    let mut below = text.lines().skip(skip + 1).take(take);
    // A line that begins further out than entries do is of something else.
    let is_out = |line: &str| !line.is_empty() && !line.starts_with([' ', '-', '#', '\t']);
    (!below.any(is_out)).then_some(entry)
}

/// Whether a case is one of those that an entry of this name stands for: with values in it, or once
/// for each of its `each`.
pub(super) fn is_case_of(written: &str, name: &str) -> bool {
    if let (Some((before, _)), Some((_, after))) =
        (written.split_once("${"), written.rsplit_once('}'))
    {
        return name.starts_with(before) && name.ends_with(after);
    }
    let rest = name.strip_prefix(written);
    rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with(" (") && rest.ends_with(')')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_of_the_entry_it_stands_in() {
        let text = "policy: p\nroutes:\n  GET /v1/models:\n    verdict: native\n\n  # b\nmodels:\n  \
                    a: {}\ncases:\n- request: GET /v1/models\n  name: c\n  expect: {list: []}\n";
        let document = Document::parse(text).unwrap();
        let at = |line| at(&document, text, line);
        let route = Some(Entry::Route("GET /v1/models".to_owned()));
        assert_eq!((at(0), at(1), at(6)), (None, None, None));
        assert_eq!((at(2), at(3), at(5)), (route.clone(), route.clone(), route));
        assert_eq!(at(7), Some(Entry::Model("a".to_owned())));
        assert_eq!(at(8), None);
        assert_eq!((at(9), at(11)), (at(10), Some(Entry::Case("c".to_owned()))));
    }

    #[test]
    fn a_repeated_case_goes_by_its_entry() {
        assert!(is_case_of("a", "a"));
        assert!(is_case_of("a", "a (model: gpt-4o)"));
        assert!(is_case_of(
            "${model} goes to ${agent}",
            "gpt-4o goes to support-agent"
        ));
        assert!(!is_case_of("a", "a b"));
        assert!(!is_case_of("${model} goes", "gpt-4o stays"));
    }
}
