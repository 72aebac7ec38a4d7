//! Asking a policy that may block.

use signalbox_gate::{AskError, AskPolicy, Step};
use tokio::sync::oneshot;

use crate::door::Door;

/// Asks on a thread that may block.
pub(crate) async fn ask_policy<D: Door>(
    door: &D,
    mut ask: AskPolicy<D::Observer>,
) -> Step<D::Observer> {
    let (Some(call), Some(pool)) = (ask.take_call(), door.decisions()) else {
        return ask.answered(Err(AskError::Dropped));
    };
    let (generation, request) = call.into_parts();
    let (tell, told) = oneshot::channel();
    let reply = move |answer| {
        // A client that went away in the meantime hears nothing.
        let _ = tell.send(answer);
    };
    if let Err(busy) = pool.submit(generation, request, reply) {
        return ask.answered(Err(AskError::Busy(busy)));
    }
    let answer = told.await.map_err(|_dropped| AskError::Dropped);
    ask.answered(answer.and_then(|answer| answer.map_err(AskError::Decide)))
}
