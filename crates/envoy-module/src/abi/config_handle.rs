//! What Envoy offers while a configuration is made, and outside of streams.

use std::ffi::c_void;
use std::marker::PhantomData;

use super::raw::{
    METRICS_SUCCESS, ModuleBuffer, envoy_dynamic_module_callback_get_concurrency,
    envoy_dynamic_module_callback_http_filter_config_define_counter as define_counter,
    envoy_dynamic_module_callback_http_filter_config_increment_counter as increment_counter,
    envoy_dynamic_module_callback_http_filter_config_scheduler_new as scheduler_new,
    envoy_dynamic_module_callback_is_validation_mode, envoy_dynamic_module_callback_log,
};
use super::scheduler::ConfigScheduler;

/// Envoy's side of a configuration, for as long as a hook about it runs.
#[derive(Debug)]
pub(crate) struct ConfigHandle<'h> {
    config: *mut c_void,
    hook: PhantomData<&'h ()>,
}

/// A counter that was defined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CounterId(pub(super) usize);

/// How much a line of the log matters. The numbers are C's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Level {
    Info = 2,
    Error = 4,
}

impl ConfigHandle<'_> {
    /// # Safety
    /// Envoy has given this pointer to a hook that runs during `'h`.
    pub(super) const unsafe fn new(config: *mut c_void) -> Self {
        Self {
            config,
            hook: PhantomData,
        }
    }

    /// Defines a counter with labels; `None` if Envoy takes none any more.
    pub(crate) fn define_counter(&self, name: &str, labels: &[&str]) -> Option<CounterId> {
        let labels: Vec<_> = labels.iter().map(|label| text(label)).collect();
        let mut id = 0;
        // SAFETY: the buffers outlive the call.
        let result = unsafe {
            define_counter(
                self.config,
                text(name),
                labels.as_ptr(),
                labels.len(),
                &raw mut id,
            )
        };
        (result == METRICS_SUCCESS).then_some(CounterId(id))
    }

    /// Counts, with a value for each of its labels.
    pub(crate) fn count(&self, counter: CounterId, labels: &[&str], by: u64) {
        let labels: Vec<_> = labels.iter().map(|label| text(label)).collect();
        // SAFETY: the buffers outlive the call.
        unsafe {
            increment_counter(self.config, counter.0, labels.as_ptr(), labels.len(), by);
        }
    }

    /// The way back to Envoy's main thread.
    pub(crate) fn scheduler(&self) -> Option<ConfigScheduler> {
        // SAFETY: the pointer is Envoy's own.
        ConfigScheduler::new(unsafe { scheduler_new(self.config) })
    }
}

/// A line in Envoy's log.
pub(crate) fn log(level: Level, message: &str) {
    // SAFETY: the buffer outlives the call, which may be made on any thread.
    unsafe { envoy_dynamic_module_callback_log(level as u32, text(message)) }
}

/// How many workers Envoy has. Asked on its main thread.
pub(crate) fn concurrency() -> usize {
    // SAFETY: there is nothing to keep.
    usize::try_from(unsafe { envoy_dynamic_module_callback_get_concurrency() }).unwrap_or(1)
}

/// Whether Envoy only checks a configuration. Asked on its main thread.
pub(crate) fn is_validating() -> bool {
    // SAFETY: there is nothing to keep.
    unsafe { envoy_dynamic_module_callback_is_validation_mode() }
}

const fn text(text: &str) -> ModuleBuffer {
    ModuleBuffer::of(text.as_bytes())
}
