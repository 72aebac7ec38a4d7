//! A running simulator and a client that speaks plain HTTP/1.1 to it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use signalbox_gt_sim::{Handle, Key, Progress, Scope, Simulator, Tenant};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Where nothing happens for this long, nothing will.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Sim {
    pub(crate) handle: Handle,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) tasks: JoinSet<()>,
}

/// The demo tenant with keys that may do all (`gtak_i`, `gtak_u`, `gtak_c`) and one that may do nothing (`gtak_n`).
pub(crate) fn tenant() -> Tenant {
    Tenant::demo_with_keys("gtak_i", "gtak_u", "gtak_c").key(Key::inference("nothing", "gtak_n"))
}

/// A key with every scope, but only for the raw model.
pub(crate) fn raw_only(secret: &str) -> Key {
    Key::inference("raw", secret)
        .scopes(Scope::INFERENCE)
        .raw_models(["gt-small"])
}

impl Sim {
    pub(crate) async fn start() -> Self {
        Self::with(tenant()).await
    }

    pub(crate) async fn with(tenant: Tenant) -> Self {
        let simulator = Simulator::bind(([127, 0, 0, 1], 0).into(), tenant)
            .await
            .unwrap();
        let (handle, address) = (simulator.handle(), simulator.local_addr());
        let (stop, stopped) = oneshot::channel::<()>();
        let mut tasks = JoinSet::new();
        tasks.spawn(simulator.run(async {
            stopped.await.ok();
        }));
        Self {
            handle,
            address,
            stop: Some(stop),
            tasks,
        }
    }

    pub(crate) async fn until(&self, what: impl FnMut(&Progress) -> bool) {
        let mut progress = self.handle.progress();
        tokio::time::timeout(DEADLINE, progress.wait_for(what))
            .await
            .expect("in time")
            .unwrap();
    }

    pub(crate) async fn connect(&mut self) -> Client {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        self.tasks.spawn(async {
            // A broken connection is what some tests are about; the sender sees it too.
            connection.await.ok();
        });
        Client { sender }
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&mut self, request: Ask<'_>) -> Answer {
        let mut client = self.connect().await;
        client.send(request).await.unwrap().read().await.unwrap()
    }

    pub(crate) async fn get(&mut self, key: &str, path: &str) -> Answer {
        self.send(Ask::new("GET", path).key(key)).await
    }

    pub(crate) async fn post(&mut self, key: &str, path: &str, body: Value) -> Answer {
        self.send(Ask::new("POST", path).key(key).json(&body)).await
    }

    /// The one request seen since the last `clear`.
    pub(crate) fn only_request(&self) -> signalbox_gt_sim::Recorded {
        let mut requests = self.handle.requests();
        assert_eq!(requests.len(), 1);
        requests.remove(0)
    }
}

pub(crate) struct Client {
    pub(crate) sender: hyper::client::conn::http1::SendRequest<Full<Bytes>>,
}

impl Client {
    pub(crate) async fn send(&mut self, ask: Ask<'_>) -> hyper::Result<Open> {
        let sent = self.sender.send_request(ask.0);
        tokio::time::timeout(DEADLINE, sent)
            .await
            .expect("an answer in time")
            .map(|response| {
                let (head, body) = response.into_parts();
                Open {
                    status: head.status,
                    headers: head.headers,
                    body,
                }
            })
    }
}

/// A request being made. Paths starting with `/v1/` get the documented base.
pub(crate) struct Ask<'a>(Request<Full<Bytes>>, std::marker::PhantomData<&'a ()>);

impl Ask<'_> {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let base = if path.starts_with("/v1/") {
            "/api/tenant"
        } else {
            ""
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header("host", "gt.test");
        Self(
            request.body(Full::default()).unwrap(),
            std::marker::PhantomData,
        )
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        *self.0.body_mut() = Full::new(body.into());
        self.header("content-type", content_type)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// A form of text fields and one file.
    pub(crate) fn form(self, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Self {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(
                format!(
                    "--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .bytes(),
            );
        }
        if let Some((name, content)) = file {
            let head = format!(
                "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
            );
            body.extend(head.bytes().chain(content.iter().copied()).chain(*b"\r\n"));
        }
        body.extend(b"--x--\r\n");
        self.body("multipart/form-data; boundary=x", body)
    }
}

/// An answer whose body has not been read.
pub(crate) struct Open {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incoming,
}

impl Open {
    pub(crate) async fn frame(&mut self) -> Option<hyper::Result<Bytes>> {
        let frame = tokio::time::timeout(DEADLINE, self.body.frame())
            .await
            .expect("a frame in time");
        frame.map(|frame| frame.map(|frame| frame.into_data().unwrap()))
    }

    pub(crate) async fn read(mut self) -> hyper::Result<Answer> {
        let mut body = Vec::new();
        while let Some(frame) = self.frame().await {
            body.extend_from_slice(&frame?);
        }
        Ok(Answer {
            status: self.status.as_u16(),
            headers: self.headers,
            body,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The JSON of an answer that is no refusal.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// Status, code and param of a refusal, having checked its shape.
    pub(crate) fn refusal(&self) -> (u16, String, Option<String>) {
        let body = self.json();
        let error = body["error"].as_object().expect("an error");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        assert!(error["type"].is_string());
        (
            self.status,
            error["code"].as_str().unwrap().to_owned(),
            error["param"].as_str().map(str::to_owned),
        )
    }

    /// The data of every event.
    pub(crate) fn events(&self) -> Vec<String> {
        assert_eq!(self.header("content-type"), "text/event-stream");
        let text = std::str::from_utf8(&self.body).unwrap();
        let events = text.strip_suffix("\n\n").unwrap().split("\n\n");
        events
            .map(|event| event.strip_prefix("data: ").unwrap().to_owned())
            .collect()
    }
}

/// A body with more, or other, fields.
pub(crate) fn with(mut body: Value, extra: Value) -> Value {
    let extra: serde_json::Map<String, Value> = serde_json::from_value(extra).unwrap();
    body.as_object_mut().unwrap().extend(extra);
    body
}

/// A refusal in short.
pub(crate) fn refused(
    status: u16,
    code: &str,
    param: Option<&str>,
) -> (u16, String, Option<String>) {
    (status, code.to_owned(), param.map(str::to_owned))
}
