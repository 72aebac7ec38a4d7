//! How much a policy may say of itself: what `signalbox check` lets pass, a host loads.

/// Routes of a policy.
pub const ROUTES: usize = 1_000;

/// Names of headers a policy asks for.
pub const HEADERS: usize = 64;

/// Entries of a policy's catalogue. Five times what was measured; they are drained at a load.
pub const MODELS: usize = 100_000;

/// Members of a body that a policy asks for.
pub const BODY_MEMBERS: usize = 16;

/// Bytes the name of such a member may have.
pub const BODY_MEMBER_NAME: usize = 64;

/// Bytes of a string that is told as the value of such a member.
pub const BODY_MEMBER_TEXT: usize = 256;

/// Published names one name may lead to.
pub const PUBLISHED: usize = 16;

/// Bytes of a notice, and of what is said of a deprecated name.
pub const NOTICE: usize = 256;

/// Bytes a host takes for a description: a thousand routes with a kilobyte of text each.
pub const DESCRIPTION_BYTES: usize = 1 << 20;

/// Bytes of a document's text, and of any other YAML that is read: a hundred thousand models with a line
/// each are some 8 MB.
pub const TEXT_BYTES: usize = 32 << 20;

/// Bytes of the document a component carries. Twenty thousand models take two million.
pub const SOURCE_BYTES: usize = 8 << 20;

/// Times a case may be repeated.
pub const EACH_ENTRIES: usize = 1_000;

/// Bytes of the cases a component carries, as JSON.
pub const CASES_BYTES: usize = 1 << 20;
