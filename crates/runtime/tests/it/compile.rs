//! What is too much to be compiled is told from the bytes, before anything is.

use signalbox_runtime::{
    ChildCompiler, CompileBound, CompileIn, Isolation, LoadError, LoadOptions, Plugin, Runtime,
    Settings, Step,
};

use crate::guests::{self, Guest};

fn with(fields: String) -> Guest {
    Guest {
        fields,
        ..Guest::default()
    }
}

fn bound_of(fields: String) -> CompileBound {
    let error = guests::load(&with(fields).component(), Isolation::Request).unwrap_err();
    assert_eq!(error.step(), Step::Compile);
    match error {
        LoadError::Bound(bound) => bound,
        other => panic!("{other}"),
    }
}

#[test]
fn component_with_too_many_functions_is_not_compiled() {
    let bound = bound_of("(func)".repeat(100_001));
    assert_eq!(bound, CompileBound::Functions(100_000));
    assert!(bound.to_string().starts_with("`functions`: "));
}

#[test]
fn function_with_too_long_a_body_is_not_compiled() {
    let body = |bytes: usize| format!("(func {})", "nop ".repeat(bytes));
    assert_eq!(
        bound_of(body(1 << 20)),
        CompileBound::BodyBytes(1 << 20),
        "with its end it is longer"
    );
}

#[test]
fn function_with_too_many_locals_is_not_compiled() {
    let locals = |count: usize| format!("(func (local {}))", "i32 ".repeat(count));
    assert_eq!(bound_of(locals(10_001)), CompileBound::Locals(10_000));
    assert!(with(locals(10_000)).load().is_ok());
}

/// 200 KB that took two gigabytes and 40 s: every block is a place where every local may change.
#[test]
fn function_with_many_locals_over_many_blocks_is_not_compiled() {
    let local = |index: usize| format!("(local.set {0} (local.get {0})) ", index % 1_000);
    let blocks: String = (0..18_000)
        .map(|index| format!("(loop {} (br_if 0 (local.get 1)))", local(index)))
        .collect();
    let function = format!("(func (local {}) {blocks})", "i32 ".repeat(1_000));
    let CompileBound::Locals(most) = bound_of(function) else {
        panic!("another bound");
    };
    assert!(most < 1_000, "{most}");
}

/// A child that cannot be started.
fn without_child() -> Runtime {
    let child = ChildCompiler::new("/nowhere", ["compile"]);
    let settings = Settings {
        workers: 1,
        compile: CompileIn::Child(child),
        ..Settings::default()
    };
    Runtime::new(settings).unwrap()
}

fn load(runtime: &Runtime, component: &[u8]) -> Result<Plugin, LoadError> {
    runtime.load(component, &LoadOptions::default())
}

#[test]
fn document_needs_no_child_and_a_program_does_not_load_without_it() {
    let runtime = without_child();
    let document = crate::cache::component("gpt-4o", "support-agent");
    assert!(load(&runtime, &document).unwrap().is_trusted());
    let error = load(&runtime, &Guest::default().component()).unwrap_err();
    assert!(matches!(error, LoadError::CompilerNotStarted(_)), "{error}");
    assert_eq!(error.step(), Step::Compile);
}

#[test]
fn nothing_is_compiled_in_a_child_once_that_was_given_up() {
    let runtime = without_child();
    runtime.give_up_compiling();
    let error = load(&runtime, &Guest::default().component()).unwrap_err();
    assert_eq!(error, LoadError::GivenUp);
}
