//! Tests of the configuration: what is taken, and what opens nothing.

use signalbox_gate::LimitProblem;

use super::*;

mod messages;
mod upstream;

const DIGEST_A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const DIGEST_B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

const LEAST: &str = "\
upstream: {url: 'https://t.example/api/tenant', credentials: {inference: {env: GT_KEY}}}
policies: {default: litellm.yaml}
keys: keys.yaml
";

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("/etc/signalbox"))
}

/// The key at fault, the line, and why.
fn fault(text: &str) -> (String, u64, String) {
    match parse(text).unwrap_err() {
        ConfigError::Value {
            position,
            key,
            problem,
        } => (key, position.line, problem.to_string()),
        other => panic!("{other}"),
    }
}

/// Whether it is the reader that refuses a text: keys, nesting and types, no rule between values.
fn is_unreadable(text: &str) -> bool {
    match parse(text) {
        Err(ConfigError::Value { problem, .. }) => {
            matches!(problem, Problem::Null | Problem::Form(_))
        }
        Err(error) => matches!(error, ConfigError::Syntax(_)),
        Ok(_) => false,
    }
}

/// Not a span of time.
fn no_span() -> Problem {
    Problem::Form(NotASpan.to_string())
}

/// Not a size.
fn no_size() -> Problem {
    Problem::Form(NotASize.to_string())
}

#[test]
fn the_least_configuration_has_the_documented_defaults() {
    let config = parse(LEAST).unwrap();
    assert_eq!(config.listen, Some(([127, 0, 0, 1], 8080).into()));
    assert!(config.admin.is_none() && config.state.is_none() && config.workers.is_none());
    assert!(config.prices.is_none() && config.usage.ask.is_empty());
    assert_eq!(
        config.policies["default"],
        PolicySource::File("/etc/signalbox/litellm.yaml".into())
    );
    assert_eq!(
        config.keys,
        KeySource::File("/etc/signalbox/keys.yaml".into())
    );
    assert_eq!(
        config.upstream.credentials["inference"],
        CredentialSource::Env("GT_KEY".to_owned())
    );
    assert_eq!(config.key_limits, KeyLimits::default());
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.times, Times::default());
    assert_eq!(config.decisions, Decisions::default());
    assert_eq!(config.answer_headers, AnswerHeaders::default());
    assert_eq!(config.records, RecordSettings::default());
    assert_eq!(config.swap, SwapSettings::default());
    assert_eq!(config.signatures, SignatureSettings::default());
    assert!(!config.signatures.required && !config.from_source);
    assert_eq!(config.registry, RegistrySettings::default());
}

#[test]
fn every_key_is_read() {
    let config = parse(&format!(
        "
listen: '[::1]:9000'
host_names: [Gate.Example]
admin: {{listen: '127.0.0.1:9001', hosts: [ops.example], operate_token_sha256: {DIGEST_A}, view_token_sha256: {DIGEST_B}}}
upstream:
  url: http://gt:3002/api/tenant/v1/
  plaintext: true
  ca_file: ca.pem
  routes_file: gt-routes.yaml
  http2: prior-knowledge
  health: {{path: /v1/files/x, interval: 2s, timeout: 1s, failures: 7}}
  credentials:
    inference: {{file: /run/secrets/inference}}
    upload: {{env: UPLOAD}}
    conversation: {{file: conversation}}
    others: {{team-a: {{file: team-a}}}}
policies: {{default: a.yaml, editors: b.wasm}}
keys: /keys.yaml
state: state
spool_dir: /var/spool/signalbox
workers: 3
key_limits: {{per_minute: 600, concurrent: unlimited, streams: 4, body_mb: 8, upload_mb: 9}}
limits: {{connections: 5, connections_per_client: 5, streams_per_connection: 5, requests: 6, upstream_connections: 7, head: 8KiB, json_body: 1MiB, upload_body: 2GiB,
  multipart_memory: 2MiB, multipart_disk: 3MiB, held_memory: 4MiB, held_disk: 5MiB, discard: 6MiB}}
times: {{handshake: 1s, head: 1s, body_idle: 2s, body_total: 3m, connect: 4s, first_byte: 5s, answer_idle: 6s, sse_comment: 20s,
  connection_idle: 7s, upstream_idle: 8s, upstream_max_age: 1h, models_cache: 9s, discard: 10s, readiness_off: 11s, drain: 12s}}
decisions: {{threads: 2, queue: 9, memory: 64MiB, isolation: reuse}}
answer_headers: {{decision: false, policy: false}}
records: {{keep: 0, log: true, headers: [X-Team], access: false, client_address: network}}
usage: {{ask: [POST /v1/chat/completions]}}
prices: prices.yaml
"
    ))
    .unwrap();
    let admin = config.admin.as_ref().unwrap();
    assert_eq!(admin.operate_token, Digest::from_hex(DIGEST_A));
    assert_eq!(admin.view_token, Digest::from_hex(DIGEST_B));
    assert_eq!(config.upstream.urls[0].base_path, "/api/tenant");
    assert_eq!(config.upstream.credentials.len(), 4);
    assert_eq!(config.upstream.http2, Http2::PriorKnowledge);
    let health = config.upstream.health.as_ref().unwrap();
    assert_eq!((&*health.path, health.failures), ("/v1/files/x", 7));
    assert_eq!(health.interval, Span::seconds(2));
    assert_eq!(health.timeout, Span::seconds(1));
    assert_eq!(config.limits.upstream_connections, 7);
    assert_eq!(config.times.upstream_max_age, Span::seconds(3_600));
    assert_eq!(config.keys, KeySource::File("/keys.yaml".into()));
    assert_eq!(
        config.state.as_deref(),
        Some(Path::new("/etc/signalbox/state"))
    );
    assert_eq!(config.spool_dir, Path::new("/var/spool/signalbox"));
    assert_eq!(config.workers.map(NonZeroUsize::get), Some(3));
    assert_eq!(config.usage.ask, ["/v1/chat/completions"]);
    assert_eq!(
        config.prices.as_deref(),
        Some(Path::new("/etc/signalbox/prices.yaml"))
    );
    let limits = config.key_limits;
    assert_eq!(limits.per_minute.map(std::num::NonZeroU32::get), Some(600));
    assert_eq!((limits.concurrent, limits.body), (None, Size::mib(8)));
    assert_eq!(limits.upload, Some(Size::mib(9)));
    assert_eq!(config.limits.connections, 5);
    assert_eq!(config.limits.head, Size::of(8 << 10));
    assert_eq!(config.limits.discard, Size::mib(6));
    assert_eq!(config.times.body_total, Span::seconds(180));
    assert_eq!(config.times.drain, Span::seconds(12));
    assert_eq!(config.times.sse_comment, Some(Span::seconds(20)));
    assert_eq!(config.decisions.isolation, Isolation::Reuse);
    let kept = parse(&format!("{LEAST}decisions: {{cache: on}}\n")).unwrap();
    assert_eq!(kept.decisions.isolation, Isolation::RequestOnce);
    assert_eq!(
        config.answer_headers,
        AnswerHeaders {
            decision: false,
            policy: false
        }
    );
    assert_eq!(config.records.headers, ["x-team"]);
    assert!(config.records.log && !config.records.access);
    assert_eq!(config.records.client_address, ClientAddress::Network);
    assert!(config.is_own_host("gate.example:80") && config.is_own_host("[::1]:9000"));
    assert!(!config.is_own_host("ops.example") && admin.is_own_host("ops.example"));
}

#[test]
fn blank_null_and_missing_entries_are_errors() {
    for text in [
        "",
        "{}",
        "upstream:",
        &LEAST.replace("keys: keys.yaml\n", ""),
        &LEAST.replace("policies: {default: litellm.yaml}\n", ""),
        &LEAST.replace("keys: keys.yaml", "keys:"),
        &LEAST.replace("keys: keys.yaml", "keys: null"),
        &LEAST.replace("{default: litellm.yaml}", ""),
        &LEAST.replace("{default: litellm.yaml}", "{default: }"),
        &LEAST.replace("{default: litellm.yaml}", "[litellm.yaml]"),
        &LEAST.replace("{env: GT_KEY}", "null"),
        &LEAST.replace("{env: GT_KEY}", "{env: }"),
        &LEAST.replace("{inference: {env: GT_KEY}}", "null"),
        &format!("{LEAST}admin:\n"),
        &format!("{LEAST}admin: {{view_token_sha256: }}\n"),
        &format!("{LEAST}admin: {{operate_token_sha256: null}}\n"),
        &format!("{LEAST}listen: ~\n"),
        &format!("{LEAST}limits:\n"),
        &format!("{LEAST}limits: {{head: }}\n"),
        &format!("{LEAST}key_limits: {{per_minute: null}}\n"),
        &format!("{LEAST}unknown: 1\n"),
        &format!("{LEAST}keys: other.yaml\n"),
        &format!("{LEAST}decisions: {{isolation: none}}\n"),
        &format!("{LEAST}answer_headers: {{decision: yes}}\n"),
    ] {
        assert!(is_unreadable(text), "{text}");
    }
}

#[test]
fn values_that_cannot_be_used_are_named_with_their_line() {
    let admin = |rest: &str| format!("{LEAST}admin: {{{rest}}}\n");
    let more = |rest: &str| format!("{LEAST}{rest}\n");
    for (text, key, line, problem) in [
        (LEAST.replace("keys.yaml", "''"), "keys", 3, Problem::Blank),
        (
            LEAST.replace("litellm.yaml", "' '"),
            "policies.default",
            2,
            Problem::Blank,
        ),
        (
            LEAST.replace("{default: litellm.yaml}", "{}"),
            "policies",
            2,
            Problem::Empty,
        ),
        (
            LEAST.replace("default:", "'a b':"),
            "policies.a b",
            2,
            Problem::Name,
        ),
        (
            LEAST.replace("{inference: {env: GT_KEY}}", "{}"),
            "upstream.credentials",
            1,
            Problem::Empty,
        ),
        (
            LEAST.replace("{env: GT_KEY}", "{}"),
            "upstream.credentials.inference",
            1,
            Problem::Source,
        ),
        (
            LEAST.replace("{env: GT_KEY}", "{env: ''}"),
            "upstream.credentials.inference",
            1,
            Problem::Blank,
        ),
        (
            LEAST.replace("{env: GT_KEY}", "{env: A, file: b}"),
            "upstream.credentials.inference",
            1,
            Problem::Source,
        ),
        (
            LEAST.replace("{env: GT_KEY}", "{env: gtak_x}"),
            "upstream.credentials.inference",
            1,
            Problem::Source,
        ),
        (
            LEAST.replace("inference:", "others: {upload: {env: A}}, inference:"),
            "upstream.credentials.others.upload",
            1,
            Problem::ReservedName,
        ),
        (
            LEAST.replace("https:", "http:"),
            "upstream.url",
            1,
            Problem::Url(UrlError::Plaintext),
        ),
        (
            LEAST.replace("https:", "ftp:"),
            "upstream.url",
            1,
            Problem::Url(UrlError::Scheme),
        ),
        (more("listen: '8080'"), "listen", 4, Problem::Address),
        (
            more("host_names: ['a:1']"),
            "host_names",
            4,
            Problem::HostName,
        ),
        (more("host_names: ['']"), "host_names", 4, Problem::HostName),
        (more("host_names: [a, A]"), "host_names", 4, Problem::Twice),
        (
            admin("view_token_sha256: ''"),
            "admin.view_token_sha256",
            4,
            Problem::Digest,
        ),
        (
            admin("operate_token_sha256: my-token"),
            "admin.operate_token_sha256",
            4,
            Problem::Digest,
        ),
        (
            admin(&format!(
                "operate_token_sha256: {DIGEST_A}, view_token_sha256: {DIGEST_A}"
            )),
            "admin.view_token_sha256",
            4,
            Problem::SameToken,
        ),
        (more("workers: 0"), "workers", 4, Problem::Range(1, 1_024)),
        (
            more("key_limits: {per_minute: 0}"),
            "key_limits.per_minute",
            4,
            Problem::Limit(LimitProblem::Limit(1_000_000)),
        ),
        (
            more("key_limits: {streams: all}"),
            "key_limits.streams",
            4,
            Problem::Limit(LimitProblem::Limit(1_000_000)),
        ),
        (
            more("key_limits: {concurrent: +5}"),
            "key_limits.concurrent",
            4,
            Problem::Limit(LimitProblem::Limit(1_000_000)),
        ),
        (
            more("key_limits: {upload_mb: 0}"),
            "key_limits.upload_mb",
            4,
            Problem::Limit(LimitProblem::Bounded(4_096)),
        ),
        (
            more("key_limits: {body_mb: unlimited}"),
            "key_limits.body_mb",
            4,
            Problem::Limit(LimitProblem::Bounded(4_096)),
        ),
        (more("limits: {head: 0KiB}"), "limits.head", 4, no_size()),
        (more("limits: {head: 64}"), "limits.head", 4, no_size()),
        (
            more("limits: {requests: 0}"),
            "limits.requests",
            4,
            Problem::Range(1, 1_000_000),
        ),
        (more("times: {drain: 0s}"), "times.drain", 4, no_span()),
        (more("times: {drain: 120}"), "times.drain", 4, no_span()),
        (
            more("decisions: {queue: 0}"),
            "decisions.queue",
            4,
            Problem::Range(1, 65_536),
        ),
        (
            more("records: {headers: [Authorization]}"),
            "records.headers",
            4,
            Problem::SecretHeader,
        ),
        (
            more("records: {headers: ['a b']}"),
            "records.headers",
            4,
            Problem::Name,
        ),
    ] {
        assert_eq!(
            fault(&text),
            (key.to_owned(), line, problem.to_string()),
            "{text}"
        );
    }
}

mod clients;
mod swapping;

#[test]
fn no_error_repeats_a_secret() {
    for text in [
        LEAST.replace("{env: GT_KEY}", "gtak_secret"),
        LEAST.replace("{env: GT_KEY}", "{env: gtak_secret}"),
        LEAST.replace("{env: GT_KEY}", "{key: gtak_secret}"),
        format!("{LEAST}admin: {{view_token_sha256: gtak_secret}}\n"),
        format!("{LEAST}workers: gtak_secret\n"),
    ] {
        let error = parse(&text).unwrap_err();
        let chain = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
        assert!(!chain.contains("gtak_secret"), "{chain}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Config::load(Path::new("/nowhere/signalbox.yaml")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `/nowhere/signalbox.yaml`");
}

/// The documentation lies beside the host in one repository.
fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// The pages about running a host, as one text.
fn pages() -> String {
    ["configuration", "keys", "upstream", "observability"]
        .map(|page| std::fs::read_to_string(docs().join(format!("{page}.md"))).unwrap())
        .concat()
}

#[test]
fn the_example_files_load_and_fit_together() {
    let config = Config::load(&docs().join("examples/signalbox.yaml")).unwrap();
    let KeySource::File(keys) = &config.keys else {
        panic!("{:?}", config.keys)
    };
    let keyring = crate::load_keyring(keys).unwrap();
    let identity = |name: &str| {
        let is_there = config.upstream.credentials.contains_key(name);
        is_there.then(|| Digest::of(name))
    };
    keyring.check_credentials(&identity).unwrap();
    assert!(keyring.warnings().is_empty() && keyring.demo_key().is_none());
    for key in keyring.iter() {
        let policy = config.policies.get(&key.policy);
        let is_there = matches!(policy, Some(PolicySource::File(path)) if path.is_file());
        assert!(is_there, "{key:?}");
    }
}

#[test]
fn the_documented_defaults_are_the_real_ones() {
    let text = pages();
    let after = text.split_once("<!-- defaults").unwrap().1;
    let block = after.split("```yaml\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let written = parse(&format!("{LEAST}{block}")).unwrap();
    let default = parse(LEAST).unwrap();
    assert_eq!(format!("{written:?}"), format!("{default:?}"));
}

/// A configuration that says one thing.
fn only(path: &[String], value: &str) -> String {
    path.iter()
        .rev()
        .fold(value.to_owned(), |inner, key| format!("{{{key}: {inner}}}"))
}

/// The keys that may stand in a map, as the reader lists them for one that may not; `None` if what
/// stands there is no such map.
fn keys_of(path: &[String]) -> Option<Vec<String>> {
    let said = match parse(&only(path, "{no-key: 1}")).unwrap_err() {
        ConfigError::Syntax(unreadable) => unreadable.message,
        ConfigError::Value { problem, .. } => problem.to_string(),
        other => panic!("{other}"),
    };
    let keys = said.strip_prefix("unknown field `no-key`, expected one of ")?;
    Some(keys.split(", ").map(str::to_owned).collect())
}

/// The path of every key below `path`, however deep; a map of names is looked into under one.
fn keys_below(path: &[String]) -> Vec<Vec<String>> {
    let named = [path, &["any".to_owned()]].concat();
    let (path, keys) = match (keys_of(path), keys_of(&named)) {
        (Some(keys), _) => (path.to_vec(), keys),
        (None, Some(keys)) => (named, keys),
        (None, None) => return Vec::new(),
    };
    let mut paths = Vec::new();
    for key in keys {
        let path = [&path[..], &[key]].concat();
        let below = keys_below(&path);
        paths.push(path);
        paths.extend(below);
    }
    paths
}

#[test]
fn no_key_takes_null() {
    for path in keys_below(&[]) {
        for null in ["", "~", "null"] {
            let Err(ConfigError::Value { key, problem, .. }) = parse(&only(&path, null)) else {
                panic!("{path:?}")
            };
            assert_eq!((key, problem), (path.join("."), Problem::Null), "{null}");
        }
    }
}

#[test]
fn every_key_and_metric_is_documented() {
    let text = pages();
    let keyring = [
        include_str!("../../../crates/gate/src/auth/keyring/file.rs"),
        include_str!("../../../crates/gate/src/auth/key_limits.rs"),
    ]
    .concat();
    let keyring = keyring
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub("))
        .filter_map(|line| line.split_once(") ")?.1.split_once(": "))
        .map(|(key, _)| key.to_owned())
        .filter(|key| !key.contains(' '));
    let keys = keys_below(&[]);
    assert!(keys.len() > 120, "{keys:?}");
    let keys = keys.into_iter().filter_map(|mut path| path.pop());
    for key in keys.chain(keyring) {
        let is_there = [
            format!("`{key}`"),
            format!(".{key}`"),
            format!("`{key}."),
            format!("{key}: "),
        ];
        assert!(is_there.iter().any(|form| text.contains(form)), "{key}");
    }
    let metrics = include_str!("../observe/metrics.rs");
    let rows = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .filter(|line| line.starts_with("| `signalbox_"));
    for row in rows {
        assert!(text.contains(row), "{row}");
    }
}

#[test]
fn the_demo_token_is_known_in_either_place() {
    let mut admin = AdminConfig::new(DEFAULT_ADMIN_LISTEN);
    assert!(!admin.has_demo_token());
    admin.view_token = Some(Digest::of("signalbox-demo"));
    assert!(admin.has_demo_token());
    admin.view_token = None;
    admin.operate_token = Some(Digest::of("signalbox-demo"));
    assert!(admin.has_demo_token());
}
