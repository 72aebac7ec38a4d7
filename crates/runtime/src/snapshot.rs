//! A core module after its start: what its initialisation does once is in the memory it begins with, in place of being
//! done again by each fresh instance.

mod first_calls;

use std::collections::HashMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::{
    Caller, Config, Engine, ExternType, Instance, Linker, Module, Store, Val, format_err,
};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use crate::Detail;

/// A module that need not begin any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// It has no `_initialize`, and all that this and its first answers have done.
    pub module: Vec<u8>,
    /// What the clock of its stubs said by then, in nanoseconds.
    pub clock: u64,
}

/// Why there is no snapshot of a module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It is none, or does what no snapshot can hold.
    #[error("no snapshot can be taken of the module: {0}")]
    Module(Detail),
    /// There is nothing to come before a snapshot.
    #[error("a snapshot is taken after `_initialize`, which the module has not: {0}")]
    NoStart(Detail),
    /// It traps, or takes longer than any should.
    #[error("the module does not come to the end of its `_initialize` and its first answers: {0}")]
    Start(Detail),
}

/// Initialises a module and asks it what any host asks, with the stubs of WASI that it will have, by the name it imports
/// them by.
///
/// # Errors
/// If it has no `_initialize`, does not come to the end of either, or does what no snapshot can hold.
pub fn begun(core_module: &[u8], stubs: &[(&'static str, &[u8])]) -> Result<Begun, SnapshotError> {
    let of_module = |error: wasmtime::Error| SnapshotError::Module(detail(&error));
    let mut wizer = Wizer::new();
    wizer.init_func(INITIALIZE);
    let (context, instrumented) = wizer.instrument(core_module).map_err(of_module)?;
    let mut running = Running::start(&instrumented, stubs).map_err(of_module)?;
    let initialize = running
        .instance
        .get_typed_func::<(), ()>(&mut running.store, INITIALIZE);
    let initialize = initialize.map_err(|error| SnapshotError::NoStart(detail(&error)))?;
    let initialized = initialize.call(&mut running.store, ());
    initialized.map_err(|error| SnapshotError::Start(detail(&error)))?;
    let asked = first_calls::ask(&mut running.store, &running.instance);
    asked.map_err(|error| SnapshotError::Start(detail(&error)))?;
    let module = at_once(wizer.snapshot(&context, &mut running)).map_err(of_module)?;
    let clock = running.clock().map_err(of_module)?;
    Ok(Begun { module, clock })
}

/// What a future gives that waits for nothing.
fn at_once<T>(future: impl Future<Output = wasmtime::Result<T>>) -> wasmtime::Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(format_err!("the snapshot waits for something")),
    }
}

fn detail(error: &wasmtime::Error) -> Detail {
    Detail::of_chain(error)
}

/// The module, with stubs that are made once its memory is there.
struct Running {
    store: Store<Stubs>,
    instance: Instance,
}

/// By the name a module imports them by.
type Stubs = HashMap<&'static str, Instance>;

impl Running {
    fn start(module: &[u8], stubs: &[(&'static str, &[u8])]) -> wasmtime::Result<Self> {
        let engine = Engine::new(Config::new().consume_fuel(true))?;
        let module = Module::new(&engine, module)?;
        let mut linker = Linker::new(&engine);
        for import in module.imports() {
            let (from, name) = (import.module().to_owned(), import.name().to_owned());
            let ExternType::Func(of_type) = import.ty() else {
                return Err(format_err!(
                    "the module imports `{from}` `{name}`, which is no function"
                ));
            };
            let (from, name) = (from.into_boxed_str(), name.into_boxed_str());
            linker.func_new(
                &from.clone(),
                &name.clone(),
                of_type,
                move |caller, given, results| ask(caller, (&from, &name), given, results),
            )?;
        }
        let mut store = Store::new(&engine, Stubs::new());
        store.set_fuel(MOST)?;
        let instance = linker.instantiate(&mut store, &module)?;
        let Some(memory) = instance.get_memory(&mut store, "memory") else {
            return Ok(Self { store, instance });
        };
        for &(name, stub) in stubs {
            let stub = Module::new(&engine, stub)?;
            let stub = Instance::new(&mut store, &stub, &[memory.into()])?;
            store.data_mut().insert(name, stub);
        }
        Ok(Self { store, instance })
    }

    /// What the clock says after the initialisation: the later of the two, of which one was asked.
    fn clock(&mut self) -> wasmtime::Result<u64> {
        let Some(memory) = self.instance.get_memory(&mut self.store, "memory") else {
            return Ok(0);
        };
        let stubs: Vec<Instance> = self.store.data().values().copied().collect();
        let mut clock = 0;
        for stub in stubs {
            let read =
                stub.get_typed_func::<(i32, i64, i32), i32>(&mut self.store, "clock_time_get")?;
            read.call(&mut self.store, (0, 0, 0))?;
            let mut bytes = [0; 8];
            memory.read(&self.store, 0, &mut bytes)?;
            clock = clock.max(u64::from_le_bytes(bytes));
        }
        Ok(clock)
    }
}

/// Lets a stub answer.
fn ask(
    mut caller: Caller<'_, Stubs>,
    (from, name): (&str, &str),
    given: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let stub = caller.data().get(from).copied();
    let function = stub.and_then(|stub| stub.get_func(&mut caller, name));
    let function = function.ok_or_else(|| format_err!("nothing answers `{from}` `{name}` yet"))?;
    function.call(&mut caller, given, results)
}

impl InstanceState for Running {
    async fn global_get(&mut self, name: &str, _type: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name);
        match global.map(|global| global.get(&mut self.store)) {
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(value)) => SnapshotVal::F32(value),
            Some(Val::F64(value)) => SnapshotVal::F64(value),
            Some(Val::V128(value)) => SnapshotVal::V128(value.as_u128()),
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            // Wizer has exported all of them, and refused those of other types.
            _ => SnapshotVal::I32(0),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name);
        contents(memory.map_or(&[], |memory| memory.data(&self.store)));
    }
}

const INITIALIZE: &str = "_initialize";
/// Instructions, about: some seconds of them. Go takes a few million.
const MOST: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with this at its start.
    fn module(initialize: &str) -> Vec<u8> {
        let text = format!(
            "(module
               (import \"wasi_snapshot_preview1\" \"clock_time_get\"
                 (func $clock (param i32 i64 i32) (result i32)))
               (memory (export \"memory\") 1)
               (global $begun (mut i32) (i32.const 0))
               {initialize}
               (func (export \"begun\") (result i32) (global.get $begun)))"
        );
        wat::parse_str(text).unwrap()
    }

    fn begin(module: &[u8]) -> Result<Begun, SnapshotError> {
        let stubs: Vec<_> = signalbox_compiler::stubs().collect();
        begun(module, &stubs)
    }

    fn why(module: &[u8]) -> String {
        begin(module).unwrap_err().to_string()
    }

    #[test]
    fn a_module_goes_on_where_it_had_come_to() {
        let begun = begin(&module(
            "(func (export \"_initialize\")
               (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 8)))
               (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 16)))
               (global.set $begun (i32.add (global.get $begun) (i32.const 3))))
             (func (export \"signalbox:policy/policy@0.2.0#describe\") (result i32)
               (global.set $begun (i32.add (global.get $begun) (i32.const 1)))
               (i32.const 3))
             (func (export \"cabi_post_signalbox:policy/policy@0.2.0#describe\") (param i32)
               (global.set $begun (i32.add (global.get $begun) (local.get 0))))
             (global $free (mut i32) (i32.const 4096))
             (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)
               (global.get $free)
               (global.set $free (i32.add (global.get $free) (i32.const 256))))
             ;; With the length of the method.
             (func (export \"signalbox:policy/policy@0.2.0#decide\") (param i32) (result i32)
               (global.set $begun
                 (i32.add (global.get $begun) (i32.load offset=4 (local.get 0))))
               (i32.const 0))",
        ))
        .unwrap();
        assert_eq!(begun.clock, 3_000);
        let engine = Engine::default();
        let module = Module::new(&engine, &begun.module).unwrap();
        assert!(
            module.get_export(INITIALIZE).is_none(),
            "it is not done again"
        );
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&module).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let times = [8, 16].map(|at| memory.data(&store)[at..at + 8].to_vec());
        assert_eq!(
            times,
            [1_000_u64, 2_000].map(|time| time.to_le_bytes().to_vec())
        );
        let function = instance
            .get_typed_func::<(), i32>(&mut store, "begun")
            .unwrap();
        assert_eq!(function.call(&mut store, ()).unwrap(), 3 + 1 + 3 + 4);
    }

    #[test]
    fn what_has_no_start_or_none_that_ends_is_refused() {
        let undescribed = why(&module(
            "(func (export \"_initialize\"))
             (func (export \"signalbox:policy/policy@0.2.0#describe\") (result i32) unreachable)",
        ));
        assert!(undescribed.contains("first answers"), "{undescribed}");
        let without = why(&module(""));
        assert!(without.contains("which the module has not"), "{without}");
        let endless = why(&module(
            "(func (export \"_initialize\") (loop $on (br $on)))",
        ));
        assert!(endless.contains("does not come to the end"), "{endless}");
        let trapping = why(&module("(func (export \"_initialize\") unreachable)"));
        assert!(trapping.contains("does not come to the end"), "{trapping}");
    }
}
