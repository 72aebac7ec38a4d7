//! A form, written as clients write it.

use super::Ask;

/// A `multipart/form-data` body.
#[derive(Clone, Default)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With a plain field.
    pub(crate) fn field(self, name: &str, value: &str) -> Self {
        self.part(&format!("form-data; name=\"{name}\""), value.as_bytes())
    }

    /// With the file the routes take.
    pub(crate) fn file(self, content: &[u8]) -> Self {
        self.part("form-data; name=\"file\"; filename=\"a.wav\"", content)
    }

    /// With a part of this disposition.
    pub(crate) fn part(mut self, disposition: &str, content: &[u8]) -> Self {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// What has been written so far, without an end.
    pub(crate) fn open(&self) -> Vec<u8> {
        self.0.clone()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [&self.0[..], format!("--{BOUNDARY}--\r\n").as_bytes()].concat()
    }

    /// The request that sends it to be transcribed.
    pub(crate) fn ask(&self) -> Ask {
        Self::asking(&self.bytes())
    }

    /// The request that sends these bytes to be transcribed.
    pub(crate) fn asking(body: &[u8]) -> Ask {
        Ask::post("/v1/audio/transcriptions")
            .header(
                "content-type",
                &format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(body)
    }
}

/// As browsers make them.
pub(crate) const BOUNDARY: &str = "----WebKitFormBoundary0123456789abcdef";
