//! `GET /v1/models`: published ∩ allowed.

use http::Response;
use serde_json::{Value, json};

use crate::answer::{self, Body};
use crate::routes::Call;

pub(crate) fn list(call: &Call<'_>) -> Response<Body> {
    let visible = call.access.visible(&call.shared.tenant.published);
    let data: Vec<Value> = visible
        .map(|entry| json!({"id": entry.name, "object": "model", "created": CREATED, "owned_by": "gt"}))
        .collect();
    answer::json(&json!({"object": "list", "data": data}))
}

/// The first day of 2026: a list that never changes can be compared whole.
const CREATED: u64 = 1_767_225_600;
