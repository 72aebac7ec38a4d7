//! The stub of WASI: what is committed is what its source says, and a module that imports all of it
//! becomes a component that imports nothing.

use std::{env, fs, path::Path};

use signalbox_compiler::{Wasi, wrap};
use wasmparser::{Parser, Payload};

const SOURCE: &str = include_str!("../../src/wasi/stub.wat");

/// A subscription is laid out differently in `wasi_unstable`.
const UNSTABLE: [(&str, i32, i32); 3] = [
    ("$subscription_size", 48, 56),
    ("$timeout_at", 24, 32),
    ("$flags_at", 40, 48),
];

fn unstable() -> String {
    UNSTABLE
        .iter()
        .fold(SOURCE.to_owned(), |text, (name, old, new)| {
            let constant = |value| format!("(global {name} i32 (i32.const {value}))");
            assert!(text.contains(&constant(old)), "{name}");
            text.replace(&constant(old), &constant(new))
        })
}

#[test]
fn the_stubs_are_what_their_source_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wasi");
    for (name, source) in [
        ("stub.wasm", SOURCE.to_owned()),
        ("stub_unstable.wasm", unstable()),
    ] {
        let built = wat::parse_str(&source).expect("a module");
        let path = folder.join(name);
        if env::var_os("BLESS").is_some() {
            fs::write(&path, &built).expect("written");
        }
        let committed = fs::read(&path).expect("a file");
        assert!(committed == built, "{name} is stale: run with BLESS=1");
    }
}

/// A policy that does nothing but trap, and imports every function of the stub.
fn importing_everything(module: &str) -> Vec<u8> {
    let stub = wat::parse_str(SOURCE).expect("a module");
    let (mut types, mut functions, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(&stub) {
        match payload.expect("valid") {
            Payload::TypeSection(section) => {
                let all = section.into_iter_err_on_gc_types();
                types = all.collect::<Result<_, _>>().expect("types");
            }
            Payload::FunctionSection(section) => {
                functions = section
                    .into_iter()
                    .collect::<Result<_, _>>()
                    .expect("functions");
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.expect("an export");
                    names.push((export.name, export.index as usize));
                }
            }
            _ => {}
        }
    }
    assert_eq!(names.len(), 46, "all of WASI 0.1");
    let imports: String = names
        .iter()
        .map(|(name, function)| {
            let signature = &types[functions[*function] as usize];
            let list = |word: &str, all: &[wasmparser::ValType]| {
                let all: String = all.iter().map(|one| format!(" {one}")).collect();
                format!("({word}{all})")
            };
            let (parameters, results) = (
                list("param", signature.params()),
                list("result", signature.results()),
            );
            format!("(import \"{module}\" \"{name}\" (func {parameters} {results}))")
        })
        .collect();
    let policy = "signalbox:policy/policy@0.2.0";
    let text = format!(
        r#"(module {imports} (memory (export "memory") 1)
          (func (export "_initialize"))
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
          (func (export "{policy}#describe") (result i32) unreachable)
          (func (export "{policy}#models") (param i32 i32 i32 i32) (result i32) unreachable)
          (func (export "{policy}#decide") (param i32) (result i32) unreachable))"#
    );
    wat::parse_str(text).expect("a module")
}

#[test]
fn a_module_with_all_of_wasi_becomes_a_component_of_the_same_imports_as_one_without() {
    let none = wrap(&importing_everything("none"), Wasi::STUBBED).expect_err("another module");
    assert!(none.to_string().contains("`none`"), "{none}");
    let mut components = Vec::new();
    for module in ["wasi_snapshot_preview1", "wasi_unstable"] {
        let guest = importing_everything(module);
        let refused = wrap(&guest, Wasi::Refused).expect_err("imports");
        assert!(refused.to_string().contains("--stub-wasi"), "{refused}");
        let component = wrap(&guest, Wasi::STUBBED).expect("a component");
        wasmparser::validate(&component).expect("valid");
        assert_eq!(imports(&component), ["signalbox:policy/types@0.2.0"]);
        components.push(component);
    }
    assert_ne!(components[0], components[1]);
}

fn imports(component: &[u8]) -> Vec<String> {
    let (mut depth, mut names) = (0_u32, Vec::new());
    for payload in Parser::new(0).parse_all(component) {
        match payload.expect("valid") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.push(import.expect("an import").name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    names
}
