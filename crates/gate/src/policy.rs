//! The policy that decides: what it is told, how it is asked, what is known of its routes.

pub(crate) mod body_members;
pub(crate) mod call;
pub(crate) mod live_policy;
pub(crate) mod record;
pub(crate) mod request;
pub(crate) mod route_table;
pub(crate) mod told;
