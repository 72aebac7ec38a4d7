//! Components are compiled in a child of the same binary: bounded, and given up when the host ends.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::Stdio,
    time::Duration,
};

use signalbox_runtime::{
    Allocation, ChildCompiler, CompileBound, CompileIn, LoadError, LoadOptions, Plugin, Runtime,
    Settings,
};
use wasm_encoder::{
    CodeSection, ComponentExportKind, ComponentExportSection, ComponentInstanceSection, Function,
    FunctionSection, Module, ModuleSection, TypeSection, ValType,
};

use crate::{
    host::{Folder, Host},
    signalbox::{command, file},
};

fn child() -> ChildCompiler {
    ChildCompiler::new(env!("CARGO_BIN_EXE_signalbox"), ["compile-component"])
}

fn runtime(compile: CompileIn, allocation: Allocation) -> Runtime {
    Runtime::new(Settings {
        workers: 1,
        allocation,
        compile,
        ..Settings::default()
    })
    .unwrap()
}

fn load(child: ChildCompiler, component: &[u8]) -> Result<Plugin, LoadError> {
    let runtime = runtime(CompileIn::Child(child), Allocation::OnDemand);
    runtime.load(component, &LoadOptions::default())
}

/// So many copies of a function, in what has the contract's name and nothing of it.
fn component(function: &Function, copies: usize) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    for _ in 0..copies {
        functions.function(0);
        code.function(function);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let mut instances = ComponentInstanceSection::new();
    let nothing: [(&str, ComponentExportKind, u32); 0] = [];
    instances.export_items(nothing);
    let mut exports = ComponentExportSection::new();
    let name = "signalbox:policy/policy@0.2.0";
    exports.export(name, ComponentExportKind::Instance, 0, None);
    let mut component = wasm_encoder::Component::new();
    component
        .section(&ModuleSection(&module))
        .section(&instances)
        .section(&exports);
    component.finish()
}

/// Some 700 bytes that keep a compiler at work, and nothing odd about them.
fn ordinary() -> Function {
    let mut function = Function::new([(8, ValType::I32)]);
    let mut code = function.instructions();
    for index in 0..80 {
        code.local_get(index % 8).i32_const(7).i32_mul();
        code.local_get((index + 3) % 8).i32_add();
        code.local_set((index + 1) % 8);
    }
    code.end();
    function
}

/// Within every bound that can be told from its bytes, and hundreds of megabytes to compile.
fn greedy() -> Function {
    let mut function = Function::new([(140, ValType::I32)]);
    let mut code = function.instructions();
    for index in 0..15_000 {
        code.loop_(wasm_encoder::BlockType::Empty);
        code.local_get(index % 140).i32_const(1).i32_add();
        code.local_set(index % 140).local_get(index * 7 % 140);
        code.br_if(0).end();
    }
    code.end();
    function
}

#[test]
fn a_program_loads_from_a_child_as_it_does_without_one() {
    let component = fs::read(file("tests/frozen/0.1/components/chat-only.wasm")).unwrap();
    for allocation in [
        Allocation::OnDemand,
        Allocation::Pool,
        Allocation::SmallPool,
    ] {
        let [here, there] = [CompileIn::Process, CompileIn::Child(child())].map(|compile| {
            let runtime = runtime(compile, allocation);
            runtime.load(&component, &LoadOptions::default()).unwrap()
        });
        assert!(!there.is_trusted());
        assert_eq!(here.description(), there.description(), "{allocation:?}");
    }
}

#[test]
fn compiling_stops_at_the_bound_of_time_and_says_so() {
    let cpu = Duration::from_secs(1);
    let error = load(
        child().bounded(cpu, 1 << 30),
        &component(&ordinary(), 20_000),
    );
    let expected = LoadError::Bound(CompileBound::Time(cpu));
    assert_eq!(error.unwrap_err(), expected);
}

#[test]
fn compiling_stops_at_the_bound_of_memory_and_says_so() {
    let memory = 256 << 20;
    let bounded = child().bounded(Duration::from_secs(60), memory);
    let error = load(bounded, &component(&greedy(), 1)).unwrap_err();
    assert_eq!(error, LoadError::Bound(CompileBound::Memory(memory)));
}

#[test]
fn what_the_engine_does_not_compile_is_its_own_failure() {
    let mut function = Function::new([]);
    function.instructions().i32_add().end();
    let error = load(child(), &component(&function, 1)).unwrap_err();
    assert!(matches!(error, LoadError::Compile(_)), "{error}");
}

#[test]
fn a_program_that_is_no_compiler_compiles_nothing() {
    let component = component(&ordinary(), 1);
    for program in ["true", "false", "cat"] {
        let other = ChildCompiler::new(program, [""; 0]);
        let error = load(other, &component).unwrap_err();
        assert!(
            matches!(error, LoadError::Compiler(_)),
            "{program}: {error}"
        );
    }
}

/// A compiler of which the first is ended by somebody else.
fn ended_once(folder: &Folder, signal: &str) -> ChildCompiler {
    let (seen, real) = (folder.path("seen"), env!("CARGO_BIN_EXE_signalbox"));
    let script = format!(
        "[ -e {seen} ] && exec {real} compile-component; : > {seen}; kill -{signal} $$",
        seen = seen.display()
    );
    ChildCompiler::new("/bin/sh", ["-c".to_owned(), script])
}

#[test]
fn a_compiler_that_somebody_else_ends_is_started_again() {
    let component = fs::read(file("tests/frozen/0.1/components/chat-only.wasm")).unwrap();
    for signal in ["KILL", "TERM", "HUP"] {
        let loaded = load(ended_once(&Folder::new(), signal), &component);
        assert!(loaded.is_ok(), "{signal}: {loaded:?}");
    }
}

#[test]
fn a_compiler_that_is_ended_each_time_says_nothing_of_the_component() {
    let component = component(&ordinary(), 1);
    let folder = Folder::new();
    let script = format!("echo >> {}; kill -KILL $$", folder.path("seen").display());
    let killed = ChildCompiler::new("/bin/sh", ["-c", &script]);
    let error = load(killed, &component).unwrap_err();
    assert_eq!(error, LoadError::CompilerKilled(9));
    assert_eq!(fs::read(folder.path("seen")).unwrap().len(), 2);
    // What it brought upon itself is not tried again.
    let faulty = ChildCompiler::new("/bin/sh", ["-c", "kill -SEGV $$"]);
    let error = load(faulty, &component).unwrap_err();
    assert!(matches!(error, LoadError::Compiler(_)), "{error}");
}

/// It would take the host a minute on the CPU to stop at the bound of time; it does not come to
/// that, or the swap would say so.
#[test]
fn a_host_that_is_to_end_gives_up_compiling() {
    let folder = Folder::new();
    let policy = folder.path("long.wasm");
    fs::write(&policy, component(&ordinary(), 30_000)).unwrap();
    let times = "times: {readiness_off: 1ms}\n";
    let host = Host::start(&["--config", &folder.configure("", times)]);
    let mut swap = command(&["swap", policy.to_str().unwrap()])
        .env("SIGNALBOX_ADMIN", &host.admin)
        .env("SIGNALBOX_ADMIN_TOKEN", "operate")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(swap.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("world") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the swap has ended");
    }
    assert_eq!(host.terminate(), Some(0));
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("given up"), "{rest}");
    assert_eq!(swap.wait().unwrap().code(), Some(3), "{rest}");
}
