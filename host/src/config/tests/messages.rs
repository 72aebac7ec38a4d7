//! What is said of a configuration that cannot be used, word for word: the place, the key, and what
//! to write instead.

use super::*;

/// All that is said, as the command prints it.
fn said(text: &str) -> String {
    signalbox_swap::error_chain(&parse(text).unwrap_err())
}

#[test]
fn a_value_that_cannot_be_used_is_named_by_its_place_and_its_path_of_keys() {
    for (text, message) in [
        (
            "times: {drain: 120}",
            "4:16: `times.drain` cannot be used: write a whole number above zero and `ms`, `s`, \
             `m` or `h`, at most a day",
        ),
        (
            "limits:\n  head: 1KiB\n  discard: 64",
            "6:12: `limits.discard` cannot be used: write a whole number above zero and `B`, \
             `KiB`, `MiB` or `GiB`",
        ),
        (
            "limits: {requests: 1000001}",
            "4:20: `limits.requests` cannot be used: write a whole number from 1 to 1000000",
        ),
        (
            "times: {sse_comment: never}",
            "4:22: `times.sse_comment` cannot be used: write `off`, or a whole number above zero \
             and `ms`, `s`, `m` or `h`, at most a day",
        ),
        (
            "host_names:\n  - a\n  - 'a:1'",
            "6:5: `host_names` cannot be used: write a host name or address, without scheme, port \
             or path",
        ),
        (
            "host_names:\n  - a\n  - A",
            "6:5: `host_names` cannot be used: it is written twice",
        ),
        (
            "swap:\n  cases:\n    default: c.yaml\n    'a b': c.yaml",
            "7:12: `swap.cases.a b` cannot be used: a name is 1 to 64 of `A–Z a–z 0–9 - _ .`",
        ),
        (
            "jwt: {corp: {issuer: i, audience: a, jwks_file: j, profile: web, leeway: 6m}}",
            "4:74: `jwt.corp.leeway` cannot be used: write at most 5m: clocks that are kept right \
             differ by less",
        ),
    ] {
        assert_eq!(said(&format!("{LEAST}{text}\n")), message, "{text}");
    }
}

#[test]
fn what_the_reader_refuses_is_named_by_its_path_of_keys_too() {
    for (text, message) in [
        (
            "times:\n  head: 1s\n  drian: 1s",
            "6:3: `times` cannot be used: unknown field `drian`, expected one of handshake, head, \
             body_idle, body_total, connect, first_byte, answer_idle, sse_comment, \
             connection_idle, upstream_idle, upstream_max_age, models_cache, discard, \
             readiness_off, drain",
        ),
        (
            "times: {drain: }",
            "4:14: `times.drain` cannot be used: null is not a value: write one, or remove the key",
        ),
        (
            "host_names: [a, ~]",
            "4:17: `host_names` cannot be used: null is not a value: write one, or remove the key",
        ),
        (
            "limits:",
            "4:7: `limits` cannot be used: null is not a value: write one, or remove the key",
        ),
        (
            "limits: {requests: many}",
            "4:20: `limits.requests` cannot be used: invalid u64",
        ),
        (
            "decisions: {isolation: none}",
            "4:24: `decisions.isolation` cannot be used: unknown variant `none`, expected one of \
             request, reuse",
        ),
        (
            "decisions: {isolation: reuse, cache: on}",
            "4:38: `decisions.cache` cannot be used: a policy whose instance is reused may remember what it \
             saw, so its decisions are not kept: remove this or `decisions.isolation: reuse`",
        ),
        (
            "tls: {cert_file: a}",
            "4:7: `tls` cannot be used: missing field `key_file`",
        ),
    ] {
        assert_eq!(said(&format!("{LEAST}{text}\n")), message, "{text}");
    }
}

#[test]
fn what_is_no_configuration_is_said_with_its_place() {
    for (text, message) in [
        (
            format!("{LEAST}keys: other.yaml\n"),
            "4:1: the configuration cannot be read: duplicate mapping key: keys, set \
             DuplicateKeyPolicy in Options if acceptable",
        ),
        (
            LEAST.replace("keys: keys.yaml\n", ""),
            "2:1: the configuration cannot be read: missing field `keys`",
        ),
    ] {
        assert_eq!(said(&text), message, "{text}");
    }
}
