//! One request from head to answer.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response};
use hyper::body::Incoming;

use crate::answer::{Body, Cut};
use crate::failure::{Answer, Failure};
use crate::fault::Fault;
use crate::inbound::Inbound;
use crate::route::Route;
use crate::routes::{Call, audio, chat, conversations, embeddings, images, models, uploads};
use crate::shared::Shared;
use crate::spoil;

pub(crate) async fn serve(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let mut inbound = Inbound::new(&shared, &head, body);
    let Some(fault) = shared.take_fault(head.uri.path()) else {
        return respond(&shared, &head, &mut inbound).await;
    };
    if fault != Fault::CloseAtHead && spoil::instead(&fault).is_some() {
        inbound.drain().await?;
    }
    match spoil::instead(&fault) {
        Some(answer) => answer,
        None => spoil::spoil(fault, &shared, respond(&shared, &head, &mut inbound).await?).await,
    }
}

async fn respond(
    shared: &Arc<Shared>,
    head: &Parts,
    inbound: &mut Inbound,
) -> Result<Response<Body>, Cut> {
    let mut response = match dispatch(shared, head, inbound).await {
        Ok(response) => response,
        Err(Failure::Refused(refusal)) => refusal.response(),
        Err(Failure::Cut(cut)) => return Err(cut),
    };
    // Also what a route without a body was sent.
    inbound.drain().await?;
    let id = format!("req_{:016x}", shared.answer_number());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(response)
}

async fn dispatch(shared: &Arc<Shared>, head: &Parts, inbound: &mut Inbound) -> Answer {
    let route = Route::find(&head.method, head.uri.path())?;
    let access = shared.authenticate(&head.headers)?;
    inbound.identified(&access.key);
    let call = Call {
        shared,
        headers: &head.headers,
        access,
    };
    match route {
        Route::Models => Ok(models::list(&call)),
        Route::Chat => chat::complete(&call, inbound).await,
        Route::Embeddings => embeddings::embed(&call, inbound).await,
        Route::Transcriptions => audio::transcribe(&call, inbound).await,
        Route::Speech => audio::speak(&call, inbound).await,
        Route::Images => images::generate(&call, inbound).await,
        Route::Conversations => conversations::create(&call, inbound).await,
        Route::ConversationFiles => uploads::to_conversation(&call, inbound).await,
        Route::DatasetFiles(target) => uploads::to_dataset(&call, inbound, &target).await,
        Route::FileStatus(id) => uploads::status(&call, &id),
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
