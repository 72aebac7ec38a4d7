//! What the crate promises, a module per topic.

mod signature;
mod state;
