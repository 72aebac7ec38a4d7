//! The head of a request, and what of it is looked at again and again.

use http::request::Parts;
use http::{HeaderName, HeaderValue};
use signalbox_policy::gt::CONVERSATION_HEADER;

use crate::request::header_values::FieldLines;

/// The head of a request as the client sent it. The headers that checks and policies look at are found
/// in one walk over it.
#[derive(Debug)]
pub(crate) struct ClientHead {
    pub(crate) parts: Parts,
    pub(crate) fields: ClientFields,
}

/// The lines of the headers that the gate itself looks at.
#[derive(Debug, Default)]
pub(crate) struct ClientFields {
    pub(crate) authorization: FieldLines,
    pub(crate) connection: FieldLines,
    pub(crate) content_encoding: FieldLines,
    pub(crate) content_length: FieldLines,
    pub(crate) content_type: FieldLines,
    pub(crate) conversation: FieldLines,
    pub(crate) expect: FieldLines,
    pub(crate) host: FieldLines,
    pub(crate) request_id: FieldLines,
    pub(crate) transfer_encoding: FieldLines,
    pub(crate) upgrade: FieldLines,
    /// One bit for each length that a name in the head has.
    name_lengths: u64,
}

impl ClientHead {
    pub(crate) fn new(parts: Parts) -> Self {
        let mut fields = ClientFields::default();
        for (name, value) in &parts.headers {
            fields.add(name.as_str(), value);
        }
        Self { parts, fields }
    }

    /// Whether the head has a header of this name. Of most names their length alone tells that it has
    /// none.
    pub(crate) fn has(&self, name: &HeaderName) -> bool {
        self.fields.name_lengths & length_bit(name.as_str()) != 0
            && self.parts.headers.contains_key(name)
    }

    /// Whether it names a conversation.
    pub(crate) const fn names_conversation(&self) -> bool {
        !self.fields.conversation.is_none()
    }

    /// The type of the body, if it is text.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.fields.content_type.first()?.to_str().ok()
    }
}

impl ClientFields {
    fn add(&mut self, name: &str, value: &HeaderValue) {
        self.name_lengths |= length_bit(name);
        let lines = match name {
            "authorization" => &mut self.authorization,
            "connection" => &mut self.connection,
            "content-encoding" => &mut self.content_encoding,
            "content-length" => &mut self.content_length,
            "content-type" => &mut self.content_type,
            "expect" => &mut self.expect,
            "host" => &mut self.host,
            "transfer-encoding" => &mut self.transfer_encoding,
            "upgrade" => &mut self.upgrade,
            "x-request-id" => &mut self.request_id,
            CONVERSATION_HEADER => &mut self.conversation,
            _ => return,
        };
        lines.add(value);
    }
}

/// All lengths that have no bit of their own share the last.
pub(crate) fn length_bit(name: &str) -> u64 {
    1 << name.len().min(63)
}

#[cfg(test)]
mod tests {
    use http::{Request, header};

    use super::*;

    fn head(lines: &[(&'static str, &'static str)]) -> ClientHead {
        let (mut parts, ()) = Request::new(()).into_parts();
        for &(name, value) in lines {
            parts.headers.append(name, HeaderValue::from_static(value));
        }
        ClientHead::new(parts)
    }

    #[test]
    fn every_line_is_found_in_its_order() {
        let found = head(&[
            ("host", "a"),
            ("content-type", "text/plain"),
            ("x-gt-conversation-id", ""),
            ("content-type", "b"),
        ]);
        let types: [&[u8]; 2] = [b"text/plain", b"b"];
        assert_eq!(found.fields.content_type.values()[..], types);
        assert_eq!(found.fields.host.values()[..], [b"a"]);
        assert_eq!(found.content_type(), Some("text/plain"));
        assert!(found.names_conversation());
        assert!(found.fields.authorization.is_none() && found.fields.upgrade.is_none());
    }

    #[test]
    fn a_name_is_there_if_the_head_has_it() {
        let long = HeaderName::from_bytes(&[b'x'; 300]).unwrap();
        let longer = HeaderName::from_bytes(&[b'x'; 301]).unwrap();
        let mut found = head(&[("accept", "a")]);
        found
            .parts
            .headers
            .insert(&long, HeaderValue::from_static("b"));
        let found = ClientHead::new(found.parts);
        assert!(found.has(&header::ACCEPT) && found.has(&long));
        assert!(!found.has(&longer) && !found.has(&header::COOKIE) && !found.has(&header::TE));
    }

    #[test]
    fn what_was_found_stays_when_the_headers_are_gone() {
        let mut found = head(&[("content-type", "a"), ("accept", "b")]);
        found.parts.headers.clear();
        assert_eq!(found.content_type(), Some("a"));
    }
}
