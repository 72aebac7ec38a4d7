//! Whose address GT is told: nobody's unless it is wanted, and never what a stranger says.

use signalbox_host::config::{Announce, ForwardedHeader, ForwardedSettings};

use crate::harness::{Ask, Gate, Gt, Seen};

/// What GT sees of a request that says of itself whose it is.
fn seen(settings: ForwardedSettings) -> Seen {
    let gt = Gt::chatty();
    let gate = Gate::builder(gt.address)
        .config(|config| config.forwarded = settings)
        .start();
    let ask = Ask::chat("gpt-4o")
        .header("x-forwarded-for", "198.51.100.1, 203.0.113.9")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "other.example")
        .header("x-real-ip", "198.51.100.1")
        .header("forwarded", "for=192.0.2.77");
    assert_eq!(gate.send(&ask).status, 200);
    gt.only()
}

fn settings(change: impl FnOnce(&mut ForwardedSettings)) -> ForwardedSettings {
    let mut settings = ForwardedSettings::default();
    change(&mut settings);
    settings
}

#[test]
fn gt_is_told_nothing_by_default() {
    let seen = seen(ForwardedSettings::default());
    for (name, _) in &seen.headers {
        let speaks = name.starts_with("x-forwarded") || name == "forwarded" || name == "x-real-ip";
        assert!(!speaks, "{name}");
    }
}

#[test]
fn a_stranger_is_not_believed() {
    let seen = seen(settings(|it| it.send = Announce::XForwarded));
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("http"));
    assert_eq!(seen.header("x-forwarded-host"), None);
    assert_eq!(seen.header("forwarded"), None);
}

#[test]
fn a_trusted_hop_is_believed_and_only_in_the_header_it_writes() {
    let hop = || vec!["127.0.0.0/8".parse().unwrap()];
    let seen_of = |read, send| {
        seen(settings(|it| {
            (it.trust, it.read, it.send) = (hop(), read, send);
        }))
    };
    let gt = seen_of(ForwardedHeader::XForwardedFor, Announce::XForwarded);
    assert_eq!(gt.header("x-forwarded-for"), Some("203.0.113.9, 127.0.0.1"));
    let gt = seen_of(ForwardedHeader::Forwarded, Announce::Forwarded);
    assert_eq!(
        gt.header("forwarded"),
        Some("for=192.0.2.77, for=127.0.0.1;proto=http")
    );
    assert_eq!(gt.header("x-forwarded-for"), None);
}
