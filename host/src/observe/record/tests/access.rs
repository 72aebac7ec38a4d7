//! Tests of the line that is written when a request has ended.

use std::net::IpAddr;

use http::{Method, Version};

use super::*;
use crate::config::ClientAddress;

fn access<'a>(method: &'a Method, model: Option<&'a str>) -> Access<'a> {
    Access {
        id: DecisionId::parse("000102030405060708090a0b0c0d0e0f").unwrap(),
        key: Some("litellm-prod"),
        policy: Some(decider()),
        method,
        route: Some("POST /v1/chat/completions"),
        model,
        is_model_listed: model == Some("gpt-4o"),
        notes: None,
        status: Some(200),
        outcome: "forwarded",
        code: "ok",
        client: IpAddr::from([192, 0, 2, 77]),
        protocol: Version::HTTP_2,
        is_tls: true,
        upstream: Some("gt.example:3002"),
        is_streamed: true,
        request_bytes: 70,
        answer_bytes: 900,
        took: Duration::from_micros(5_000),
        first_byte: Some(Duration::from_micros(800)),
        policy_time: Duration::from_micros(4),
        upstream_time: Some(Duration::from_micros(4_900)),
        spent: None,
    }
}

fn line(records: &DecisionLog, access: &Access<'_>) -> String {
    let lines = logged(|| {
        assert!(records.logs_access());
        records.log_access(access);
    });
    assert_eq!(lines.len(), 1);
    lines[0].clone()
}

fn with_address(client_address: ClientAddress) -> DecisionLog {
    DecisionLog::new(&RecordSettings {
        client_address,
        ..settings(0)
    })
}

#[test]
fn a_line_tells_how_a_request_ended() {
    let records = DecisionLog::new(&settings(0));
    assert_eq!(
        line(&records, &access(&Method::POST, Some("gpt-4o"))),
        "signalbox::access message=ended id=000102030405060708090a0b0c0d0e0f \
         key=\"litellm-prod\" policy=\"default\" generation=3 method=\"POST\" \
         route=\"POST /v1/chat/completions\" model=\"gpt-4o\" status=200 \
         outcome=\"forwarded\" code=\"ok\" client=192.0.2.77 protocol=\"2\" tls=true \
         upstream=\"gt.example:3002\" streamed=true request_bytes=70 answer_bytes=900 micros=5000 \
         first_byte_micros=800 policy_micros=4 upstream_micros=4900 "
    );
}

#[test]
fn a_line_tells_what_a_request_took() {
    let records = DecisionLog::new(&settings(0));
    let method = Method::POST;
    let tokens = |cached, is_estimated| TokenUsage {
        usage: Usage {
            prompt: Some(20),
            completion: Some(0),
            cached,
            reasoning: None,
            total: Some(20),
        },
        is_estimated,
    };
    for (spent, end) in [
        (
            Spent::new(tokens(Some(5), false), Some(1_200)),
            "prompt_tokens=20 completion_tokens=0 cached_tokens=5 estimated=false cost_nanos=1200 ",
        ),
        (
            Spent::new(tokens(None, true), None),
            "prompt_tokens=20 completion_tokens=0 estimated=true ",
        ),
    ] {
        let access = Access {
            spent: Some(spent),
            ..access(&method, Some("gpt-4o"))
        };
        let line = line(&records, &access);
        assert!(
            line.ends_with(&format!("upstream_micros=4900 {end}")),
            "{line}"
        );
    }
}

#[test]
fn what_is_not_known_is_not_written() {
    let records = DecisionLog::new(&settings(0));
    let early = Access {
        key: None,
        policy: None,
        route: None,
        status: None,
        outcome: "abandoned",
        code: "client_gone",
        upstream: None,
        first_byte: None,
        upstream_time: None,
        ..access(&Method::GET, None)
    };
    let line = line(&records, &early);
    for absent in [
        "key=",
        "policy=",
        "route=",
        "model=",
        "status=",
        "upstream=",
        "first_byte",
    ] {
        assert!(!line.contains(absent), "{absent} in {line}");
    }
}

#[test]
fn methods_and_models_a_client_made_up_are_not_written() {
    let records = DecisionLog::new(&settings(0));
    let method = Method::from_bytes(b"GTAK_CLIENT").unwrap();
    for model in [
        "tell me a story",
        "ghp_abc",
        "0123456789abcdef0123456789abcdef",
    ] {
        let line = line(&records, &access(&method, Some(model)));
        assert!(line.contains("method=\"_OTHER\""), "{line}");
        for secret in ["GTAK_CLIENT", model] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

#[test]
fn a_clients_address_is_written_as_far_as_it_may_be() {
    let v4: IpAddr = [192, 0, 2, 77].into();
    let v6: IpAddr = "2001:db8:1:2::9".parse().unwrap();
    for (address, v4_is, v6_is) in [
        (
            ClientAddress::Whole,
            "client=192.0.2.77 ",
            "client=2001:db8:1:2::9 ",
        ),
        (
            ClientAddress::Network,
            "client=192.0.2.0 ",
            "client=2001:db8:1:: ",
        ),
    ] {
        let records = with_address(address);
        for (client, is) in [(v4, v4_is), (v6, v6_is)] {
            let access = Access {
                client,
                ..access(&Method::GET, None)
            };
            assert!(line(&records, &access).contains(is), "{address:?} {client}");
        }
    }
    let hidden = line(
        &with_address(ClientAddress::Hidden),
        &access(&Method::GET, None),
    );
    assert!(!hidden.contains("client"), "{hidden}");
    let records = with_address(ClientAddress::Hashed);
    let hashed = line(&records, &access(&Method::GET, None));
    assert!(
        hashed.contains("client_hash=\"~") && !hashed.contains("192.0.2"),
        "{hashed}"
    );
    assert_eq!(hashed, line(&records, &access(&Method::GET, None)));
}

#[test]
fn the_access_log_can_be_turned_off() {
    let records = DecisionLog::new(&RecordSettings {
        access: false,
        ..settings(0)
    });
    logged(|| assert!(!records.logs_access()));
}
