//! What needs other people's packages: real clients on every route, the commands of the pages as they are
//! pasted, readers of JSON and of forms in other languages, an editor's YAML server, and a real registry. The step `clients` of
//! `cargo xtask test` installs them; those of `runbooks` are installed by `clients-python` and `clients-node`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "everything here is a test or stands under one: what goes wrong is to fail it"
)]

mod differential;
mod docs;
mod editors;
mod exported;
mod extension_flow;
mod openapi;
mod real_clients;
mod registry;
mod runbooks;
mod usage;
