//! A registry that says what a test wants it to say.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A registry with one repository, `policies/p`, that listens until it is dropped.
#[derive(Debug)]
pub struct ScriptedRegistry {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// What stands below `/v2/policies/p/`.
    files: Mutex<BTreeMap<String, Said>>,
    stopped: AtomicBool,
    /// Connections that get no answer, kept so that they stay open.
    stalled: Mutex<Vec<TcpStream>>,
}

/// What the registry says when it is asked for something.
#[derive(Clone, Debug)]
enum Said {
    Content(&'static str, Vec<u8>),
    Nothing,
}

impl ScriptedRegistry {
    /// An empty one.
    ///
    /// # Panics
    /// If there is no free port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.stopped.load(Ordering::Relaxed) {
                    return;
                }
                // A client that leaves in the middle is its own affair.
                drop(serving.answer(stream));
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// `host:port`, for the list of registries without TLS.
    #[must_use]
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// The reference of a tag.
    #[must_use]
    pub fn reference(&self, tag: &str) -> String {
        format!("oci://{}/policies/p:{tag}", self.address)
    }

    /// Pushes a component under a tag.
    pub fn push(&self, tag: &str, component: &[u8]) {
        self.push_as(tag, component, component);
    }

    /// Pushes a manifest for one component, and answers with another.
    pub fn push_as(&self, tag: &str, announced: &[u8], sent: &[u8]) {
        let config = b"{}".to_vec();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(&config),
                       "size": config.len()},
            "layers": [{"mediaType": "application/wasm", "digest": digest(announced),
                        "size": announced.len()}],
        });
        let manifest = manifest.to_string().into_bytes();
        let blob = Said::Content("application/octet-stream", sent.to_vec());
        self.say(&format!("blobs/{}", digest(announced)), blob);
        let by_digest = format!("manifests/{}", digest(&manifest));
        for path in [format!("manifests/{tag}"), by_digest] {
            self.say(&path, Said::Content(MANIFEST, manifest.clone()));
        }
    }

    /// Never answers to this tag.
    pub fn stall(&self, tag: &str) {
        self.say(&format!("manifests/{tag}"), Said::Nothing);
    }

    /// Answers to the manifest of a component and never to the component.
    pub fn stall_blob(&self, tag: &str, component: &[u8]) {
        self.push(tag, component);
        self.say(&format!("blobs/{}", digest(component)), Said::Nothing);
    }

    fn say(&self, path: &str, said: Said) {
        lock(&self.shared.files).insert(path.to_owned(), said);
    }
}

impl Shared {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let path = request.split(' ').nth(1).unwrap_or_default();
        let path = path.strip_prefix("/v2/policies/p/").unwrap_or_default();
        let said = lock(&self.files).get(path).cloned();
        match said {
            Some(Said::Nothing) => lock(&self.stalled).push(stream),
            Some(Said::Content(kind, content)) => {
                let (length, digest) = (content.len(), digest(&content));
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
                     docker-content-digest: {digest}\r\nconnection: close\r\n\r\n"
                )?;
                if !request.starts_with("HEAD ") {
                    stream.write_all(&content)?;
                }
            }
            None => stream.write_all(
                b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            )?,
        }
        Ok(())
    }
}

impl Drop for ScriptedRegistry {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread; if that fails, it has ended.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
