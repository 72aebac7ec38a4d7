//! What Envoy does with a stream, as it was measured with 1.39.3 and 1.40.0.

use std::net::SocketAddr;
use std::time::Duration;

use envoy_types::pb::envoy::config::core::v3 as core;
use envoy_types::pb::envoy::extensions::filters::http::ext_proc::v3::processing_mode::BodySendMode;
use envoy_types::pb::envoy::service::ext_proc::v3::body_mutation::Mutation;
use envoy_types::pb::envoy::service::ext_proc::v3::external_processor_client::ExternalProcessorClient;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_request::Request as Message;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_response::Response as Answered;
use envoy_types::pb::envoy::service::ext_proc::v3::{
    CommonResponse, HeaderMutation, HttpBody, HttpHeaders, ImmediateResponse, ProcessingRequest,
    ProcessingResponse, ProtocolConfiguration,
};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::codegen::tokio_stream::Stream;
use tonic::{Status, Streaming};

/// Lines of a head.
pub(crate) type Lines = Vec<(String, Vec<u8>)>;

/// One stream of Envoy's.
pub(crate) struct Envoy {
    messages: mpsc::UnboundedSender<ProcessingRequest>,
    answers: Streaming<ProcessingResponse>,
    modes: Option<ProtocolConfiguration>,
}

/// A message, pieced.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) head: Lines,
    pub(crate) pieces: Vec<Vec<u8>>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The gate answered: status, headers, body.
    Immediate(u32, Lines, Vec<u8>),
    /// It went on: what GT saw, and what the client did.
    Forwarded {
        gt: (Lines, Vec<u8>),
        client: (Lines, Vec<u8>),
    },
}

struct Messages(mpsc::UnboundedReceiver<ProcessingRequest>);

impl Stream for Messages {
    type Item = ProcessingRequest;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<ProcessingRequest>> {
        self.0.poll_recv(context)
    }
}

impl Envoy {
    pub(crate) async fn open(
        service: SocketAddr,
        request: BodySendMode,
        response: BodySendMode,
    ) -> Self {
        let client = ExternalProcessorClient::connect(format!("http://{service}"));
        let mut client = client.await.unwrap();
        let (messages, coming) = mpsc::unbounded_channel();
        let answers = client.process(Messages(coming)).await.unwrap();
        Self {
            messages,
            answers: answers.into_inner(),
            modes: Some(ProtocolConfiguration {
                request_body_mode: request.into(),
                response_body_mode: response.into(),
                send_body_without_waiting_for_header_response: false,
            }),
        }
    }

    pub(crate) fn say(&mut self, message: Message) {
        let message = ProcessingRequest {
            request: Some(message),
            protocol_config: self.modes.take(),
            ..ProcessingRequest::default()
        };
        self.messages.send(message).unwrap();
    }

    /// The next answer, or how the stream ended: `None` is OK.
    pub(crate) async fn hear(&mut self) -> Result<Option<ProcessingResponse>, Status> {
        let heard = timeout(Duration::from_secs(20), self.answers.message()).await;
        heard.expect("an answer, or an end")
    }

    async fn answer(&mut self) -> (Answered, Option<i32>) {
        let answer = self.hear().await.unwrap().expect("the stream goes on");
        let mode = answer.mode_override.map(|mode| mode.request_body_mode);
        (answer.response.unwrap(), mode)
    }
}

/// Plays a request, and GT's response to it if it goes on.
pub(crate) async fn play(
    service: SocketAddr,
    modes: (BodySendMode, BodySendMode),
    request: &Sent,
    response: &Sent,
) -> Outcome {
    let mut envoy = Envoy::open(service, modes.0, modes.1).await;
    let has_body = !request.pieces.is_empty();
    envoy.say(Message::RequestHeaders(head(&request.head, !has_body)));
    let is_duplex = modes.0 == BodySendMode::FullDuplexStreamed && has_body;
    if is_duplex {
        for message in pieces(&request.pieces) {
            envoy.say(Message::RequestBody(message));
        }
    }
    let mut lines = request.head.clone();
    let mut body = request.pieces.concat();
    match envoy.answer().await {
        (Answered::RequestHeaders(answer), asks) => {
            let common = answer.response.unwrap();
            apply(&mut lines, common.header_mutation);
            if is_duplex {
                body = streamed(&mut envoy).await;
            } else if asks == Some(BodySendMode::Buffered.into()) {
                let whole = vec![request.pieces.concat()];
                let whole = pieces(&whole).pop().unwrap();
                envoy.say(Message::RequestBody(whole));
                match envoy.answer().await.0 {
                    Answered::RequestBody(answer) => {
                        body = replaced(&mut lines, answer.response.unwrap(), body);
                    }
                    other => return immediate(other),
                }
            }
        }
        (other, _) => return immediate(other),
    }
    let mut client = response.head.clone();
    let has_body = !response.pieces.is_empty();
    envoy.say(Message::ResponseHeaders(head(&response.head, !has_body)));
    match envoy.answer().await.0 {
        Answered::ResponseHeaders(answer) => {
            apply(&mut client, answer.response.unwrap().header_mutation);
        }
        other => return immediate(other),
    }
    let mut seen = Vec::new();
    for piece in pieces(&response.pieces) {
        let came = piece.body.clone();
        envoy.say(Message::ResponseBody(piece));
        match envoy.answer().await.0 {
            Answered::ResponseBody(answer) => {
                let piece = replaced(&mut client, answer.response.unwrap(), came);
                seen.extend_from_slice(&piece);
            }
            other => return immediate(other),
        }
    }
    lines.sort();
    client.sort();
    Outcome::Forwarded {
        gt: (lines, body),
        client: (client, seen),
    }
}

/// The pieces of a body that goes on in full duplex.
async fn streamed(envoy: &mut Envoy) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let Answered::RequestBody(answer) = envoy.answer().await.0 else {
            panic!("a piece of the body")
        };
        let mutation = answer.response.unwrap().body_mutation.unwrap().mutation;
        let Some(Mutation::StreamedResponse(piece)) = mutation else {
            panic!("a streamed piece")
        };
        body.extend_from_slice(&piece.body);
        if piece.end_of_stream {
            return body;
        }
    }
}

fn replaced(head: &mut Lines, common: CommonResponse, came: Vec<u8>) -> Vec<u8> {
    apply(head, common.header_mutation);
    match common.body_mutation.and_then(|body| body.mutation) {
        None => came,
        Some(Mutation::Body(bytes)) => bytes,
        Some(Mutation::ClearBody(_)) => Vec::new(),
        Some(Mutation::StreamedResponse(_)) => panic!("only in full duplex"),
    }
}

fn immediate(answered: Answered) -> Outcome {
    let Answered::ImmediateResponse(ImmediateResponse {
        status,
        headers,
        body,
        ..
    }) = answered
    else {
        panic!("{answered:?}")
    };
    let mut lines = Lines::new();
    apply(&mut lines, headers);
    lines.retain(|(name, _)| !name.starts_with("x-signalbox") && name != "x-request-id");
    Outcome::Immediate(status.unwrap().code.cast_unsigned(), lines, body)
}

/// What Envoy makes of a head.
fn apply(head: &mut Lines, mutation: Option<HeaderMutation>) {
    let mutation = mutation.unwrap_or_default();
    head.retain(|(name, _)| !mutation.remove_headers.contains(name));
    for set in mutation.set_headers {
        let header = set.header.unwrap();
        let name = match &*header.key {
            "host" => ":authority".to_owned(),
            _ => header.key,
        };
        if set.append_action != 0 {
            head.retain(|(known, _)| *known != name);
        }
        head.push((name, header.raw_value));
    }
}

fn head(lines: &Lines, is_last: bool) -> HttpHeaders {
    let headers = lines.iter().map(|(key, value)| core::HeaderValue {
        key: key.clone(),
        raw_value: value.clone(),
        ..core::HeaderValue::default()
    });
    HttpHeaders {
        headers: Some(core::HeaderMap {
            headers: headers.collect(),
        }),
        end_of_stream: is_last,
        ..HttpHeaders::default()
    }
}

fn pieces(pieces: &[Vec<u8>]) -> Vec<HttpBody> {
    let last = pieces.len();
    let pieces = pieces.iter().enumerate().map(|(number, piece)| HttpBody {
        body: piece.clone(),
        end_of_stream: number + 1 == last,
        ..HttpBody::default()
    });
    pieces.collect()
}

/// A head and a body in these pieces.
pub(crate) fn sent(lines: &[(&str, &str)], body: &[u8], cuts: &[usize]) -> Sent {
    let mut head: Lines = lines
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    if !body.is_empty() {
        let length = body.len().to_string().into_bytes();
        head.push(("content-length".to_owned(), length));
    }
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
    cuts.extend([0, body.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    let pieces = cuts.windows(2).map(|cut| body[cut[0]..cut[1]].to_vec());
    let pieces = pieces.collect();
    Sent { head, pieces }
}
