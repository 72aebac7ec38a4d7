//! How much a policy may say of itself: what `signalbox check` lets pass, a host loads.

/// Routes of a policy.
pub const ROUTES: usize = 1_000;

/// Names of headers a policy asks for.
pub const HEADERS: usize = 64;

/// Entries of a policy's catalogue. Five times what was measured; they are drained at a load.
pub const MODELS: usize = 100_000;

/// Bytes a host takes for a description: a thousand routes with a kilobyte of text each.
pub const DESCRIPTION_BYTES: usize = 1 << 20;

/// Bytes of a document's text, and of any other YAML that is read: a hundred thousand models with a line
/// each are some 8 MB.
pub const TEXT_BYTES: usize = 32 << 20;

/// Bytes of the document a component carries. Twenty thousand models take two million.
pub const SOURCE_BYTES: usize = 8 << 20;

/// Bytes of the cases a component carries, as JSON.
pub const CASES_BYTES: usize = 1 << 20;
