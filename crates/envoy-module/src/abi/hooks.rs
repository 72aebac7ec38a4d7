//! What Envoy calls. Each hook makes safe values of what it is given, lets the filter say what comes
//! next, and does the last of it once nothing is borrowed any more: Envoy may call back from within.
//!
//! Nothing unwinds into Envoy. A filter that panicked refuses its request, or cuts its response.

use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use super::config_handle::ConfigHandle;
use super::next::{Done, Next};
use super::raw::{
    BODY_CONTINUE, BODY_STOP_AND_WATERMARK, BODY_STOP_WITHOUT_BUFFER, CALLOUT_SUCCESS, EnvoyBuffer,
    EnvoyHeader, HEADERS_CONTINUE, HEADERS_STOP, TRAILERS_CONTINUE, TRAILERS_STOP,
};
use super::stream::Stream;
use crate::callout::CalloutResponse;
use crate::filter::{Filter, Side};
use crate::module::{Module, configure};

/// The ABI of Envoy 1.39. Envoy 1.40 takes it too: the version is for a warning.
const ABI_VERSION: &CStr = c"v0.1.0";

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_program_init() -> *const c_char {
    ABI_VERSION.as_ptr()
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_new(
    config: *mut c_void,
    name: EnvoyBuffer,
    text: EnvoyBuffer,
) -> *const c_void {
    // SAFETY: they are Envoy's, for as long as this hook runs.
    let (handle, name, text) = unsafe { (ConfigHandle::new(config), name.bytes(), text.bytes()) };
    let made = catch_unwind(AssertUnwindSafe(|| configure(&handle, name, text)));
    match made {
        Ok(Some(module)) => Arc::into_raw(module).cast(),
        Ok(None) | Err(_) => std::ptr::null(),
    }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_destroy(module: *const c_void) {
    // SAFETY: `config_new` made it, and Envoy gives it back once.
    let module = unsafe { Arc::from_raw(module.cast::<Module>()) };
    // What it does when it ends is its own; nothing of that may unwind.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(module)));
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_scheduled(
    config: *mut c_void,
    module: *const c_void,
    _event: u64,
) {
    // SAFETY: the pointers are Envoy's and ours, for as long as this hook runs.
    let (handle, module) = unsafe { (ConfigHandle::new(config), &*module.cast::<Module>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| module.count_swaps(&handle)));
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_new(
    module: *const c_void,
    _stream: *mut c_void,
) -> *const c_void {
    // SAFETY: `config_new` made it, and Envoy keeps it while there are filters of it.
    let module = unsafe {
        Arc::increment_strong_count(module.cast::<Module>());
        Arc::from_raw(module.cast::<Module>())
    };
    let made = catch_unwind(AssertUnwindSafe(|| Rc::new(Filter::new(module))));
    made.map_or(std::ptr::null(), |filter| Rc::into_raw(filter).cast())
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_destroy(filter: *const c_void) {
    if filter.is_null() {
        return;
    }
    // SAFETY: `filter_new` made it, on this thread, and Envoy gives it back once.
    let filter = unsafe { Rc::from_raw(filter.cast::<Filter>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| filter.ends()));
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_request_headers(
    stream: *mut c_void,
    filter: *const c_void,
    is_end: bool,
) -> u32 {
    match run(stream, filter, Side::Request, |filter, stream| {
        filter.request_headers(stream, is_end)
    }) {
        Next::Continue => HEADERS_CONTINUE,
        Next::Wait | Next::Hold | Next::Done(_) => HEADERS_STOP,
    }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_request_body(
    stream: *mut c_void,
    filter: *const c_void,
    is_end: bool,
) -> u32 {
    body(&run(stream, filter, Side::Request, |filter, stream| {
        filter.request_body(stream, is_end)
    }))
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_request_trailers(
    stream: *mut c_void,
    filter: *const c_void,
) -> u32 {
    trailers(&run(stream, filter, Side::Request, |filter, stream| {
        filter.request_trailers(stream)
    }))
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_response_headers(
    stream: *mut c_void,
    filter: *const c_void,
    is_end: bool,
) -> u32 {
    match run(stream, filter, Side::Response, |filter, stream| {
        filter.response_headers(stream, is_end)
    }) {
        Next::Continue => HEADERS_CONTINUE,
        Next::Wait | Next::Hold | Next::Done(_) => HEADERS_STOP,
    }
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_response_body(
    stream: *mut c_void,
    filter: *const c_void,
    is_end: bool,
) -> u32 {
    body(&run(stream, filter, Side::Response, |filter, stream| {
        filter.response_body(stream, is_end)
    }))
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_response_trailers(
    stream: *mut c_void,
    filter: *const c_void,
) -> u32 {
    trailers(&run(stream, filter, Side::Response, |filter, stream| {
        filter.response_trailers(stream)
    }))
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_stream_complete(
    stream: *mut c_void,
    filter: *const c_void,
) {
    run(stream, filter, Side::Over, |filter, stream| {
        filter.complete(stream);
        Next::Continue
    });
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_scheduled(
    stream: *mut c_void,
    filter: *const c_void,
    event: u64,
) {
    run(stream, filter, Side::Either, |filter, stream| {
        resumed(filter.scheduled(stream, event))
    });
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_http_callout_done(
    stream: *mut c_void,
    filter: *const c_void,
    _id: u64,
    result: u32,
    headers: *const EnvoyHeader,
    header_count: usize,
    chunks: *const EnvoyBuffer,
    chunk_count: usize,
) {
    let response = (result == CALLOUT_SUCCESS).then(|| {
        let mut response = CalloutResponse::default();
        for place in 0..header_count {
            // SAFETY: Envoy has so many, for as long as this hook runs.
            let (name, value) = unsafe {
                let header = *headers.add(place);
                (header.name.bytes(), header.value.bytes())
            };
            response.header(name, value);
        }
        for place in 0..chunk_count {
            // SAFETY: as above.
            response.body(unsafe { (*chunks.add(place)).bytes() });
        }
        response
    });
    run(stream, filter, Side::Either, |filter, stream| {
        resumed(filter.called_out(stream, response))
    });
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_local_reply(
    _stream: *mut c_void,
    filter: *const c_void,
    status: u32,
    details: EnvoyBuffer,
    _is_reset: bool,
) -> u32 {
    if !filter.is_null() {
        // SAFETY: Envoy keeps both while this hook runs; it may be called from within another hook,
        // so nothing is borrowed here but a cell.
        let (filter, details) = unsafe { (&*filter.cast::<Filter>(), details.bytes()) };
        let _ = catch_unwind(AssertUnwindSafe(|| filter.envoy_replies(status, details)));
    }
    0
}

/// Hooks that are asked for, and are about what this module does not do.
macro_rules! empty_hooks {
    ($($name:ident($($type:ty),*);)*) => {
        $(#[unsafe(no_mangle)]
        extern "C" fn $name($(_: $type),*) {})*
    };
}

empty_hooks! {
    envoy_dynamic_module_on_http_filter_http_stream_headers(
        *mut c_void, *const c_void, u64, *const EnvoyHeader, usize, bool);
    envoy_dynamic_module_on_http_filter_http_stream_data(
        *mut c_void, *const c_void, u64, *const EnvoyBuffer, usize, bool);
    envoy_dynamic_module_on_http_filter_http_stream_trailers(
        *mut c_void, *const c_void, u64, *const EnvoyHeader, usize);
    envoy_dynamic_module_on_http_filter_http_stream_complete(*mut c_void, *const c_void, u64);
    envoy_dynamic_module_on_http_filter_http_stream_reset(*mut c_void, *const c_void, u64, u32);
    envoy_dynamic_module_on_http_filter_downstream_above_write_buffer_high_watermark(
        *mut c_void, *const c_void);
    envoy_dynamic_module_on_http_filter_downstream_below_write_buffer_low_watermark(
        *mut c_void, *const c_void);
}

/// Lets the filter say what comes next, and does the last of it.
fn run(
    stream: *mut c_void,
    filter: *const c_void,
    side: Side,
    hook: impl FnOnce(&Filter, &Stream<'_>) -> Next,
) -> Next {
    if filter.is_null() {
        // It could not be made: nothing passes.
        return Next::Wait;
    }
    // The stream may end within the last thing that is done, and give the filter back: it is held.
    // SAFETY: `filter_new` made it, on this thread, and Envoy has not given it back.
    let filter = unsafe {
        Rc::increment_strong_count(filter.cast::<Filter>());
        Rc::from_raw(filter.cast::<Filter>())
    };
    // SAFETY: Envoy gives the stream to this hook, on its own thread.
    let handle = || unsafe { Stream::new(stream) };
    let guarded = |work: &mut dyn FnMut() -> Next| catch_unwind(AssertUnwindSafe(work));
    let mut hook = Some(hook);
    let next = guarded(&mut || {
        hook.take()
            .map_or(Next::Wait, |hook| hook(&filter, &handle()))
    });
    let next = next.unwrap_or_else(|_panic| {
        guarded(&mut || filter.fails(side)).unwrap_or(Next::Done(Done::Reset))
    });
    let Next::Done(done) = next else {
        return next;
    };
    match done {
        Done::Respond(response) => handle().respond(&response),
        Done::EndWith(bytes) => handle().end_with(&bytes),
        Done::Reset => handle().reset(),
        Done::GoOn => handle().go_on(),
        Done::GoOnWithResponse => handle().go_on_with_response(),
    }
    Next::Wait
}

/// What goes on by itself within another hook has to be told here.
fn resumed(next: Next) -> Next {
    match next {
        Next::Continue => Next::Done(Done::GoOn),
        next => next,
    }
}

fn body(next: &Next) -> u32 {
    match next {
        Next::Continue => BODY_CONTINUE,
        Next::Hold => BODY_STOP_AND_WATERMARK,
        Next::Wait | Next::Done(_) => BODY_STOP_WITHOUT_BUFFER,
    }
}

fn trailers(next: &Next) -> u32 {
    match next {
        Next::Continue => TRAILERS_CONTINUE,
        Next::Wait | Next::Hold | Next::Done(_) => TRAILERS_STOP,
    }
}
