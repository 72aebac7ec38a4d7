//! Who is told: request log, decision log, metrics, traces, health.

pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod observers;
pub(crate) mod prices;
pub(crate) mod record;
pub(crate) mod request_log;
pub(crate) mod route_counters;
pub(crate) mod spent;
pub(crate) mod status;
pub(crate) mod traces;
