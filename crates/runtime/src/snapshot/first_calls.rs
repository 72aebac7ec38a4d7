//! What a host asks of any policy, asked once before a snapshot: what a language's runtime makes ready for its first calls, such
//! as memory by the size of what is put there, is ready in the snapshot.

use wasmtime::{AsContextMut, Instance, Memory, TypedFunc};

/// Has a policy describe itself, and asks it about one request. What it answers is nobody's; what is no policy is
/// asked nothing.
///
/// # Errors
/// It traps.
pub(super) fn ask(mut store: impl AsContextMut, policy: &Instance) -> wasmtime::Result<()> {
    let mut store = store.as_context_mut();
    let describe = policy.get_typed_func::<(), i32>(&mut store, &format!("{POLICY}#describe"));
    if let Ok(describe) = describe {
        let answer = describe.call(&mut store, ())?;
        free(&mut store, policy, "describe", answer)?;
    }
    let decide = policy.get_typed_func::<i32, i32>(&mut store, &format!("{POLICY}#decide"));
    let realloc = policy.get_typed_func(&mut store, "cabi_realloc");
    let memory = policy.get_memory(&mut store, "memory");
    if let (Ok(decide), Ok(realloc), Some(memory)) = (decide, realloc, memory) {
        let request = Room { memory, realloc }.request(&mut store)?;
        let answer = decide.call(&mut store, request)?;
        free(&mut store, policy, "decide", answer)?;
    }
    Ok(())
}

/// Says that an answer was read, if the policy wants to know.
fn free(
    mut store: impl AsContextMut,
    policy: &Instance,
    function: &str,
    answer: i32,
) -> wasmtime::Result<()> {
    let name = format!("cabi_post_{POLICY}#{function}");
    match policy.get_typed_func::<i32, ()>(&mut store, &name) {
        Ok(free) => free.call(store, answer),
        Err(_) => Ok(()),
    }
}

/// Where a policy takes what it is told.
struct Room {
    memory: Memory,
    realloc: TypedFunc<(i32, i32, i32, i32), i32>,
}

impl Room {
    /// The head of a chat, by a key that may do nothing.
    fn request(&self, mut store: impl AsContextMut) -> wasmtime::Result<i32> {
        let mut request = [0; REQUEST];
        for (at, text) in [
            (METHOD, "POST"),
            (PATH, "/v1/chat/completions"),
            (CONTENT_TYPE, "application/json"),
            (CALLER, "snapshot"),
        ] {
            let place = self.put(&mut store, text.as_bytes(), 1)?;
            set(&mut request, at, [place, length(text.as_bytes())]);
        }
        // It says its content type. It was made for inference, the first of the purposes, and its lists name no limit.
        set(&mut request, HAS_CONTENT_TYPE, [1]);
        let purposes = self.put(&mut store, &[0], 1)?;
        set(&mut request, PURPOSES, [purposes, 1]);
        set(&mut request, MODELS, [1]);
        set(&mut request, PUBLISHED, [1]);
        self.put(store, &request, 4)
    }

    fn put(&self, mut store: impl AsContextMut, bytes: &[u8], align: i32) -> wasmtime::Result<i32> {
        let given = (0, 0, align, length(bytes));
        let place = self.realloc.call(&mut store, given)?;
        let at = usize::try_from(place.cast_unsigned())?;
        self.memory.write(store, at, bytes)?;
        Ok(place)
    }
}

fn length(bytes: &[u8]) -> i32 {
    i32::try_from(bytes.len()).unwrap_or(i32::MAX)
}

/// Puts words where the canonical ABI has them.
fn set<const N: usize>(request: &mut [u8; REQUEST], at: usize, words: [i32; N]) {
    let places = request.chunks_exact_mut(4).skip(at / 4);
    for (place, word) in places.zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// The version whose functions are asked.
const POLICY: &str = "signalbox:policy/policy@0.2.0";
/// Bytes of a `request`, and where in it its parts begin.
const REQUEST: usize = 144;
const METHOD: usize = 0;
const PATH: usize = 8;
const HAS_CONTENT_TYPE: usize = 28;
const CONTENT_TYPE: usize = 32;
const CALLER: usize = 48;
const PURPOSES: usize = 56;
const MODELS: usize = 80;
const PUBLISHED: usize = 92;
