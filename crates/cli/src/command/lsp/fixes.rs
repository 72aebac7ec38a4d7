//! Quick fixes: the word that was probably meant.

use lsp_types::{Diagnostic as Told, Range};
use serde_json::{Value, json};

/// A fix for each of these that has one and meets a range.
pub(super) fn fixes(uri: &str, found: &[Told], range: Range) -> Value {
    let meets = |it: &&Told| it.range.start <= range.end && range.start <= it.range.end;
    found
        .iter()
        .filter(meets)
        .filter_map(|it| fix(uri, it))
        .collect()
}

fn fix(uri: &str, found: &Told) -> Option<Value> {
    let suggestion = found.data.as_ref()?.as_str()?;
    let edit = json!({"range": found.range, "newText": suggestion});
    Some(json!({
        "title": format!("Write `{suggestion}`"),
        "kind": "quickfix",
        "diagnostics": [found],
        "isPreferred": true,
        "edit": {"changes": {uri: [edit]}},
    }))
}
