//! What of Envoy's ABI is used here, declared by hand. It is the same in ABI v0.1.0 (Envoy 1.39) and
//! v0.2.0 (Envoy 1.40).

use std::ffi::c_void;

/// Bytes of Envoy's: as long as the hook runs, and nobody changes what they are a part of.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct EnvoyBuffer {
    pub(super) start: *const u8,
    pub(super) length: usize,
}

/// Bytes of ours, for as long as the call takes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct ModuleBuffer {
    pub(super) start: *const u8,
    pub(super) length: usize,
}

/// A header of Envoy's.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct EnvoyHeader {
    pub(super) name: EnvoyBuffer,
    pub(super) value: EnvoyBuffer,
}

/// A header of ours.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct ModuleHeader {
    pub(super) name: ModuleBuffer,
    pub(super) value: ModuleBuffer,
}

/// Which headers. The numbers are C's.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) enum HeaderType {
    Request,
    RequestTrailer,
    Response,
    ResponseTrailer,
}

/// Which body. The numbers are C's.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) enum BodyType {
    ReceivedRequest,
    BufferedRequest,
    ReceivedResponse,
    BufferedResponse,
}

/// How a stream is reset. The numbers are C's.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) enum ResetReason {
    Local,
}

pub(super) const HEADERS_CONTINUE: u32 = 0;
pub(super) const HEADERS_STOP: u32 = 1;
pub(super) const BODY_CONTINUE: u32 = 0;
pub(super) const BODY_STOP_AND_WATERMARK: u32 = 2;
pub(super) const BODY_STOP_WITHOUT_BUFFER: u32 = 3;
pub(super) const TRAILERS_CONTINUE: u32 = 0;
pub(super) const TRAILERS_STOP: u32 = 1;
pub(super) const CALLOUT_SUCCESS: u32 = 0;
pub(super) const METRICS_SUCCESS: u32 = 0;

unsafe extern "C" {
    pub(super) fn envoy_dynamic_module_callback_log(level: u32, message: ModuleBuffer);
    pub(super) fn envoy_dynamic_module_callback_get_concurrency() -> u32;
    pub(super) fn envoy_dynamic_module_callback_is_validation_mode() -> bool;

    pub(super) fn envoy_dynamic_module_callback_http_filter_config_define_counter(
        config: *mut c_void,
        name: ModuleBuffer,
        label_names: *const ModuleBuffer,
        label_count: usize,
        id: *mut usize,
    ) -> u32;
    pub(super) fn envoy_dynamic_module_callback_http_filter_increment_counter(
        stream: *mut c_void,
        id: usize,
        label_values: *const ModuleBuffer,
        label_count: usize,
        value: u64,
    ) -> u32;
    pub(super) fn envoy_dynamic_module_callback_http_filter_config_increment_counter(
        config: *mut c_void,
        id: usize,
        label_values: *const ModuleBuffer,
        label_count: usize,
        value: u64,
    ) -> u32;
    pub(super) fn envoy_dynamic_module_callback_http_filter_config_scheduler_new(
        config: *mut c_void,
    ) -> *mut c_void;
    pub(super) fn envoy_dynamic_module_callback_http_filter_config_scheduler_commit(
        scheduler: *mut c_void,
        event: u64,
    );
    pub(super) fn envoy_dynamic_module_callback_http_filter_config_scheduler_delete(
        scheduler: *mut c_void,
    );

    pub(super) fn envoy_dynamic_module_callback_http_get_headers_size(
        stream: *mut c_void,
        which: HeaderType,
    ) -> usize;
    pub(super) fn envoy_dynamic_module_callback_http_get_headers(
        stream: *mut c_void,
        which: HeaderType,
        headers: *mut EnvoyHeader,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_set_header(
        stream: *mut c_void,
        which: HeaderType,
        name: ModuleBuffer,
        value: ModuleBuffer,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_add_header(
        stream: *mut c_void,
        which: HeaderType,
        name: ModuleBuffer,
        value: ModuleBuffer,
    ) -> bool;

    pub(super) fn envoy_dynamic_module_callback_http_get_body_chunks_size(
        stream: *mut c_void,
        which: BodyType,
    ) -> usize;
    pub(super) fn envoy_dynamic_module_callback_http_get_body_chunks(
        stream: *mut c_void,
        which: BodyType,
        chunks: *mut EnvoyBuffer,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_append_body(
        stream: *mut c_void,
        which: BodyType,
        bytes: ModuleBuffer,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_drain_body(
        stream: *mut c_void,
        which: BodyType,
        length: usize,
    ) -> bool;

    pub(super) fn envoy_dynamic_module_callback_http_send_response(
        stream: *mut c_void,
        status: u32,
        headers: *const ModuleHeader,
        count: usize,
        body: ModuleBuffer,
        details: ModuleBuffer,
    );
    pub(super) fn envoy_dynamic_module_callback_http_send_response_data(
        stream: *mut c_void,
        data: ModuleBuffer,
        is_end: bool,
    );
    pub(super) fn envoy_dynamic_module_callback_http_filter_reset_stream(
        stream: *mut c_void,
        reason: ResetReason,
        details: ModuleBuffer,
    );
    pub(super) fn envoy_dynamic_module_callback_http_filter_continue_decoding(stream: *mut c_void);
    pub(super) fn envoy_dynamic_module_callback_http_filter_continue_encoding(stream: *mut c_void);

    pub(super) fn envoy_dynamic_module_callback_http_filter_scheduler_new(
        stream: *mut c_void,
    ) -> *mut c_void;
    pub(super) fn envoy_dynamic_module_callback_http_filter_scheduler_commit(
        scheduler: *mut c_void,
        event: u64,
    );
    pub(super) fn envoy_dynamic_module_callback_http_filter_scheduler_delete(
        scheduler: *mut c_void,
    );

    pub(super) fn envoy_dynamic_module_callback_http_filter_get_attribute_string(
        stream: *mut c_void,
        attribute: u32,
        value: *mut EnvoyBuffer,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_get_cluster_name(
        stream: *mut c_void,
        name: *mut EnvoyBuffer,
    ) -> bool;
    pub(super) fn envoy_dynamic_module_callback_http_filter_http_callout(
        stream: *mut c_void,
        id: *mut u64,
        cluster: ModuleBuffer,
        headers: *const ModuleHeader,
        count: usize,
        body: ModuleBuffer,
        milliseconds: u64,
    ) -> u32;
}

impl EnvoyBuffer {
    pub(super) const EMPTY: Self = Self {
        start: std::ptr::null(),
        length: 0,
    };

    /// The bytes, for as long as the caller knows them to be there.
    ///
    /// # Safety
    /// Envoy has filled this in, and what it is a part of is not changed during `'e`.
    pub(super) unsafe fn bytes<'e>(self) -> &'e [u8] {
        match self.start.is_null() {
            true => &[],
            // SAFETY: the caller's promise.
            false => unsafe { std::slice::from_raw_parts(self.start, self.length) },
        }
    }
}

impl EnvoyHeader {
    pub(super) const EMPTY: Self = Self {
        name: EnvoyBuffer::EMPTY,
        value: EnvoyBuffer::EMPTY,
    };
}

impl ModuleBuffer {
    /// What removes a header.
    pub(super) const NULL: Self = Self {
        start: std::ptr::null(),
        length: 0,
    };

    pub(super) const fn of(bytes: &[u8]) -> Self {
        Self {
            start: bytes.as_ptr(),
            length: bytes.len(),
        }
    }
}

impl ModuleHeader {
    pub(super) const fn of((name, value): (&[u8], &[u8])) -> Self {
        Self {
            name: ModuleBuffer::of(name),
            value: ModuleBuffer::of(value),
        }
    }
}
