//! The contract's types and calls as wasmtime sees them, generated from `wit/`.

wasmtime::component::bindgen!({
    path: "../../wit/0.1.0",
    world: "signalbox-policy",
    // Arguments borrow, so that no string is built on the host's side for a call.
    ownership: Borrowing { duplicate_if_necessary: true },
});
