//! What a page of the documentation says of keys: its tables have a row for each.

use std::collections::BTreeMap;

/// What each key is for, by its path.
pub(super) struct Page(BTreeMap<String, String>);

impl Page {
    /// Reads the tables of a page whose first column is `key` or `field`.
    pub(super) fn of(text: &str) -> Self {
        let mut keys = BTreeMap::new();
        let mut columns: Option<usize> = None;
        for line in text.lines() {
            let Some(cells) = cells(line) else {
                columns = None;
                continue;
            };
            match (columns, cells.as_slice()) {
                (None, ["key" | "field", ..]) => columns = Some(cells.len()),
                (Some(count), [names, .., meaning]) if cells.len() == count => {
                    let default = cells.get(1).filter(|_| count > 2);
                    let about = about(meaning, default.copied().unwrap_or_default());
                    for name in names.split(", ") {
                        let name = name.trim_matches('`').to_owned();
                        keys.entry(name).or_insert_with(|| about.clone());
                    }
                }
                _ => {}
            }
        }
        Self(keys)
    }

    /// The same keys below another one.
    pub(super) fn below(self, key: &str) -> Self {
        let keys = self.0.into_iter();
        Self(
            keys.map(|(name, about)| (format!("{key}.{name}"), about))
                .collect(),
        )
    }

    pub(super) fn about(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }
}

/// The cells of a table's row.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.strip_prefix('|')?.strip_suffix('|')?;
    // An empty cell is one blank wide.
    Some(row.split(" |").map(str::trim).collect())
}

fn about(meaning: &str, default: &str) -> String {
    let meaning = without_links(meaning);
    let default = without_links(default);
    if default.is_empty() || default.starts_with("required") {
        format!("{meaning}.")
    } else {
        format!("{meaning}. By default: {default}.")
    }
}

/// `[text](address)` becomes the text.
fn without_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out += before;
        let link = after
            .split_once("](")
            .and_then(|(shown, rest)| Some((shown, rest.split_once(')')?.1)));
        if let Some((shown, after)) = link.filter(|(shown, _)| !shown.contains(']')) {
            out += shown;
            rest = after;
        } else {
            out.push('[');
            rest = after;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_its_keys_are_for() {
        let page = Page::of(
            "| preset | purpose |\n| --- | --- |\n| `no` | key |\n\n\
             | key | default | meaning |\n| --- | --- | --- |\n\
             | `a.b`, `a.c` | `[x]` | see [B](b.md#b) and [y] |\n| `d` | required | what |\n| `e` | | then |\n",
        );
        assert_eq!(page.about("a.b"), Some("see B and [y]. By default: `[x]`."));
        assert_eq!(page.about("a.b"), page.about("a.c"));
        assert_eq!(page.about("d"), Some("what."));
        assert_eq!(page.about("e"), Some("then."));
        assert_eq!(page.about("no"), None);
        assert_eq!(page.below("keys").about("keys.d"), Some("what."));
    }
}
