//! A gate behind the service, on loopback.

use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use signalbox_ext_proc::{Door, GrpcServer, Limits, ModelLists, SpoolPlace, Times};
use signalbox_gate::keyring::Keyring;
use signalbox_gate::{
    Authenticator, Capacity, Credentials, Digest, Gate, LiveKeyring, Secret, Settings, SystemClock,
};
use signalbox_swap::{Actor, Candidate, Order, Swaps, Trigger};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};
use tonic::codegen::Service as _;

/// A gate for two policies' worth of routes, with short times.
pub(crate) struct Stage {
    gate: Arc<Gate>,
    lists: ModelLists,
    upstream: HeaderValue,
}

impl Door for Stage {
    type Observer = ();

    fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    fn upstream(&self) -> &HeaderValue {
        &self.upstream
    }

    fn times(&self) -> Times {
        let mut times = Times::default();
        times.first_message = SHORT;
        times.body_idle = SHORT;
        times.first_byte = SHORT;
        times.answer_idle = SHORT;
        times
    }

    fn observer(&self) {}

    fn spool(&self) -> Option<Arc<dyn SpoolPlace>> {
        Some(Arc::new(Folder))
    }

    fn lists(&self) -> &ModelLists {
        &self.lists
    }
}

struct Folder;

impl SpoolPlace for Folder {
    fn file(&self) -> io::Result<File> {
        tempfile::tempfile()
    }
}

/// Runs a test beside a service, whose address it is given.
pub(crate) fn with_service<T, F>(test: impl FnOnce(SocketAddr) -> F) -> T
where
    F: Future<Output = T>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stage = Rc::new(Stage {
            gate: gate(),
            lists: ModelLists::default(),
            upstream: HeaderValue::from_static("gt.example"),
        });
        spawn_local(accept(listener, stage));
        test(address).await
    })
}

async fn accept(listener: TcpListener, stage: Rc<Stage>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (server, mut calls) = GrpcServer::new(Limits::default());
        let stage = Rc::clone(&stage);
        spawn_local(async move {
            while let Some(call) = calls.recv().await {
                let stage = Rc::clone(&stage);
                spawn_local(async move { call.serve(&*stage).await });
            }
        });
        spawn_local(async move {
            let service = service_fn(|request| {
                let mut server = server.clone();
                async move { Ok::<_, Infallible>(server.call(request).await.unwrap()) }
            });
            let served = http2::Builder::new(Local).serve_connection(TokioIo::new(stream), service);
            // It ends as its client likes.
            let _ = served.await;
        });
    }
}

#[derive(Clone, Copy)]
struct Local;

impl<F: Future<Output: 'static> + 'static> Executor<F> for Local {
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}

/// The gate, as every test here has it.
pub(crate) fn gate() -> Arc<Gate> {
    let runtime = signalbox_runtime::Runtime::new(Default::default()).unwrap();
    let swaps = Swaps::new(runtime, Default::default()).unwrap();
    let policy = signalbox_policy::read(POLICY).unwrap();
    let component = signalbox_compiler::compile(&policy, POLICY).unwrap();
    let order = Order::serve(
        Candidate::new("default", component),
        Actor::new(Trigger::Embedder, "a test"),
    );
    swaps.swap(order, &mut |_| {}).into_result().unwrap();
    let keys = format!(
        "keys: [{{id: app, sha256: {}, models: all, datasets: [briefs], purposes: [inference, upload], \
         scopes: [\"inference:chat\", \"inference:transcribe\", \"datasets:write\"]}}]",
        Digest::of("token-app")
    );
    let keyring = LiveKeyring::new(Keyring::parse(&keys).unwrap());
    let names = ["inference", "upload", "conversation"];
    let gt_keys = names.map(|name| (name.to_owned(), Secret::read("gtak_gt").unwrap()));
    let mut settings = Settings::at("/api/tenant");
    // Some of the forms here do not fit.
    settings.multipart_memory = 256;
    Gate::new(
        settings,
        Capacity::default(),
        Authenticator::new(keyring.into(), None).into(),
        Arc::new(Credentials::from_iter(gt_keys)),
        swaps,
        Arc::new(SystemClock),
    )
}

const SHORT: Duration = Duration::from_millis(300);
const POLICY: &str = "policy: p\nroutes:\n  \
    GET /v1/models: {verdict: native}\n  \
    POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}\n  \
    POST /v1/audio/transcriptions: {verdict: native, scope: \"inference:transcribe\", model: multipart}\n\
    models:\n  gpt-4o: {published: support-agent}\n  same: {published: same}\n";
