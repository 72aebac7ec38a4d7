//! Lists as hops write them, and as clients do who want to be somebody else.

use http::Version;

use super::*;

fn settings(read: ForwardedHeader) -> ForwardedSettings {
    ForwardedSettings {
        trust: ["10.0.0.0/8", "2001:db8::/32"]
            .map(|text| text.parse().unwrap())
            .into(),
        read,
        send: Announce::Nothing,
    }
}

/// Whom a request from `peer` with these lines is from.
fn client(read: ForwardedHeader, peer: &str, lines: &[&str]) -> String {
    let name = match read {
        ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
        ForwardedHeader::Forwarded => header::FORWARDED,
    };
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(&name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    client_address(&settings(read), peer.parse().unwrap(), &headers).to_string()
}

#[test]
fn a_stranger_is_whom_the_network_says() {
    for peer in ["192.0.2.1", "::1", "2001:db9::1"] {
        for read in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            assert_eq!(
                client(read, peer, &["203.0.113.9", "for=203.0.113.9"]),
                peer
            );
        }
    }
}

#[test]
fn the_list_is_walked_from_its_end_to_the_first_that_is_no_hop() {
    for (lines, expected) in [
        (&[][..], "10.0.0.1"),
        (&["203.0.113.9"], "203.0.113.9"),
        (&["203.0.113.9, 10.0.0.7"], "203.0.113.9"),
        (&["198.51.100.1, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
        (&["198.51.100.1", "203.0.113.9", "10.0.0.7"], "203.0.113.9"),
        (&["10.0.0.8, 10.0.0.7"], "10.0.0.8"),
        (&["203.0.113.9:4711"], "203.0.113.9"),
        (&["2001:db9::9"], "2001:db9::9"),
        (&["[2001:db9::9]:80"], "2001:db9::9"),
        (&["[2001:db9::9]"], "2001:db9::9"),
        (&["203.0.113.9, 2001:db8::1"], "203.0.113.9"),
        (&["::ffff:203.0.113.9"], "203.0.113.9"),
        (&["203.0.113.9, ::ffff:10.1.1.1"], "203.0.113.9"),
    ] {
        let found = client(ForwardedHeader::XForwardedFor, "10.0.0.1", lines);
        assert_eq!(found, expected, "{lines:?}");
    }
}

#[test]
fn what_cannot_be_read_ends_the_walk_where_it_is() {
    for (lines, expected) in [
        (&["unknown"][..], "10.0.0.1"),
        (&[""], "10.0.0.1"),
        (&["203.0.113.9,"], "10.0.0.1"),
        (&["203.0.113.9, nonsense, 10.0.0.7"], "10.0.0.7"),
        (&["203.0.113.9, 300.1.1.1"], "10.0.0.1"),
        (&["203.0.113.9 10.0.0.7"], "10.0.0.1"),
        (&["203.0.113.9", "\u{fc}"], "10.0.0.1"),
    ] {
        let found = client(ForwardedHeader::XForwardedFor, "10.0.0.1", lines);
        assert_eq!(found, expected, "{lines:?}");
    }
}

#[test]
fn forwarded_is_read_as_its_rfc_has_it() {
    for (lines, expected) in [
        (&["for=203.0.113.9"][..], "203.0.113.9"),
        (
            &["For=\"203.0.113.9:4711\";proto=https;by=10.0.0.1"],
            "203.0.113.9",
        ),
        (&["for=\"[2001:db9::9]:80\""], "2001:db9::9"),
        (
            &["proto=https; for=203.0.113.9 , for=10.0.0.7"],
            "203.0.113.9",
        ),
        (
            &["for=203.0.113.9;host=\"a,for=198.51.100.1\""],
            "203.0.113.9",
        ),
        (
            &["for=203.0.113.9", "for=10.0.0.7;proto=http"],
            "203.0.113.9",
        ),
        (&["for=_hidden, for=10.0.0.7"], "10.0.0.7"),
        (&["for=unknown"], "10.0.0.1"),
        (&["proto=https"], "10.0.0.1"),
        (&["for=203.0.113.9;for=198.51.100.1"], "10.0.0.1"),
        (&["203.0.113.9"], "10.0.0.1"),
    ] {
        let found = client(ForwardedHeader::Forwarded, "10.0.0.1", lines);
        assert_eq!(found, expected, "{lines:?}");
    }
}

#[test]
fn the_header_that_hops_do_not_write_is_not_read() {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::FORWARDED,
        HeaderValue::from_static("for=198.51.100.1"),
    );
    headers.insert(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.9"));
    let peer = "10.0.0.1".parse().unwrap();
    let of = |read| client_address(&settings(read), peer, &headers).to_string();
    assert_eq!(of(ForwardedHeader::XForwardedFor), "203.0.113.9");
    assert_eq!(of(ForwardedHeader::Forwarded), "198.51.100.1");
}

#[test]
fn gt_is_told_what_is_wanted_and_nothing_else() {
    let client = |address: &str, peer: &str| Client {
        address: address.parse().unwrap(),
        peer: peer.parse().unwrap(),
        is_tls: true,
        version: Version::HTTP_11,
    };
    for (send, address, peer, expected) in [
        (Announce::Nothing, "203.0.113.9", "203.0.113.9:1", &[][..]),
        (
            Announce::XForwarded,
            "203.0.113.9",
            "10.0.0.1:1",
            &[
                ("x-forwarded-for", "203.0.113.9, 10.0.0.1"),
                ("x-forwarded-proto", "https"),
            ],
        ),
        (
            Announce::XForwarded,
            "203.0.113.9",
            "[::ffff:203.0.113.9]:1",
            &[
                ("x-forwarded-for", "203.0.113.9"),
                ("x-forwarded-proto", "https"),
            ],
        ),
        (
            Announce::Forwarded,
            "2001:db9::9",
            "10.0.0.1:1",
            &[(
                "forwarded",
                "for=\"[2001:db9::9]\", for=10.0.0.1;proto=https",
            )],
        ),
        (
            Announce::Forwarded,
            "203.0.113.9",
            "203.0.113.9:1",
            &[("forwarded", "for=203.0.113.9;proto=https")],
        ),
    ] {
        let mut headers = HeaderMap::new();
        announce(send, &client(address, peer), &mut headers);
        let said: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(said, expected);
    }
}

#[test]
fn a_network_has_no_bits_beyond_its_prefix() {
    for text in ["10.0.0.0/8", "127.0.0.1", "::1", "2001:db8::/32"] {
        assert!(network(text).is_some(), "{text}");
    }
    for text in ["10.0.0.1/8", "10.0.0.0/33", "localhost", "", "10.0.0"] {
        assert!(network(text).is_none(), "{text}");
    }
}
