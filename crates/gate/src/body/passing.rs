//! What of a body goes on.

/// What of a body GT gets.
///
/// Exhaustive on purpose: a body is looked into or it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing<'a> {
    /// Whatever the client sends: a policy forwards it without asking for its model.
    Untouched,
    /// What passes the scan, with this model; `None` leaves it without one.
    Checked(Option<&'a str>),
}
