//! Messages for Envoy.

use bytes::Bytes;
use envoy_types::pb::envoy::extensions::filters::http::ext_proc::v3::ProcessingMode;
use envoy_types::pb::envoy::service::ext_proc::v3::body_mutation::Mutation;
use envoy_types::pb::envoy::service::ext_proc::v3::common_response::ResponseStatus;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_response::Response as Answered;
use envoy_types::pb::envoy::service::ext_proc::v3::{
    BodyMutation, BodyResponse, CommonResponse, HeaderMutation, HeadersResponse, HttpTrailers,
    ImmediateResponse, ProcessingResponse, StreamedBodyResponse, TrailersResponse,
};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use http::Response;

use crate::headers;

/// What becomes of a body, or of a piece of one.
#[derive(Debug)]
pub(crate) enum Edit {
    /// It goes on as it came.
    Keep,
    /// These bytes go on in its place.
    Replace(Bytes),
    /// These bytes go on next, whatever came.
    Stream { bytes: Bytes, is_last: bool },
}

/// Answers the head of a request.
pub(crate) fn request_headers(
    head: HeaderMutation,
    modes: Option<ProcessingMode>,
) -> ProcessingResponse {
    let headers = HeadersResponse {
        response: Some(common(Some(head), Edit::Keep)),
    };
    ProcessingResponse {
        mode_override: modes,
        ..message(Answered::RequestHeaders(headers))
    }
}

/// Answers the head of a request whose body, of which nothing was seen, does not go on.
pub(crate) fn request_without_body(head: HeaderMutation) -> ProcessingResponse {
    let response = CommonResponse {
        status: ResponseStatus::ContinueAndReplace.into(),
        ..common(Some(head), Edit::Replace(Bytes::new()))
    };
    message(Answered::RequestHeaders(HeadersResponse {
        response: Some(response),
    }))
}

/// Answers the whole body of a request, with a head that waited for that, or says what goes on next
/// of one that is streamed.
pub(crate) fn request_body(head: Option<HeaderMutation>, edit: Edit) -> ProcessingResponse {
    message(Answered::RequestBody(BodyResponse {
        response: Some(common(head, edit)),
    }))
}

/// Answers the head of a response.
pub(crate) fn response_headers(head: Option<HeaderMutation>) -> ProcessingResponse {
    message(Answered::ResponseHeaders(HeadersResponse {
        response: Some(common(head, Edit::Keep)),
    }))
}

/// Answers a piece of a response, or says what goes on next.
pub(crate) fn response_body(head: Option<HeaderMutation>, edit: Edit) -> ProcessingResponse {
    message(Answered::ResponseBody(BodyResponse {
        response: Some(common(head, edit)),
    }))
}

/// Trailers are headers nobody allowed: none goes on.
pub(crate) fn request_trailers(trailers: HttpTrailers) -> ProcessingResponse {
    message(Answered::RequestTrailers(without(trailers)))
}

/// None goes on of a response either.
pub(crate) fn response_trailers(trailers: HttpTrailers) -> ProcessingResponse {
    message(Answered::ResponseTrailers(without(trailers)))
}

/// A response of the gate's own, in place of whatever there is.
pub(crate) fn immediate(response: &Response<Bytes>) -> ProcessingResponse {
    message(Answered::ImmediateResponse(ImmediateResponse {
        status: Some(HttpStatus {
            code: response.status().as_u16().into(),
        }),
        headers: Some(headers::all(response.headers())),
        body: response.body().to_vec(),
        grpc_status: None,
        details: "signalbox".to_owned(),
    }))
}

fn common(head: Option<HeaderMutation>, edit: Edit) -> CommonResponse {
    let mutation = match edit {
        Edit::Keep => None,
        // No bytes at all would mean that it stays.
        Edit::Replace(bytes) if bytes.is_empty() => Some(Mutation::ClearBody(true)),
        Edit::Replace(bytes) => Some(Mutation::Body(bytes.into())),
        Edit::Stream { bytes, is_last } => Some(Mutation::StreamedResponse(StreamedBodyResponse {
            body: bytes.into(),
            end_of_stream: is_last,
            ..StreamedBodyResponse::default()
        })),
    };
    CommonResponse {
        status: ResponseStatus::Continue.into(),
        header_mutation: head,
        body_mutation: mutation.map(|mutation| BodyMutation {
            mutation: Some(mutation),
        }),
        ..CommonResponse::default()
    }
}

fn without(trailers: HttpTrailers) -> TrailersResponse {
    let names = trailers.trailers.unwrap_or_default().headers.into_iter();
    let remove_headers = names.map(|header| header.key).collect();
    TrailersResponse {
        header_mutation: Some(HeaderMutation {
            remove_headers,
            ..HeaderMutation::default()
        }),
    }
}

fn message(response: Answered) -> ProcessingResponse {
    ProcessingResponse {
        response: Some(response),
        ..ProcessingResponse::default()
    }
}
