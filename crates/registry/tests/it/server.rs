//! A registry that answers byte by byte what a test says: no HTTP library would send these lies.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use signalbox_registry::{ManifestDigest, PullError, Pulled, Reference, Registry, Settings};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// A registry; it ends with its owner.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
    _task: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    asked: Mutex<Vec<Asked>>,
    stalled: Notify,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// What comes back.
pub(crate) struct Reply {
    bytes: Vec<u8>,
    then: Then,
}

/// What happens after the bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    /// These again and again.
    Repeat(&'static [u8]),
    Stall,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::begin(None, script).await
    }

    pub(crate) async fn start_tls(
        acceptor: TlsAcceptor,
        script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::begin(Some(acceptor), script).await
    }

    async fn begin(
        tls: Option<TlsAcceptor>,
        script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let script = Arc::new(script);
        let mut task = JoinSet::new();
        let server_seen = Arc::clone(&seen);
        task.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (script, seen, tls) =
                    (Arc::clone(&script), Arc::clone(&server_seen), tls.clone());
                open.spawn(async move {
                    match tls {
                        None => serve(socket, &*script, &seen).await,
                        Some(tls) => {
                            // A client that does not trust us ends here.
                            if let Ok(stream) = tls.accept(socket).await {
                                serve(stream, &*script, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            seen,
            _task: task,
        }
    }

    pub(crate) fn place(&self) -> String {
        self.address.to_string()
    }

    /// The tag `stable` of the one repository.
    pub(crate) fn reference(&self) -> Reference {
        format!("oci://{}/policies/litellm:stable", self.address)
            .parse()
            .unwrap()
    }

    pub(crate) fn pinned(&self, digest: ManifestDigest) -> Reference {
        format!("oci://{}/policies/litellm@{digest}", self.address)
            .parse()
            .unwrap()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            plaintext: vec![self.place()],
            ..Settings::default()
        }
    }

    pub(crate) async fn pull(&self) -> Result<Pulled, PullError> {
        let registry = Registry::new(self.settings()).unwrap();
        registry.pull(&self.reference()).await
    }

    pub(crate) async fn look(&self) -> Result<ManifestDigest, PullError> {
        let registry = Registry::new(self.settings()).unwrap();
        registry.look(&self.reference()).await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.seen.asked.lock().unwrap().clone()
    }

    /// The request lines so far, without the version.
    pub(crate) fn lines(&self) -> Vec<String> {
        let asked = self.asked();
        asked.iter().map(|one| one.line.clone()).collect()
    }

    /// Waits until a connection has been sent all it will ever be sent, and stays open.
    pub(crate) async fn stalled(&self) {
        self.seen.stalled.notified().await;
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    script: &(impl Fn(&Asked) -> Reply + Send + Sync),
    seen: &Seen,
) {
    let Some(asked) = read(&mut stream).await else {
        return;
    };
    seen.asked.lock().unwrap().push(asked.clone());
    let reply = script(&asked);
    // The client may have gone, which is its answer to a lie.
    if stream.write_all(&reply.bytes).await.is_err() {
        return;
    }
    match reply.then {
        Then::Close => drop(stream.shutdown().await),
        Then::Repeat(bytes) => while stream.write_all(bytes).await.is_ok() {},
        Then::Stall => {
            drop(stream.flush().await);
            seen.stalled.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let text = String::from_utf8(head).unwrap();
    let mut lines = text.trim_end().split("\r\n");
    let line = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), value.to_owned())
    });
    Some(Asked {
        line: line.to_owned(),
        headers: headers.collect(),
    })
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_for(&self, what: &str) -> bool {
        self.line.contains(what)
    }
}

impl Reply {
    /// These bytes and nothing else.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>, then: Then) -> Self {
        Self {
            bytes: bytes.into(),
            then,
        }
    }

    /// A head with these lines, then the body; its length is given.
    pub(crate) fn new(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let length = body.len().to_string();
        let mut reply = Self::head(status, &[headers, &[("content-length", &length)]].concat());
        reply.bytes.extend_from_slice(body);
        reply
    }

    /// A head alone: whatever it says of a body is for the test to keep or to break.
    pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Said So\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self::raw(head, Then::Close)
    }

    pub(crate) fn and(mut self, bytes: &[u8], then: Then) -> Self {
        self.bytes.extend_from_slice(bytes);
        self.then = then;
        self
    }
}

/// An honest registry's one component.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) component: Vec<u8>,
    pub(crate) manifest: Vec<u8>,
}

impl Stored {
    /// As `wkg` pushes it.
    pub(crate) fn new(component: &[u8]) -> Self {
        Self::changed(component, |_| {})
    }

    /// With a manifest that a test changes.
    pub(crate) fn changed(component: &[u8], change: impl FnOnce(&mut Value)) -> Self {
        let config = br#"{"architecture":"wasm","os":"wasip2"}"#;
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.wasm.config.v0+json",
                "digest": ManifestDigest::of(config).to_string(),
                "size": config.len(),
            },
            "layers": [{
                "mediaType": "application/wasm",
                "digest": ManifestDigest::of(component).to_string(),
                "size": component.len(),
            }],
        });
        change(&mut manifest);
        Self {
            component: component.to_vec(),
            manifest: manifest.to_string().into_bytes(),
        }
    }

    pub(crate) fn digest(&self) -> ManifestDigest {
        ManifestDigest::of(&self.manifest)
    }

    /// What an honest registry answers.
    pub(crate) fn reply(&self, asked: &Asked) -> Reply {
        let digest = self.digest().to_string();
        let blob = format!(
            "GET /v2/policies/litellm/blobs/{}",
            ManifestDigest::of(&self.component)
        );
        let heads = [
            ("content-type", MANIFEST),
            ("docker-content-digest", &*digest),
        ];
        match asked.line.as_str() {
            "GET /v2/policies/litellm/manifests/stable" => Reply::new(200, &heads, &self.manifest),
            "HEAD /v2/policies/litellm/manifests/stable" => {
                let length = self.manifest.len().to_string();
                Reply::head(200, &[&heads[..], &[("content-length", &*length)]].concat())
            }
            line if line == format!("GET /v2/policies/litellm/manifests/{digest}") => {
                Reply::new(200, &heads, &self.manifest)
            }
            line if line == blob => Reply::new(
                200,
                &[("content-type", "application/octet-stream")],
                &self.component,
            ),
            line => panic!("an honest client does not ask for {line}"),
        }
    }
}

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
