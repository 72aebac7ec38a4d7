//! What is generated in a page: between a comment that says by what, and one that says where it ends.

use std::fs;

use anyhow::{Context as _, ensure};

use crate::process::root;

/// Puts what is generated into a page of the repository.
pub(super) fn write(path: &str, begin: &str, generated: &str) -> anyhow::Result<()> {
    let (path, page) = replaced(path, begin, generated)?;
    fs::write(root().join(&path), page).with_context(|| format!("cannot write {path}"))
}

/// A page's path, and its text with what is generated.
pub(super) fn replaced(
    path: &str,
    begin: &str,
    generated: &str,
) -> anyhow::Result<(String, String)> {
    let page =
        fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))?;
    let page = between_comments(&page, begin, generated).with_context(|| format!("in {path}"))?;
    Ok((path.to_owned(), page))
}

/// The page with what is generated in place of what is between its two comments.
fn between_comments(page: &str, begin: &str, generated: &str) -> anyhow::Result<String> {
    let (before, rest) = page
        .split_once(begin)
        .context("the comment that begins is not there")?;
    let (_, after) = rest
        .split_once(END)
        .context("the comment that ends is not there")?;
    ensure!(!after.contains(begin), "there are two comments that begin");
    Ok(format!(
        "{before}{begin}\n{}\n{END}{after}",
        generated.trim_end()
    ))
}

const END: &str = "<!-- end of what is generated -->";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_comments_is_replaced() {
        let begin = "<!-- generated -->";
        let page = format!("a\n{begin}\nold\n{END}\nb\n");
        let new = between_comments(&page, begin, "new\n\n").unwrap();
        assert_eq!(new, format!("a\n{begin}\nnew\n{END}\nb\n"));
        assert_eq!(between_comments(&new, begin, "new\n").unwrap(), new);
        assert!(between_comments("a\nb\n", begin, "new").is_err());
    }
}
