//! Envoy's side of one stream, for as long as a hook about it runs.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::config_handle::CounterId;
use super::raw::{
    BodyType, CALLOUT_SUCCESS, EnvoyBuffer, EnvoyHeader, HeaderType, ModuleBuffer, ModuleHeader,
    ResetReason, envoy_dynamic_module_callback_http_add_header as add_header,
    envoy_dynamic_module_callback_http_append_body as append_body,
    envoy_dynamic_module_callback_http_drain_body as drain_body,
    envoy_dynamic_module_callback_http_filter_continue_decoding as continue_decoding,
    envoy_dynamic_module_callback_http_filter_continue_encoding as continue_encoding,
    envoy_dynamic_module_callback_http_filter_get_attribute_string as attribute_string,
    envoy_dynamic_module_callback_http_filter_http_callout as http_callout,
    envoy_dynamic_module_callback_http_filter_increment_counter as increment_counter,
    envoy_dynamic_module_callback_http_filter_reset_stream as reset_stream,
    envoy_dynamic_module_callback_http_filter_scheduler_new as scheduler_new,
    envoy_dynamic_module_callback_http_get_body_chunks as get_body_chunks,
    envoy_dynamic_module_callback_http_get_body_chunks_size as get_body_chunks_size,
    envoy_dynamic_module_callback_http_get_cluster_name as get_cluster_name,
    envoy_dynamic_module_callback_http_get_headers as get_headers,
    envoy_dynamic_module_callback_http_get_headers_size as get_headers_size,
    envoy_dynamic_module_callback_http_send_response as send_response,
    envoy_dynamic_module_callback_http_send_response_data as send_response_data,
    envoy_dynamic_module_callback_http_set_header as set_header,
};
use super::scheduler::Scheduler;

/// Envoy's side of one stream. What it gives of Envoy's memory is copied, or seen under a borrow that
/// ends before anything is changed.
#[derive(Debug)]
pub(crate) struct Stream<'h> {
    stream: *mut c_void,
    hook: PhantomData<&'h ()>,
}

/// Which head.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Headers {
    Request,
    RequestTrailers,
    Response,
    ResponseTrailers,
}

/// Which body: what a hook is about, or what Envoy keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    ReceivedRequest,
    KeptRequest,
    ReceivedResponse,
    KeptResponse,
}

/// What Envoy knows of a stream. The numbers are C's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attribute {
    Protocol = 10,
    SourceAddress = 24,
    TlsVersion = 31,
}

impl Stream<'_> {
    /// # Safety
    /// Envoy has given this pointer to a hook that runs during `'h`, on the stream's own thread.
    pub(super) const unsafe fn new(stream: *mut c_void) -> Self {
        Self {
            stream,
            hook: PhantomData,
        }
    }

    /// Shows each header, in its order.
    pub(crate) fn see_headers(&self, which: Headers, mut see: impl FnMut(&[u8], &[u8])) {
        for header in self.headers(which) {
            // SAFETY: nothing is changed before the next one is looked at: `see` has no stream.
            let (name, value) = unsafe { (header.name.bytes(), header.value.bytes()) };
            see(name, value);
        }
    }

    /// Gives each header, in its order, with its value in one copy of all values.
    pub(crate) fn copy_headers(&self, which: Headers, mut take: impl FnMut(&[u8], Bytes)) {
        let headers = self.headers(which);
        // SAFETY: nothing is changed while they are copied.
        let values = headers.iter().map(|header| unsafe { header.value.bytes() });
        let mut copy = Vec::with_capacity(values.clone().map(<[u8]>::len).sum());
        for value in values.clone() {
            copy.extend_from_slice(value);
        }
        let mut copy = Bytes::from(copy);
        for (header, value) in headers.iter().zip(values) {
            // SAFETY: as in `see_headers`.
            let name = unsafe { header.name.bytes() };
            take(name, copy.split_to(value.len()));
        }
    }

    /// The headers, good until one of them is changed.
    fn headers(&self, which: Headers) -> Vec<EnvoyHeader> {
        // SAFETY: the pointer is Envoy's own.
        let count = unsafe { get_headers_size(self.stream, which.raw()) };
        let mut headers = vec![EnvoyHeader::EMPTY; count];
        // SAFETY: there is room for as many as there are.
        if !unsafe { get_headers(self.stream, which.raw(), headers.as_mut_ptr()) } {
            headers.clear();
        }
        headers
    }

    /// Sets a header in place of all of its name.
    pub(crate) fn set_header(&self, which: Headers, name: &[u8], value: &[u8]) {
        let (name, value) = (ModuleBuffer::of(name), ModuleBuffer::of(value));
        // SAFETY: the buffers outlive the call, and Envoy copies them.
        unsafe { set_header(self.stream, which.raw(), name, value) };
    }

    /// Adds a header to those of its name.
    pub(crate) fn add_header(&self, which: Headers, name: &[u8], value: &[u8]) {
        let (name, value) = (ModuleBuffer::of(name), ModuleBuffer::of(value));
        // SAFETY: as above.
        unsafe { add_header(self.stream, which.raw(), name, value) };
    }

    /// Removes all headers of a name.
    pub(crate) fn remove_header(&self, which: Headers, name: &[u8]) {
        let name = ModuleBuffer::of(name);
        // SAFETY: as above; no value removes.
        unsafe { set_header(self.stream, which.raw(), name, ModuleBuffer::NULL) };
    }

    /// A copy of a body, as far as it is here.
    pub(crate) fn body(&self, which: Body) -> Bytes {
        // SAFETY: the pointer is Envoy's own.
        let count = unsafe { get_body_chunks_size(self.stream, which.raw()) };
        let mut chunks = vec![EnvoyBuffer::EMPTY; count];
        // SAFETY: there is room for as many as there are.
        if count == 0 || !unsafe { get_body_chunks(self.stream, which.raw(), chunks.as_mut_ptr()) }
        {
            return Bytes::new();
        }
        let mut bytes = Vec::with_capacity(chunks.iter().map(|chunk| chunk.length).sum());
        for chunk in chunks {
            // SAFETY: nothing is changed meanwhile.
            bytes.extend_from_slice(unsafe { chunk.bytes() });
        }
        bytes.into()
    }

    /// Takes a body out, as far as it is here.
    pub(crate) fn take_body(&self, which: Body) -> Bytes {
        let bytes = self.body(which);
        if !bytes.is_empty() {
            // SAFETY: there is so much.
            unsafe { drain_body(self.stream, which.raw(), bytes.len()) };
        }
        bytes
    }

    /// Adds to a body.
    pub(crate) fn append_body(&self, which: Body, bytes: &[u8]) {
        if !bytes.is_empty() {
            // SAFETY: the buffer outlives the call, and Envoy copies it.
            unsafe { append_body(self.stream, which.raw(), ModuleBuffer::of(bytes)) };
        }
    }

    /// What Envoy knows, if it is text.
    pub(crate) fn attribute<T>(
        &self,
        attribute: Attribute,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let mut value = EnvoyBuffer::EMPTY;
        // SAFETY: the pointers are good for the call.
        let is_there = unsafe { attribute_string(self.stream, attribute as u32, &raw mut value) };
        // SAFETY: nothing is changed while it is read.
        let bytes = is_there.then(|| unsafe { value.bytes() })?;
        read(std::str::from_utf8(bytes).ok()?)
    }

    /// Where Envoy's route sends the request.
    pub(crate) fn cluster(&self) -> Option<Vec<u8>> {
        let mut name = EnvoyBuffer::EMPTY;
        // SAFETY: the pointers are good for the call.
        let is_there = unsafe { get_cluster_name(self.stream, &raw mut name) };
        // SAFETY: nothing is changed before it is copied.
        is_there.then(|| unsafe { name.bytes() }.to_vec())
    }

    /// Asks a cluster by a request without a body; its response comes to a hook of its own. `false` if
    /// it cannot be sent.
    pub(crate) fn call_out(
        &self,
        cluster: &[u8],
        headers: &[(&[u8], &[u8])],
        within: Duration,
    ) -> bool {
        let headers: Vec<_> = headers.iter().copied().map(ModuleHeader::of).collect();
        let (mut id, cluster) = (0, ModuleBuffer::of(cluster));
        let within = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        // SAFETY: the buffers outlive the call.
        let result = unsafe {
            http_callout(
                self.stream,
                &raw mut id,
                cluster,
                headers.as_ptr(),
                headers.len(),
                ModuleBuffer::NULL,
                within,
            )
        };
        result == CALLOUT_SUCCESS
    }

    /// Counts, with a value for each of its labels.
    pub(crate) fn count(&self, counter: CounterId, labels: &[&str]) {
        let mut values = [ModuleBuffer::NULL; 2];
        for (value, label) in values.iter_mut().zip(labels) {
            *value = ModuleBuffer::of(label.as_bytes());
        }
        let count = labels.len().min(values.len());
        // SAFETY: the buffers outlive the call.
        unsafe { increment_counter(self.stream, counter.0, values.as_ptr(), count, 1) };
    }

    /// The way back to this stream from other threads.
    pub(crate) fn scheduler(&self) -> Option<Scheduler> {
        // SAFETY: the pointer is Envoy's own.
        Scheduler::new(unsafe { scheduler_new(self.stream) })
    }

    /// Answers the client. The stream may be gone afterwards: the last thing a hook does.
    pub(super) fn respond(self, response: &Response<Bytes>) {
        let headers = response.headers();
        let headers: Vec<_> = each(headers).map(ModuleHeader::of).collect();
        let status = u32::from(response.status().as_u16());
        let body = ModuleBuffer::of(response.body());
        let details = ModuleBuffer::of(b"signalbox");
        // SAFETY: the buffers outlive the call.
        unsafe {
            send_response(
                self.stream,
                status,
                headers.as_ptr(),
                headers.len(),
                body,
                details,
            );
        }
    }

    /// Ends a response that has begun with these bytes: the last thing a hook does.
    pub(super) fn end_with(self, bytes: &[u8]) {
        // SAFETY: the buffer outlives the call.
        unsafe { send_response_data(self.stream, ModuleBuffer::of(bytes), true) };
    }

    /// Resets the stream: the last thing a hook does.
    pub(super) fn reset(self) {
        let details = ModuleBuffer::of(b"signalbox");
        // SAFETY: the buffer outlives the call.
        unsafe { reset_stream(self.stream, ResetReason::Local, details) };
    }

    /// Lets a request go on that was held: the last thing a hook does.
    pub(super) fn go_on(self) {
        // SAFETY: the pointer is Envoy's own.
        unsafe { continue_decoding(self.stream) };
    }

    /// Lets a response go on that was held: the last thing a hook does.
    pub(super) fn go_on_with_response(self) {
        // SAFETY: the pointer is Envoy's own.
        unsafe { continue_encoding(self.stream) };
    }
}

impl Headers {
    const fn raw(self) -> HeaderType {
        match self {
            Self::Request => HeaderType::Request,
            Self::RequestTrailers => HeaderType::RequestTrailer,
            Self::Response => HeaderType::Response,
            Self::ResponseTrailers => HeaderType::ResponseTrailer,
        }
    }
}

impl Body {
    const fn raw(self) -> BodyType {
        match self {
            Self::ReceivedRequest => BodyType::ReceivedRequest,
            Self::KeptRequest => BodyType::BufferedRequest,
            Self::ReceivedResponse => BodyType::ReceivedResponse,
            Self::KeptResponse => BodyType::BufferedResponse,
        }
    }
}

fn each(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    let header = |(name, value): (_, _)| {
        let (name, value): (&http::HeaderName, &http::HeaderValue) = (name, value);
        (name.as_str().as_bytes(), value.as_bytes())
    };
    headers.iter().map(header)
}
