//! What a case expects beyond the kind of the answer.

use std::collections::BTreeMap;

use super::words;
use crate::{
    ExpectedForward, ExpectedRefusal, Text,
    diagnostic::{Code, Findings, shown},
    document::Expect,
};

/// Reports what is said of another kind of answer than `kind`, which is the one expected.
pub(super) fn check_kind(written: &Expect, kind: &str, findings: &mut Findings) {
    let headers = written.set_headers.as_ref();
    let texts = [
        ("forward", "model", place(written.model.as_ref())),
        (
            "forward",
            "response_model",
            place(written.response_model.as_ref()),
        ),
        ("forward", "path", place(written.path.as_ref())),
        ("forward", "query", place(written.query.as_ref())),
        (
            "forward",
            "set_headers",
            headers.map(|set| {
                set.first()
                    .map_or(written.position, |(name, _)| name.position)
            }),
        ),
        (
            "forward",
            "drop_headers",
            written.drop_headers.as_ref().map(|list| list.position),
        ),
        ("forward", "notice", place(written.notice.as_ref())),
        ("refuse", "message", place(written.message.as_ref())),
        ("refuse", "reason", place(written.reason.as_ref())),
    ];
    for (of, key, place) in texts {
        if let Some(place) = place.filter(|_| of != kind) {
            let message = format!("`{key}` in `expect` belongs to `{of}`");
            findings.add(Code::BadExpectation, place, message);
        }
    }
}

fn place(text: Option<&Text>) -> Option<crate::Position> {
    text.map(|text| text.position)
}

pub(super) fn forward(written: &Expect, route: &Text, findings: &mut Findings) -> ExpectedForward {
    let path = written.path.as_ref();
    let query = written.query.as_ref();
    let set = written.set_headers.as_deref();
    let dropped = written.drop_headers.as_ref();
    if let Some(list) = dropped {
        words::no_repeats(list, findings);
        let names = list.items.iter();
        names.for_each(|name| words::header_name(name, findings));
    }
    ExpectedForward {
        route: route.value.clone(),
        model: owned(written.model.as_ref()),
        response_model: owned(written.response_model.as_ref()),
        path: path.map(|text| self::path(text, &route.value, findings)),
        query: query.map(|text| self::query(text, findings)),
        set_headers: set.map(|set| set_headers(set, findings)),
        drop_headers: dropped.map(|list| list.items.iter().map(|it| it.value.clone()).collect()),
        notice: owned(written.notice.as_ref()),
    }
}

pub(super) fn refusal(written: &Expect, code: &Text, findings: &mut Findings) -> ExpectedRefusal {
    if let Some(text) = written.message.as_ref().filter(|it| it.value.is_empty()) {
        let help = "a refusal always has one: write it, or leave `message` out";
        let message = "`message` is empty";
        findings.add_with_help(Code::BadExpectation, text.position, message, help);
    }
    ExpectedRefusal {
        code: code.value.clone(),
        message: owned(written.message.as_ref()),
        reason: owned(written.reason.as_ref()),
    }
}

/// What GT would be sent along the route.
fn path(text: &Text, route: &str, findings: &mut Findings) -> String {
    let path = &text.value;
    let template = route.split_once(' ').map(|(_, template)| template);
    if !path.starts_with("/v1/") || path.contains(['?', '#']) || path.contains(char::is_whitespace)
    {
        let message = format!("`{}` is no path that GT is sent", shown(path));
        let help = "write what follows GT's own base, from `/v1/` on, without the query";
        findings.add_with_help(Code::BadExpectation, text.position, message, help);
    } else if let Some(template) = template.filter(|it| !is_of(path, it)) {
        let message = format!("`{}` is no path of `{}`", shown(path), shown(template));
        let help = "a segment in braces stands for any one segment, every other for itself";
        findings.add_with_help(Code::BadExpectation, text.position, message, help);
    }
    path.clone()
}

fn is_of(path: &str, template: &str) -> bool {
    let (mut given, mut wanted) = (path.split('/'), template.split('/'));
    loop {
        match (given.next(), wanted.next()) {
            (None, None) => return true,
            (Some(given), Some(wanted)) if given == wanted || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}

fn query(text: &Text, findings: &mut Findings) -> String {
    let query = &text.value;
    if query.starts_with('?') || query.contains('#') || query.contains(char::is_whitespace) {
        let message = format!("`{}` is no query", shown(query));
        let help = "write it without `?`, as GT is sent it; `\"\"` is for none";
        findings.add_with_help(Code::BadExpectation, text.position, message, help);
    }
    query.clone()
}

fn set_headers(written: &[(Text, Text)], findings: &mut Findings) -> BTreeMap<String, String> {
    let header = |(name, value): &(Text, Text)| {
        words::header_name(name, findings);
        (name.value.clone(), value.value.clone())
    };
    written.iter().map(header).collect()
}

fn owned(text: Option<&Text>) -> Option<String> {
    text.map(|text| text.value.clone())
}
