//! A request, written by hand so that it can be wrong.

/// One request.
#[derive(Clone)]
pub(crate) struct Ask {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// A request without a key.
    pub(crate) fn plain(method: &str, target: &str) -> Self {
        let headers = vec![("host".to_owned(), "gate.example".to_owned())];
        Self {
            line: format!("{method} {target} HTTP/1.1"),
            headers,
            body: Vec::new(),
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::plain("GET", target).key("all")
    }

    /// A chat with the key that may do everything.
    pub(crate) fn chat(model: &str) -> Self {
        Self::post("/v1/chat/completions").json(&format!(r#"{{"model":"{model}","messages":[]}}"#))
    }

    pub(crate) fn post(target: &str) -> Self {
        Self::plain("POST", target).key("all")
    }

    /// Presents the key whose token is `token-NAME`.
    pub(crate) fn key(self, name: &str) -> Self {
        self.without("authorization")
            .header("authorization", &format!("Bearer token-{name}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(present, _)| present != name);
        self
    }

    pub(crate) fn json(self, body: &str) -> Self {
        self.without("content-type")
            .header("content-type", "application/json")
            .body(body.as_bytes())
    }

    /// Sets the body and its length.
    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.without("content-length")
            .header("content-length", &body.len().to_string())
    }

    /// Sends the body in chunks of these sizes.
    pub(crate) fn chunked(mut self, size: usize) -> Self {
        let mut chunks = Vec::new();
        for chunk in self.body.chunks(size) {
            chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            chunks.extend_from_slice(chunk);
            chunks.extend_from_slice(b"\r\n");
        }
        chunks.extend_from_slice(b"0\r\n\r\n");
        self.body = chunks;
        self.without("content-length")
            .header("transfer-encoding", "chunked")
    }

    /// The same for HTTP/2, without its body.
    pub(crate) fn request(&self) -> http::Request<()> {
        let mut words = self.line.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let host = self.headers.iter().find(|(name, _)| name == "host");
        let host = host.map_or("gate.example", |(_, value)| value);
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://{host}{target}"));
        for (name, value) in &self.headers {
            if name != "host" {
                request = request.header(name, value);
            }
        }
        request.body(()).unwrap()
    }

    /// Its body.
    pub(crate) fn payload(&self) -> bytes::Bytes {
        self.body.clone().into()
    }

    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.line);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        (head + "\r\n").into_bytes()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head(), self.body.clone()].concat()
    }
}
