//! What a document says of its client.

use super::words;
use crate::{
    Category, Client, Compatibility, List, Text,
    diagnostic::{Code, Findings},
    document,
    presets::Preset,
};

pub(super) fn client(written: &document::Client, findings: &mut Findings) -> Option<Client> {
    if written.name.is_none() && !written.present.has("name") {
        let message = "`client` needs `name`";
        findings.add(Code::MissingKey, written.position, message);
    }
    let name = written.name.as_ref();
    let name = name.map(|text| words::line(text, "`name`", findings));
    let categories = Category::ALL.map(|it| (it.word(), it));
    let compatibilities = Compatibility::ALL.map(|it| (it.word(), it));
    let category = written.category.as_ref().and_then(|text| {
        words::one_of(
            text,
            "category",
            &categories,
            Code::UnknownCategory,
            findings,
        )
    });
    let compatibility = written.compatibility.as_ref().and_then(|text| {
        let (known, code) = (&compatibilities, Code::UnknownCompatibility);
        words::one_of(text, "compatibility", known, code, findings)
    });
    let preset = written.preset.as_ref();
    let preset = preset.and_then(|text| self::preset(text, findings));
    let setup = paragraphs(written.setup.as_ref(), "`setup`", findings);
    let caveats = paragraphs(written.caveats.as_ref(), "`caveats`", findings);
    let corrections = paragraphs(written.corrections.as_ref(), "`corrections`", findings);
    Some(Client {
        name: name?,
        category,
        compatibility,
        preset,
        setup,
        caveats,
        corrections,
    })
}

/// One of GT's presets.
pub(super) fn preset(text: &Text, findings: &mut Findings) -> Option<Preset> {
    let known = Preset::ALL.map(|preset| (preset.word, preset));
    words::one_of(text, "preset", &known, Code::UnknownPreset, findings)
}

fn paragraphs(list: Option<&List>, what: &str, findings: &mut Findings) -> Vec<String> {
    let Some(list) = list else { return Vec::new() };
    words::not_empty(
        list,
        what,
        "leave it out if there is nothing to say",
        findings,
    );
    words::no_repeats(list, findings);
    let entry = format!("an entry of {what}");
    let paragraph = |text| paragraph(text, &entry, findings);
    list.items.iter().map(paragraph).collect()
}

fn paragraph(text: &Text, what: &str, findings: &mut Findings) -> String {
    let mut lines = text.value.trim().lines();
    if lines.any(|line| line.trim().is_empty()) {
        let message = format!("{what} has more than one paragraph");
        findings.add_with_help(
            Code::BadText,
            text.position,
            message,
            "make them two entries",
        );
    }
    words::prose(text, what, findings)
}
