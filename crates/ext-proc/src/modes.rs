//! What of bodies the proxy sends, as it is configured.

use envoy_types::pb::envoy::extensions::filters::http::ext_proc::v3::ProcessingMode;
use envoy_types::pb::envoy::extensions::filters::http::ext_proc::v3::processing_mode::{
    BodySendMode, HeaderSendMode,
};
use envoy_types::pb::envoy::service::ext_proc::v3::ProtocolConfiguration;

/// What of bodies the proxy sends, as far as it can be worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes {
    pub(crate) request: RequestMode,
    pub(crate) response: ResponseMode,
}

/// How the body of a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestMode {
    /// Not at all, unless it is asked for: then whole.
    OnDemand,
    /// Whole, whether anybody looks at it or not.
    Buffered,
    /// Piece by piece, while its head waits.
    Duplex,
}

/// How the body of a response comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    /// Piece by piece, each of which is answered.
    Streamed,
    /// Whole.
    Buffered,
    /// Piece by piece, answered as it is liked.
    Duplex,
}

impl Modes {
    /// What the proxy is configured to send.
    ///
    /// # Errors
    /// Why nothing can be promised with that.
    pub(crate) fn of(configured: Option<ProtocolConfiguration>) -> Result<Self, &'static str> {
        let configured = configured.ok_or(NOT_SAID)?;
        let request = BodySendMode::try_from(configured.request_body_mode);
        let response = BodySendMode::try_from(configured.response_body_mode);
        Ok(Self {
            request: match request {
                Ok(BodySendMode::None) => RequestMode::OnDemand,
                Ok(BodySendMode::Buffered) => RequestMode::Buffered,
                Ok(BodySendMode::FullDuplexStreamed) => RequestMode::Duplex,
                _ => return Err(REQUEST),
            },
            response: match response {
                Ok(BodySendMode::Streamed) => ResponseMode::Streamed,
                Ok(BodySendMode::Buffered) => ResponseMode::Buffered,
                Ok(BodySendMode::FullDuplexStreamed) => ResponseMode::Duplex,
                _ => return Err(RESPONSE),
            },
        })
    }

    /// Whether the proxy would follow an override: it follows none where anything is in full duplex.
    pub(crate) const fn may_be_overridden(self) -> bool {
        !matches!(self.request, RequestMode::Duplex)
            && !matches!(self.response, ResponseMode::Duplex)
    }

    /// Asks for the whole body of the request.
    pub(crate) fn with_request_body(self) -> ProcessingMode {
        overridden(BodySendMode::Buffered, self.response.word())
    }

    /// Asks for the whole body of the response, to a request without one.
    pub(crate) fn with_whole_response() -> ProcessingMode {
        overridden(BodySendMode::None, BodySendMode::Buffered)
    }
}

impl ResponseMode {
    const fn word(self) -> BodySendMode {
        match self {
            Self::Streamed => BodySendMode::Streamed,
            Self::Buffered => BodySendMode::Buffered,
            Self::Duplex => BodySendMode::FullDuplexStreamed,
        }
    }
}

fn overridden(request: BodySendMode, response: BodySendMode) -> ProcessingMode {
    // What is `Default` stays as it is configured; of bodies zero is `None`.
    ProcessingMode {
        request_header_mode: HeaderSendMode::Default.into(),
        response_header_mode: HeaderSendMode::Default.into(),
        request_body_mode: request.into(),
        response_body_mode: response.into(),
        request_trailer_mode: HeaderSendMode::Default.into(),
        response_trailer_mode: HeaderSendMode::Default.into(),
    }
}

const NOT_SAID: &str = "the proxy does not say which bodies it sends (`protocol_config`)";
const REQUEST: &str = "`request_body_mode` has to be NONE, BUFFERED or FULL_DUPLEX_STREAMED";
const RESPONSE: &str = "`response_body_mode` has to be STREAMED, BUFFERED or FULL_DUPLEX_STREAMED";

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(request: BodySendMode, response: BodySendMode) -> ProtocolConfiguration {
        ProtocolConfiguration {
            request_body_mode: request.into(),
            response_body_mode: response.into(),
            send_body_without_waiting_for_header_response: false,
        }
    }

    #[test]
    fn what_would_hide_a_body_or_a_part_of_one_is_not_worked_with() {
        use BodySendMode::{Buffered, BufferedPartial, FullDuplexStreamed, Grpc, None, Streamed};
        for request in [Streamed, BufferedPartial, Grpc] {
            let modes = Modes::of(Some(configured(request, Streamed)));
            assert_eq!(modes, Err(REQUEST), "{request:?}");
        }
        for response in [None, BufferedPartial, Grpc] {
            let modes = Modes::of(Some(configured(None, response)));
            assert_eq!(modes, Err(RESPONSE), "{response:?}");
        }
        assert_eq!(Modes::of(Option::None), Err(NOT_SAID));
        for request in [None, Buffered, FullDuplexStreamed] {
            for response in [Streamed, Buffered, FullDuplexStreamed] {
                assert!(Modes::of(Some(configured(request, response))).is_ok());
            }
        }
    }

    #[test]
    fn an_override_keeps_the_response_as_it_is_configured() {
        use BodySendMode::{Buffered, None, Streamed};
        let modes = Modes::of(Some(configured(None, Streamed))).unwrap();
        let asks = modes.with_request_body();
        assert_eq!(asks.request_body_mode, i32::from(Buffered));
        assert_eq!(asks.response_body_mode, i32::from(Streamed));
    }
}
