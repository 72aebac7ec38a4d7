//! A proxy on Pingora before GT, over HTTP/1.1 and HTTP/2: bodies, restamped streams, and policies that are replaced when
//! their files change. `pingora_proxy config.json`; what stands in it is said in `setup/mod.rs`.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::apps::HttpServerOptions;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{FailToProxy, ProxyHttp, Session, http_proxy_service};
use pingora::server::{Server, configuration::ServerConf};
use pingora::upstreams::peer::HttpPeer;
use pingora::{BError, Error, Result};
use signalbox_pingora::{Exchange, PolicyGate};

mod setup;

struct Proxy {
    gate: PolicyGate,
    gt: HttpPeer,
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange::default()
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Exchange) -> Result<bool> {
        self.gate.request_filter(session, &self.gt, ctx).await
    }

    /// Whatever balances load goes here.
    async fn upstream_peer(&self, _: &mut Session, _: &mut Exchange) -> Result<Box<HttpPeer>> {
        Ok(Box::new(self.gt.clone()))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        self.gate.upstream_request_filter(session, request, ctx)
    }

    async fn request_body_filter(
        &self,
        _: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Exchange,
    ) -> Result<()> {
        self.gate.request_body_filter(body, end_of_stream, ctx)
    }

    async fn upstream_response_filter(
        &self,
        _: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        self.gate.upstream_response_filter(response, ctx)
    }

    fn response_body_filter(
        &self,
        _: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Exchange,
    ) -> Result<Option<Duration>> {
        self.gate.response_body_filter(body, end_of_stream, ctx)
    }

    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        error: BError,
        ctx: &mut Exchange,
        is_reused: bool,
    ) -> BError {
        self.gate.error_while_proxy(session, error, ctx, is_reused)
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut Exchange,
    ) -> FailToProxy {
        self.gate.fail_to_proxy(session, error, ctx).await
    }
}

fn main() -> Result<(), setup::Failure> {
    let setup = setup::Setup::read()?;
    let gate = setup.gate()?;
    setup.follow_policies(gate.gate().policies().clone())?;
    let mut server = Server::new_with_opt_and_conf(None, ServerConf::default());
    server.bootstrap();
    let gt = setup.peer();
    let proxy = Proxy { gate, gt };
    let mut service = http_proxy_service(&server.configuration, proxy);
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    if let Some(proxy) = service.app_logic_mut() {
        proxy.server_options = Some(options);
    }
    service.add_tcp(&setup.listen);
    server.add_service(service);
    server.run_forever()
}
