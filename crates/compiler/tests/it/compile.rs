//! Document to component.

use signalbox_compiler::{CompileError, ENGINE, compile, fingerprint, sections, splice};
use signalbox_policy::Case;
use wasmparser::{ComponentTypeRef, DataKind, Operator, Parser, Payload, Validator, WasmFeatures};

use crate::fixture::{CASES, component, document, policy};

/// The core module inside, of which there is one.
fn core_module(component: &[u8]) -> &[u8] {
    let mut modules = Parser::new(0).parse_all(component).filter_map(|payload| {
        match payload.expect("a readable component") {
            Payload::ModuleSection {
                unchecked_range, ..
            } => Some(unchecked_range),
            _ => None,
        }
    });
    let range = modules.next().expect("a core module");
    assert_eq!(modules.next(), None);
    &component[range]
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    assert_eq!(component(50), component(50));
    assert_ne!(component(50), component(51));
}

#[test]
fn components_of_any_number_of_models_are_valid() {
    for models in [0, 10, 1_000, 100_000] {
        let component = component(models);
        let features = WasmFeatures::default();
        Validator::new_with_features(features)
            .validate_all(&component)
            .expect("valid");
    }
}

#[test]
fn a_component_imports_one_instance_of_types_and_nothing_else() {
    let component = component(10);
    let mut depth = 0;
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(&component) {
        match payload.expect("a readable component") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ImportSection(_) => panic!("the core module imports something"),
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(section.into_iter().map(|import| import.expect("an import")));
            }
            _ => {}
        }
    }
    let [import] = imports.as_slice() else {
        panic!("{imports:?}")
    };
    assert_eq!(import.name.name, "signalbox:policy/types@0.2.0");
    assert!(
        matches!(import.ty, ComponentTypeRef::Instance(_)),
        "{import:?}"
    );
}

#[test]
fn tables_lie_in_the_last_segment_and_fit_the_memory_with_a_page_to_spare() {
    let policy = policy(&document(5_000));
    let tables = policy.tables().expect("tables");
    let core = splice(ENGINE, &tables).expect("a core module");
    let (mut minimum, mut last) = (0, None);
    for payload in Parser::new(0).parse_all(&core) {
        match payload.expect("a readable module") {
            Payload::MemorySection(memories) => {
                minimum = memories
                    .into_iter()
                    .next()
                    .expect("one")
                    .expect("readable")
                    .initial;
            }
            Payload::DataSection(segments) => {
                last = segments
                    .into_iter()
                    .last()
                    .map(|segment| segment.expect("a segment"));
            }
            _ => {}
        }
    }
    let last = last.expect("a segment");
    assert_eq!(last.data, tables);
    let DataKind::Active {
        memory_index: 0,
        offset_expr,
    } = last.kind
    else {
        panic!("passive")
    };
    let offset = match offset_expr
        .get_operators_reader()
        .read()
        .expect("an operator")
    {
        Operator::I32Const { value } => u64::try_from(value).expect("below 2 GiB"),
        other => panic!("{other:?}"),
    };
    assert_eq!(offset % 16, 0);
    let end = offset + tables.len() as u64;
    assert_eq!(minimum, end.div_ceil(65_536) + 1);
}

#[test]
fn the_fingerprint_is_that_of_the_engine_whatever_the_tables() {
    let bare = fingerprint(&splice(ENGINE, &[]).expect("a core module")).expect("a fingerprint");
    for models in [0, 10, 10_000] {
        let component = component(models);
        assert_eq!(
            fingerprint(core_module(&component)).expect("a fingerprint"),
            bare
        );
    }
    assert_eq!(bare.to_string().len(), 64);
}

#[test]
fn changed_code_changes_the_fingerprint() {
    let core = splice(ENGINE, &[]).expect("a core module");
    let expected = fingerprint(&core).expect("a fingerprint");
    let code = Parser::new(0).parse_all(&core).find_map(|payload| {
        match payload.expect("a readable module") {
            Payload::CodeSectionStart { range, .. } => Some(range),
            _ => None,
        }
    });
    let mut changed = core.clone();
    changed[code.expect("code").end - 2] ^= 1;
    assert_ne!(fingerprint(&changed).expect("a fingerprint"), expected);
}

#[test]
fn a_component_carries_its_document_and_its_cases() {
    let text = document(1) + CASES;
    let policy = policy(&text);
    let component = compile(&policy, &text).expect("a component");
    let read = sections::read(&component).expect("sections");
    assert_eq!(read.source, Some(text.as_str()));
    let cases: Vec<Case> = serde_json::from_slice(read.cases.expect("cases")).expect("JSON");
    assert_eq!(cases, policy.cases());
}

#[test]
fn a_document_without_cases_leaves_room_for_some() {
    let component = component(1);
    assert_eq!(sections::read(&component).expect("sections").cases, None);
}

#[test]
fn an_engine_without_its_heap_base_is_refused() {
    let bare = wasm_encoder::Module::new().finish();
    let error = splice(&bare, &[]).expect_err("no engine");
    assert!(matches!(error, CompileError::Engine(_)), "{error}");
}
