//! Where things lie in this module's memory, and the allocator.
//!
//! From low to high: the stack, static data, `__heap_base`; aligned to 16, the tables; aligned to
//! 16, the heap. The compiler writes the tables and makes the memory large enough for them.
//!
//! A call keeps nothing for the next one, so every call begins with the same empty heap and frees
//! nothing: freeing, and all the code that walks through values to free them, would be a third of
//! the engine and part of the time of every decision.

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32,
    ptr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

use signalbox_policy::tables::Tables;

/// Begins a call that has its arguments, and gives it the tables. Traps if there are none.
pub(crate) fn enter() -> Tables<'static> {
    HEAP.begin_running();
    match Tables::read(table_bytes()) {
        Ok(tables) => tables,
        Err(_) => wasm32::unreachable(),
    }
}

#[expect(
    unsafe_code,
    reason = "the tables lie outside everything the compiler knows of"
)]
fn table_bytes() -> &'static [u8] {
    let start = tables_start();
    let room = memory_end().saturating_sub(start);
    if room < START {
        return &[];
    }
    let begin = ptr::with_exposed_provenance::<u8>(start);
    // SAFETY: `room` bytes of linear memory lie there, above all static data and the stack. The
    // heap begins after the tables, so nothing writes to them.
    let stated = Tables::stated_length(unsafe { core::slice::from_raw_parts(begin, START) });
    match stated {
        // SAFETY: as above, and no more than there is.
        Ok(length) if length <= room => unsafe { core::slice::from_raw_parts(begin, length) },
        _ => &[],
    }
}

/// What [`Tables::stated_length`] reads.
const START: usize = 8;

#[expect(unsafe_code, reason = "a symbol of the linker")]
fn tables_start() -> usize {
    unsafe extern "C" {
        static __heap_base: u8;
    }
    // Only its address means something: there the tables begin.
    (&raw const __heap_base).addr().next_multiple_of(ALIGNMENT)
}

fn memory_end() -> usize {
    wasm32::memory_size(0).saturating_mul(PAGE)
}

const PAGE: usize = 64 * 1024;

/// Enough for everything that is allocated here.
const ALIGNMENT: usize = 16;

#[global_allocator]
static HEAP: Heap = Heap {
    next: AtomicUsize::new(usize::MAX),
    is_running: AtomicBool::new(true),
};

/// Allocates upwards. The atomics are plain loads and stores: there is one thread.
///
/// The host places a call's arguments with [`cabi_realloc`], then runs the call, then has read the
/// result before it places anything again. So when arguments come while a call counts as running,
/// that call is over and nothing of the heap is in use.
struct Heap {
    next: AtomicUsize,
    is_running: AtomicBool,
}

impl Heap {
    fn begin_placing(&self) {
        if self.is_running.swap(false, Relaxed) {
            self.start_afresh();
        }
    }

    fn begin_running(&self) {
        if self.is_running.swap(true, Relaxed) {
            // The call before was running: this one had no arguments to place.
            self.start_afresh();
        }
    }

    fn start_afresh(&self) {
        self.next
            .store(tables_start() + table_bytes().len(), Relaxed);
    }

    #[inline(never)]
    fn take(&self, size: usize, alignment: usize) -> Option<usize> {
        let begin = self
            .next
            .load(Relaxed)
            .checked_next_multiple_of(alignment)?;
        self.end_at(begin.checked_add(size)?)?;
        Some(begin)
    }

    fn end_at(&self, end: usize) -> Option<()> {
        let missing = end.saturating_sub(memory_end()).div_ceil(PAGE);
        if missing > 0 && wasm32::memory_grow(0, missing) == usize::MAX {
            return None;
        }
        self.next.store(end, Relaxed);
        Some(())
    }

    #[inline(never)]
    #[expect(unsafe_code, reason = "copies between allocations")]
    fn resize(&self, old: *mut u8, layout: Layout, size: usize) -> Option<*mut u8> {
        if size <= layout.size() {
            return Some(old);
        }
        if old.addr() + layout.size() == self.next.load(Relaxed) {
            self.end_at(old.addr().checked_add(size)?)?;
            return Some(old);
        }
        let new = ptr::with_exposed_provenance_mut(self.take(size, layout.align())?);
        // SAFETY: both allocations are that long, and the new one begins after the old one's end.
        unsafe { ptr::copy_nonoverlapping(old, new, layout.size()) };
        Some(new)
    }
}

// SAFETY: within a call each allocation begins at or after the end of the one before, so none
// overlap; the heap starts afresh only when a call and the host are done with all of them. Memory
// that was grown stays.
#[expect(
    unsafe_code,
    reason = "the allocator of a module without a standard library"
)]
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let begin = self.take(layout.size(), layout.align());
        begin.map_or(ptr::null_mut(), ptr::with_exposed_provenance_mut)
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.resize(pointer, layout, size)
            .unwrap_or(ptr::null_mut())
    }
}

/// How the host places arguments. It stands in for the one of the bindings' runtime, which does
/// not say when a call begins.
#[unsafe(no_mangle)]
#[expect(
    unsafe_code,
    reason = "exported under the name the canonical ABI knows"
)]
extern "C" fn cabi_realloc(
    old: *mut u8,
    old_size: usize,
    alignment: usize,
    size: usize,
) -> *mut u8 {
    HEAP.begin_placing();
    let placed = match Layout::from_size_align(old_size, alignment) {
        Ok(layout) if old_size > 0 => HEAP.resize(old, layout, size),
        Ok(_) => HEAP
            .take(size, alignment)
            .map(ptr::with_exposed_provenance_mut),
        Err(_) => None,
    };
    placed.unwrap_or_else(|| wasm32::unreachable())
}
