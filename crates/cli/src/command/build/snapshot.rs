//! A core module after its start: what its initialisation does once is in the memory it begins with, in place of being
//! done again by each fresh instance.

use std::collections::HashMap;

use anyhow::Context as _;
use signalbox_compiler::{Wasi, stubs};
use wasmtime::{
    Caller, Config, Engine, ExternType, Instance, Linker, Module, Store, Val, format_err,
};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

/// A module that need not begin any more.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) module: Vec<u8>,
    /// The stub that goes with it: its clock goes on from there.
    pub(super) wasi: Wasi,
}

/// Initialises a module, with the stub of WASI that it will have.
///
/// # Errors
/// If it has no `_initialize`, does not come to its end, or does what no snapshot can hold.
pub(super) fn begun(core_module: &[u8]) -> anyhow::Result<Begun> {
    let mut wizer = Wizer::new();
    wizer.init_func(INITIALIZE);
    let instrumented = wizer.instrument(core_module);
    let (context, instrumented) = instrumented.map_err(anyhow_error)?;
    let mut running = Running::start(&instrumented).map_err(anyhow_error)?;
    let initialize = running
        .instance
        .get_typed_func::<(), ()>(&mut running.store, INITIALIZE);
    let initialize = initialize
        .map_err(anyhow_error)
        .context("a snapshot is taken after `_initialize`, which this module has not")?;
    let initialized = initialize.call(&mut running.store, ());
    initialized
        .map_err(anyhow_error)
        .context("the module does not come to the end of its `_initialize`")?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let module = runtime.block_on(wizer.snapshot(&context, &mut running));
    let module = module.map_err(anyhow_error)?;
    let clock = running.clock().map_err(anyhow_error)?;
    Ok(Begun {
        module,
        wasi: Wasi::Stubbed { clock },
    })
}

/// The module, with stubs that are made once its memory is there.
struct Running {
    store: Store<Stubs>,
    instance: Instance,
}

/// By the name a module imports them by.
type Stubs = HashMap<&'static str, Instance>;

impl Running {
    fn start(module: &[u8]) -> wasmtime::Result<Self> {
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
        for (name, stub) in stubs() {
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

fn anyhow_error(error: wasmtime::Error) -> anyhow::Error {
    anyhow::Error::from_boxed(error.into())
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

    fn why(module: &[u8]) -> String {
        begun(module).unwrap_err().to_string()
    }

    #[test]
    fn a_module_goes_on_where_it_had_come_to() {
        let begun = begun(&module(
            "(func (export \"_initialize\")
               (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 8)))
               (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 16)))
               (global.set $begun (i32.add (global.get $begun) (i32.const 7))))",
        ))
        .unwrap();
        assert_eq!(begun.wasi, Wasi::Stubbed { clock: 3_000 });
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
        assert_eq!(function.call(&mut store, ()).unwrap(), 7);
    }

    #[test]
    fn what_has_no_start_or_none_that_ends_is_refused() {
        let without = why(&module(""));
        assert!(without.contains("which this module has not"), "{without}");
        let endless = why(&module(
            "(func (export \"_initialize\") (loop $on (br $on)))",
        ));
        assert!(endless.contains("does not come to the end"), "{endless}");
        let trapping = why(&module("(func (export \"_initialize\") unreachable)"));
        assert!(trapping.contains("does not come to the end"), "{trapping}");
    }
}
