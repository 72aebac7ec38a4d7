//! Loading guests once a process.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock},
};

use signalbox_runtime::{Isolation, LoadError, LoadOptions, Plugin, Runtime, Settings};

/// Loads a component, once a process.
///
/// # Errors
/// A host would not take it.
///
/// # Panics
/// This machine runs no policies.
pub fn load(component: &[u8], isolation: Isolation) -> Result<Plugin, LoadError> {
    static ISOLATED: Loaded = OnceLock::new();
    static KEPT: Loaded = OnceLock::new();
    static REUSED: Loaded = OnceLock::new();
    let loaded = match isolation {
        Isolation::Request => &ISOLATED,
        Isolation::RequestOnce => &KEPT,
        Isolation::Reuse => &REUSED,
    };
    let mut loaded = loaded.get_or_init(Mutex::default).lock().unwrap();
    if let Some(plugin) = loaded.get(component) {
        return Ok(plugin.clone());
    }
    let plugin = runtime().load(component, &LoadOptions { isolation })?;
    loaded.insert(component.to_vec(), plugin.clone());
    Ok(plugin)
}

type Loaded = OnceLock<Mutex<HashMap<Vec<u8>, Plugin>>>;

/// A runtime for tests: two workers, two threads that decide.
///
/// # Panics
/// This machine runs no policies.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let small = Settings {
            workers: 2,
            decision_threads: 2,
            ..Settings::default()
        };
        Runtime::new(small).unwrap()
    })
}
