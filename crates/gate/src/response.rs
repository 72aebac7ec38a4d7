//! What goes back to the client: refusals, model lists, GT's answer on its way through.

pub(crate) mod abort_reason;
pub(crate) mod cancellation;
pub(crate) mod decision_id;
pub(crate) mod head;
pub(crate) mod mask;
pub(crate) mod model_lists;
pub(crate) mod models;
pub(crate) mod rejection;
pub(crate) mod request_id;
