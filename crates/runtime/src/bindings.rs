//! The contract's types and calls as wasmtime sees them, generated from `wit/`: a module for each
//! version that is spoken.

pub(crate) mod v0_1 {
    wasmtime::component::bindgen!({
        path: "wit/0.1.0",
        world: "signalbox-policy",
        // Arguments borrow, so that no string is built on the host's side for a call.
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

pub(crate) mod v0_2 {
    wasmtime::component::bindgen!({
        path: "wit/0.2.0",
        world: "signalbox-policy",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}
