//! Ways back to the thread that a stream, or a configuration, belongs to.

use std::ffi::c_void;
use std::ptr::NonNull;

use super::raw::{
    envoy_dynamic_module_callback_http_filter_config_scheduler_commit as commit_config,
    envoy_dynamic_module_callback_http_filter_config_scheduler_delete as delete_config,
    envoy_dynamic_module_callback_http_filter_scheduler_commit as commit,
    envoy_dynamic_module_callback_http_filter_scheduler_delete as delete,
};

/// Calls the filter of a stream on its worker, from any thread.
#[derive(Debug)]
pub(crate) struct Scheduler(NonNull<c_void>);

/// Calls the configuration on Envoy's main thread, from any thread.
#[derive(Debug)]
pub(crate) struct ConfigScheduler(NonNull<c_void>);

// SAFETY: Envoy's schedulers may be used from any thread; that is what they are for.
unsafe impl Send for Scheduler {}
// SAFETY: as above.
unsafe impl Send for ConfigScheduler {}
// SAFETY: committing posts to a queue under Envoy's own lock.
unsafe impl Sync for ConfigScheduler {}

impl Scheduler {
    pub(super) fn new(scheduler: *mut c_void) -> Option<Self> {
        NonNull::new(scheduler).map(Self)
    }

    /// Has the filter called with this number.
    pub(crate) fn commit(&self, event: u64) {
        // SAFETY: it was made by Envoy, and is deleted in `drop` alone.
        unsafe { commit(self.0.as_ptr(), event) }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        // SAFETY: as in `commit`, and nobody has it any more.
        unsafe { delete(self.0.as_ptr()) }
    }
}

impl ConfigScheduler {
    pub(super) fn new(scheduler: *mut c_void) -> Option<Self> {
        NonNull::new(scheduler).map(Self)
    }

    /// Has the configuration called.
    pub(crate) fn commit(&self) {
        // SAFETY: it was made by Envoy, and is deleted in `drop` alone.
        unsafe { commit_config(self.0.as_ptr(), 0) }
    }
}

impl Drop for ConfigScheduler {
    fn drop(&mut self) {
        // SAFETY: as in `commit`, and nobody has it any more.
        unsafe { delete_config(self.0.as_ptr()) }
    }
}
