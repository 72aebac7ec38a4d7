//! W3C trace context: what a client says of the trace its request is part of.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{SpanId, TraceId};

/// The span of the client that a request is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) is_sampled: bool,
}

impl Parent {
    /// What the one valid `traceparent` says. A bad one, and one of several, say nothing: the
    /// request then begins a trace.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Self::read(value.to_str().ok()?),
            _ => None,
        }
    }

    /// `version-trace-span-flags` in lower-case hex. A later version may say more behind that.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '-');
        let (version, trace) = (hex(parts.next()?, 2)?, hex(parts.next()?, 32)?);
        let (span, flags) = (hex(parts.next()?, 16)?, hex(parts.next()?, 2)?);
        let is_known = match version {
            0 => parts.next().is_none(),
            255 => false,
            _ => true,
        };
        (is_known && trace != 0 && span != 0).then(|| Self {
            trace: TraceId::from_bytes(trace.to_be_bytes()),
            span: SpanId::from_bytes(u64::try_from(span).unwrap_or_default().to_be_bytes()),
            is_sampled: flags & SAMPLED == SAMPLED,
        })
    }
}

/// What GT is told: the client span of a sampled trace.
pub(super) fn traceparent(trace: TraceId, span: SpanId) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("00-{trace}-{span}-01")).ok()
}

fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    (text.len() == digits && text.bytes().all(is_hex))
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
}

pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const SAMPLED: u128 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    fn of(values: &[&str]) -> Option<Parent> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                TRACEPARENT,
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        Parent::of(&headers)
    }

    #[test]
    fn a_valid_parent_is_continued() {
        for (version, flags, rest, is_sampled) in [
            ("00", "01", "", true),
            ("00", "00", "", false),
            ("00", "03", "", true),
            ("cc", "01", "", true),
            ("cc", "01", "-what-the-future-brings", true),
        ] {
            let parent = of(&[&format!("{version}-{TRACE}-{SPAN}-{flags}{rest}")]).unwrap();
            assert_eq!(parent.trace.to_string(), TRACE);
            assert_eq!(parent.span.to_string(), SPAN);
            assert_eq!(parent.is_sampled, is_sampled);
        }
    }

    #[test]
    fn what_is_not_valid_says_nothing() {
        let valid = format!("00-{TRACE}-{SPAN}-01");
        assert!(of(&[&valid]).is_some());
        for bad in [
            String::new(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("cc-{TRACE}-{SPAN}-01more"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}-{SPAN}"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-+7ad6b7169203331-01"),
            format!(" {valid}"),
            format!("{valid}é"),
        ] {
            assert_eq!(of(&[&bad]), None, "{bad}");
        }
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[&valid, &valid]), None);
    }

    #[test]
    fn what_gt_is_told_is_valid() {
        let (trace, span) = (TraceId::from_bytes([7; 16]), SpanId::from_bytes([9; 8]));
        let told = traceparent(trace, span).unwrap();
        let read = of(&[told.to_str().unwrap()]);
        assert_eq!(
            read,
            Some(Parent {
                trace,
                span,
                is_sampled: true
            })
        );
    }
}
