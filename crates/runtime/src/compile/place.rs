//! Where components are compiled.

use super::child::ChildCompiler;

/// Where components are compiled that are not trusted. Those of a known engine are compiled in this
/// process: their code is the engine's, which is small, whatever their tables are.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum CompileIn {
    /// In this process, within the bounds that can be told from the bytes. Nothing ends it early.
    #[default]
    Process,
    /// In a child process that is bounded in time and memory as well, and can be ended.
    Child(ChildCompiler),
}
