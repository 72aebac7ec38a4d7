//! Core module to component.

use signalbox_compiler::{CompileError, ENGINE, Wasi};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, Instruction, MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::fixture::component;

fn wrap(core_module: &[u8]) -> Result<Vec<u8>, CompileError> {
    signalbox_compiler::wrap(core_module, Wasi::Refused)
}

/// A guest without a world: a memory, a function to place arguments, and functions by name.
fn guest(functions: &[(&str, &[ValType], &[ValType])]) -> Vec<u8> {
    let (mut types, mut declared) = (TypeSection::new(), FunctionSection::new());
    let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    exports.export("memory", ExportKind::Memory, 0);
    for (index, (name, parameters, results)) in (0..).zip(functions) {
        types
            .ty()
            .function(parameters.iter().copied(), results.iter().copied());
        declared.function(index);
        exports.export(name, ExportKind::Func, index);
        let mut body = Function::new([]);
        body.instruction(&Instruction::Unreachable)
            .instruction(&Instruction::End);
        code.function(&body);
    }
    let mut globals = GlobalSection::new();
    let constant = GlobalType {
        val_type: ValType::I32,
        mutable: false,
        shared: false,
    };
    globals.global(constant, &ConstExpr::i32_const(0));
    let mut module = Module::new();
    module
        .section(&types)
        .section(&declared)
        .section(&memories)
        .section(&globals);
    module.section(&exports).section(&code);
    module.finish()
}

const I32: ValType = ValType::I32;

fn policy_guest() -> Vec<u8> {
    guest(&[
        ("cabi_realloc", &[I32; 4], &[I32]),
        ("signalbox:policy/policy@0.2.0#describe", &[], &[I32]),
        ("signalbox:policy/policy@0.2.0#models", &[I32; 4], &[I32]),
        ("signalbox:policy/policy@0.2.0#decide", &[I32], &[I32]),
    ])
}

fn with_world(mut module: Vec<u8>, wit: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).expect("a package");
    let world = resolve
        .select_world(&[package], Some(world))
        .expect("a world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("embedded");
    module
}

const CONTRACT: &str = include_str!("../../../../wit/0.2.0/policy.wit");

#[test]
fn a_guest_of_the_world_becomes_a_component() {
    let component = wrap(&with_world(policy_guest(), CONTRACT, "signalbox-policy"));
    wasmparser::validate(&component.expect("a component")).expect("valid");
}

#[test]
fn functions_of_the_contract_do_for_a_world() {
    let told = wrap(&with_world(policy_guest(), CONTRACT, "signalbox-policy"));
    let component = wrap(&policy_guest()).expect("a component");
    assert_eq!(component, told.expect("a component"));
}

#[test]
fn the_engine_itself_is_such_a_guest() {
    wasmparser::validate(&wrap(ENGINE).expect("a component")).expect("valid");
}

#[test]
fn a_guest_that_lacks_a_function_is_refused() {
    let guest = guest(&[("signalbox:policy/policy@0.2.0#describe", &[], &[I32])]);
    let error = wrap(&with_world(guest, CONTRACT, "signalbox-policy")).expect_err("incomplete");
    assert!(matches!(error, CompileError::Encode(_)), "{error}");
}

#[test]
fn a_guest_of_another_world_is_told_which_to_take() {
    let guest = with_world(
        guest(&[("run", &[], &[])]),
        "package other:thing@1.0.0; world other { export run: func(); }",
        "other",
    );
    let error = wrap(&guest).expect_err("another world");
    assert!(matches!(error, CompileError::NotAPolicy(_)), "{error}");
    assert!(error.to_string().contains("signalbox-policy"), "{error}");
}

#[test]
fn nonsense_is_refused() {
    for nonsense in [b"".as_slice(), b"policy: litellm", &[0; 64]] {
        let error = wrap(nonsense).expect_err("nonsense");
        assert!(matches!(error, CompileError::NotWasm), "{error}");
    }
    let error = wrap(b"\0asm\x01\0\0\0\xff\xff").expect_err("damaged");
    assert!(matches!(error, CompileError::Damaged(_)), "{error}");
    let error = wrap(&ENGINE[..ENGINE.len() - 1]).expect_err("cut short");
    assert!(matches!(error, CompileError::Damaged(_)), "{error}");
}

#[test]
fn a_component_is_not_wrapped_again() {
    let error = wrap(&component(1)).expect_err("a component");
    assert!(matches!(error, CompileError::IsComponent), "{error}");
}
