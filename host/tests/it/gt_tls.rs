//! Whom the host takes for GT, what it says of whom it does not, and HTTP/2 agreed on in TLS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::CertificateParams;
use signalbox_host::config::{Http2, UpstreamUrl};
use tempfile::TempDir;

use crate::harness::{Ask, Call, Gate, GateBuilder, Gt2, Redactor, within};

async fn chatty(mut call: Call) {
    if call.body().await.is_some() {
        call.json(r#"{"id":"c1","model":"support-agent"}"#);
    }
}

fn gt(shown: &Redactor) -> Gt2 {
    Gt2::serving(Some(shown.tls.clone()), 100, chatty)
}

fn before(gt: &Gt2, ca_file: &Path) -> GateBuilder {
    let url = format!("https://localhost:{}/api/tenant", gt.address.port());
    Gate::builder(gt.address).config(|config| {
        config.upstream.urls = vec![UpstreamUrl::parse(&url).unwrap()];
        config.upstream.ca_file = Some(ca_file.to_owned());
    })
}

/// A folder with a file of authorities.
fn authorities(pem: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    (folder, file)
}

fn shown(change: impl FnOnce(&mut CertificateParams)) -> Redactor {
    Redactor::made("localhost", &["h2", "http/1.1"], change)
}

#[test]
fn a_certificate_that_signs_itself_is_taken_if_it_is_listed() {
    for is_authority in [true, false] {
        let shown = shown(|params| {
            if !is_authority {
                params.is_ca = rcgen::IsCa::NoCa;
            }
        });
        let (_folder, file) = authorities(&shown.pem);
        let gt = gt(&shown);
        let gate = before(&gt, &file).start();
        for _ in 0..3 {
            assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
        }
        assert_eq!(gt.connections(), 1, "HTTP/2 was agreed on");
        let uri = format!(
            "https://localhost:{}/api/tenant/v1/chat/completions",
            gt.address.port()
        );
        assert_eq!(gt.seen()[0].uri, uri);
        assert_eq!(gt.seen()[0].server_name.as_deref(), Some("localhost"));
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_with_what_to_do() {
    let past = rcgen::date_time_ymd(2020, 1, 1);
    let longer_past = rcgen::date_time_ymd(2019, 1, 1);
    let future = rcgen::date_time_ymd(2999, 1, 1);
    let right = shown(|_| {});
    let expired = shown(|params| (params.not_before, params.not_after) = (longer_past, past));
    let early = shown(|params| params.not_before = future);
    let other = Redactor::made("gt.example", &["h2"], |_| {});
    for (shown, listed, says) in [
        (&expired, &expired, "it has expired; renew it at GT"),
        (&early, &early, "compare the clocks"),
        (&other, &other, "it is made for another name"),
        (
            &right,
            &other,
            "name its authority, or itself if it is self-signed, in `upstream.ca_file`",
        ),
    ] {
        let (_folder, file) = authorities(&listed.pem);
        let gt = gt(shown);
        let gate = before(&gt, &file).start();
        let answer = gate.send(&Ask::chat("gpt-4o"));
        assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
        let status = gate.handle.status();
        let reason = &status.reasons["upstream"];
        assert!(reason.contains(says), "{reason}");
        assert!(gt.seen().is_empty());
    }
}

#[test]
fn a_file_of_authorities_that_changes_is_taken_over_and_a_broken_one_is_not() {
    let (first, second) = (shown(|_| {}), shown(|_| {}));
    let (_folder, file) = authorities(&first.pem);
    let gt = gt(&second);
    let gate = before(&gt, &file).start();
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 502);
    std::fs::write(&file, &second.pem).unwrap();
    assert!(within(|| gate.send(&Ask::chat("gpt-4o")).status == 200));
    let reasons = || gate.handle.status().reasons;
    assert!(within(|| reasons().is_empty()));
    std::fs::write(&file, "no certificate").unwrap();
    assert!(within(|| reasons().contains_key("upstream ca_file")));
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
}

#[test]
fn http2_is_spoken_only_where_it_is_wanted_and_agreed_on() {
    // Who asks for HTTP/1.1 of this GT meets one that speaks HTTP/2 all the same.
    let shown = Redactor::made("localhost", &["http/1.1"], |_| {});
    let (_folder, file) = authorities(&shown.pem);
    let gt = gt(&shown);
    for http2 in [Http2::Auto, Http2::Off] {
        let gate = before(&gt, &file)
            .config(|config| {
                config.upstream.http2 = http2;
                config.times.first_byte = Duration::from_secs(5).into();
            })
            .start();
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 502);
        assert!(gt.seen().is_empty(), "HTTP/1.1 was spoken");
    }
}
