//! Registries that stop in the middle. Time stands still until the registry has sent all it ever
//! will, and then passes at once.

use std::time::Duration;

use signalbox_http_client::Phase;
use signalbox_registry::{PullError, Registry, Settings};
use tokio::net::TcpListener;

use crate::server::{Asked, Reply, Server, Stored, Then};

/// What a pull comes to when the registry stalls.
async fn pulled(server: &Server, settings: Settings) -> PullError {
    let registry = Registry::new(settings).unwrap();
    let reference = server.reference();
    let waiting = async {
        server.stalled().await;
        tokio::time::pause();
    };
    let (pulled, ()) = tokio::join!(registry.pull(&reference), waiting);
    pulled.unwrap_err()
}

fn is_stalled(error: &PullError, during: Phase) -> bool {
    matches!(error, PullError::Stalled { phase, limit } if *phase == during && *limit == Settings::default().idle)
}

#[tokio::test]
async fn a_connection_that_never_comes_about_ends() {
    // It accepts, and then says nothing to the start of TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let registry = Registry::new(Settings::default()).unwrap();
    let reference = format!("oci://{address}/a").parse().unwrap();
    let waiting = async {
        let accepted = listener.accept().await.unwrap();
        tokio::time::pause();
        accepted
    };
    let (pulled, _accepted) = tokio::join!(registry.pull(&reference), waiting);
    let error = pulled.unwrap_err();
    assert!(is_stalled(&error, Phase::Connect), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the registry was silent for 10 s while a connection was made"
    );
}

#[tokio::test]
async fn an_answer_that_never_begins_ends() {
    for begun in ["", "HTTP/1.1 200 OK\r\ncontent-type: text"] {
        let server = Server::start(move |_| Reply::raw(begun, Then::Stall)).await;
        let error = pulled(&server, server.settings()).await;
        assert!(is_stalled(&error, Phase::Answer), "{error:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_ends() {
    for part in ["/manifests/", "/blobs/"] {
        let stored = Stored::new(b"a component");
        let server = Server::start(move |asked: &Asked| match asked.is_for(part) {
            true => Reply::head(200, &[("content-length", "11")]).and(b"a comp", Then::Stall),
            false => stored.reply(asked),
        })
        .await;
        let error = pulled(&server, server.settings()).await;
        assert!(is_stalled(&error, Phase::Body), "{error:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn all_of_it_ends_in_time_whatever_the_registry_does() {
    let time = Duration::from_secs(4);
    let server = Server::start(|_| Reply::raw("", Then::Stall)).await;
    let settings = Settings {
        time,
        ..server.settings()
    };
    let error = pulled(&server, settings).await;
    assert!(
        matches!(error, PullError::TimedOut(limit) if limit == time),
        "{error:?}"
    );
    assert_eq!(error.to_string(), "the registry took longer than 4 s");
}
