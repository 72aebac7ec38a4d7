//! Cases in components.

use signalbox_compiler::{CompileError, ENGINE, sections, with_cases};
use wasm_encoder::{Component, CustomSection, ModuleSection, NestedComponentSection};

use crate::fixture::{component, document};

fn section(name: &str) -> CustomSection<'_> {
    CustomSection {
        name: name.into(),
        data: b"[]".as_slice().into(),
    }
}

#[test]
fn cases_are_added_once() {
    let with = with_cases(&component(1), br#"[{"name":"a"}]"#).expect("cases");
    let read = sections::read(&with).expect("sections");
    assert_eq!(read.cases, Some(br#"[{"name":"a"}]"#.as_slice()));
    assert_eq!(read.source, Some(document(1).as_str()));
    let again = with_cases(&with, b"[]").expect_err("twice");
    assert!(
        matches!(again, CompileError::SectionTwice(sections::CASES)),
        "{again}"
    );
}

#[test]
fn cases_up_to_a_mebibyte_of_json_are_taken() {
    let of_length = |length: usize| format!("\"{}\"", "x".repeat(length - 2)).into_bytes();
    let longest = of_length(sections::LONGEST_CASES);
    assert!(with_cases(&component(1), &longest).is_ok());
    let error = with_cases(&component(1), &of_length(longest.len() + 1)).expect_err("too long");
    assert!(
        matches!(
            error,
            CompileError::CasesTooLong {
                length: 1_048_577,
                ..
            }
        ),
        "{error}"
    );
    let error = with_cases(&component(1), b"- name: yaml").expect_err("no JSON");
    assert!(matches!(error, CompileError::CasesNotJson(_)), "{error}");
}

#[test]
fn what_is_no_component_takes_no_cases() {
    let error = with_cases(b"policy: litellm", b"[]").expect_err("text");
    assert!(matches!(error, CompileError::NotWasm), "{error}");
    let error = with_cases(ENGINE, b"[]").expect_err("a core module");
    assert!(matches!(error, CompileError::IsModule), "{error}");
    let cut = component(1);
    let error = with_cases(&cut[..cut.len() / 2], b"[]").expect_err("cut short");
    assert!(matches!(error, CompileError::Damaged(_)), "{error}");
}

#[test]
fn doubled_sections_are_refused() {
    for name in [sections::SOURCE, sections::CASES] {
        let mut component = Component::new();
        component.section(&section(name)).section(&section(name));
        let error = sections::read(&component.finish()).expect_err("twice");
        assert!(
            matches!(error, CompileError::SectionTwice(it) if it == name),
            "{error}"
        );
    }
}

#[test]
fn nested_sections_are_refused() {
    for name in [sections::SOURCE, sections::CASES] {
        let mut module = wasm_encoder::Module::new();
        module.section(&section(name));
        let mut with_module = Component::new();
        with_module.section(&ModuleSection(&module));
        let mut inner = Component::new();
        inner.section(&section(name));
        let mut with_component = Component::new();
        with_component.section(&NestedComponentSection(&inner));
        for outer in [with_module, with_component] {
            let error = sections::read(&outer.finish()).expect_err("nested");
            assert!(
                matches!(error, CompileError::SectionNested(it) if it == name),
                "{error}"
            );
        }
    }
}

#[test]
fn a_source_that_is_no_text_is_refused() {
    let mut component = Component::new();
    let data = [0xff].as_slice().into();
    component.section(&CustomSection {
        name: sections::SOURCE.into(),
        data,
    });
    let error = sections::read(&component.finish()).expect_err("no text");
    assert!(
        matches!(error, CompileError::SectionNotText(sections::SOURCE)),
        "{error}"
    );
}
