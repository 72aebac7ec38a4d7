//! `filter_config`: what a filter is told. The words are those of `signalbox.yaml`.

mod decisions;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use serde::{Deserialize, Deserializer};
use signalbox_gate::yaml;
use signalbox_gate::{
    Budget, Capacity, ConcurrencyLimit, ForwardedSettings, KeyLimits, OwnHosts, Size, Span,
    WrittenKeyLimits,
};

use crate::error::ConfigError;

pub(crate) use decisions::Decisions;

/// What a filter is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) upstream: Upstream,
    /// Policy name to the file of a document or component.
    #[serde(default)]
    pub(crate) policies: BTreeMap<String, PathBuf>,
    /// Policy name to the text of a document.
    #[serde(default)]
    pub(crate) inline_policies: BTreeMap<String, String>,
    pub(crate) keys: PathBuf,
    #[serde(default)]
    pub(crate) state: Option<PathBuf>,
    #[serde(default)]
    pub(crate) swap: Swap,
    #[serde(default)]
    pub(crate) key_limits: WrittenKeyLimits,
    #[serde(default)]
    pub(crate) limits: Limits,
    #[serde(default)]
    pub(crate) times: Times,
    #[serde(default)]
    pub(crate) decisions: Decisions,
    #[serde(default)]
    pub(crate) answer_headers: AnswerHeaders,
    #[serde(default)]
    pub(crate) forwarded: ForwardedSettings,
    #[serde(default)]
    pub(crate) host_names: Vec<String>,
}

/// GT. Envoy's route says which cluster that is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upstream {
    pub(crate) url: UpstreamUrl,
    pub(crate) credentials: Credentials,
    #[serde(default)]
    pub(crate) routes_file: Option<PathBuf>,
}

/// What goes into `host`, and GT's path before `/v1/…`.
#[derive(Debug)]
pub(crate) struct UpstreamUrl {
    pub(crate) host: String,
    pub(crate) base_path: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    #[serde(default)]
    inference: Option<Source>,
    #[serde(default)]
    upload: Option<Source>,
    #[serde(default)]
    conversation: Option<Source>,
    #[serde(default)]
    others: BTreeMap<String, Source>,
}

/// Where a GT key is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum Source {
    /// Read again when it changes.
    File(PathBuf),
    /// Read once.
    Env(String),
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Swap {
    pub(crate) keep: std::num::NonZeroU8,
    pub(crate) watch: bool,
    /// How often files are looked at.
    pub(crate) interval: Span,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) requests: u32,
    pub(crate) head: Size,
    pub(crate) json_body: Size,
    pub(crate) upload_body: Size,
    pub(crate) multipart_memory: Size,
    pub(crate) held_memory: Size,
}

/// How long things may take.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Times {
    pub(crate) body_idle: Span,
    pub(crate) body_total: Span,
    pub(crate) first_byte: Span,
    pub(crate) answer_idle: Span,
    pub(crate) models_cache: Span,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AnswerHeaders {
    pub(crate) decision: bool,
    pub(crate) policy: bool,
}

impl Settings {
    /// Reads what Envoy hands over: the JSON of a `Struct`, or the text of a `StringValue`.
    pub(crate) fn read(text: &[u8]) -> Result<Self, ConfigError> {
        let text = std::str::from_utf8(text).map_err(|_invalid| ConfigError::NotText)?;
        let settings: Self = yaml::read(text)?;
        let twice = |name: &&String| settings.policies.contains_key(*name);
        if let Some(name) = settings.inline_policies.keys().find(twice) {
            return Err(ConfigError::PolicyTwice(name.clone()));
        }
        match (
            settings.policies.len() + settings.inline_policies.len(),
            &settings.state,
        ) {
            (0, _) => Err(ConfigError::NoPolicy),
            (_, Some(_)) if !settings.inline_policies.is_empty() => Err(ConfigError::InlineState),
            _ => Ok(settings),
        }
    }

    /// What the gate is told of it.
    pub(crate) fn gate(&self) -> Result<signalbox_gate::Settings, ConfigError> {
        let mut settings = signalbox_gate::Settings::at(&self.upstream.url.base_path);
        if let Some(path) = &self.upstream.routes_file {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| ConfigError::file(path, error))?;
            settings.gt_routes = signalbox_gate::gt_routes::parse(&text)?.into();
        }
        settings.own_hosts = OwnHosts {
            address: None,
            names: self.host_names.clone(),
        };
        let limits = &self.limits;
        settings.largest_head = limits.head.bytes();
        settings.json_body = limits.json_body.bytes();
        settings.upload_body = limits.upload_body.bytes();
        settings.multipart_memory = limits.multipart_memory.bytes();
        // A disk would hold up every stream of a worker.
        settings.multipart_disk = 0;
        settings.forwarded = self.forwarded.clone();
        settings.decision_header = self.answer_headers.decision;
        settings.policy_header = self.answer_headers.policy;
        Ok(settings)
    }

    /// How much is taken on at a time.
    pub(crate) fn capacity(&self) -> Capacity {
        Capacity {
            memory: Budget::new(self.limits.held_memory.bytes()),
            requests: ConcurrencyLimit::new(self.limits.requests),
            ..Capacity::default()
        }
    }

    /// The limits of keys that set none.
    pub(crate) fn take_key_limits(&mut self) -> Result<KeyLimits, ConfigError> {
        Ok(std::mem::take(&mut self.key_limits).over(KeyLimits::default())?)
    }
}

impl Credentials {
    /// Each GT key by its name.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        let usual = [
            ("inference", &self.inference),
            ("upload", &self.upload),
            ("conversation", &self.conversation),
        ];
        let usual = usual.into_iter();
        let usual = usual.filter_map(|(name, source)| Some((name, source.as_ref()?)));
        usual.chain(
            self.others
                .iter()
                .map(|(name, source)| (name.as_str(), source)),
        )
    }
}

impl<'de> Deserialize<'de> for UpstreamUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        yaml::word(deserializer, |text| {
            Self::parse(text).ok_or(ConfigError::Url)
        })
    }
}

impl UpstreamUrl {
    /// A final `/` or `/v1` makes no difference.
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let host = uri.authority()?.as_str();
        let path = uri.path().strip_suffix('/').unwrap_or(uri.path());
        let path = path.strip_suffix("/v1").unwrap_or(path);
        let is_plain = |segment: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain)
        };
        let is_path = path.is_empty() || path.strip_prefix('/')?.split('/').all(is_plain);
        let is_base = matches!(uri.scheme_str()?, "http" | "https")
            && uri.query().is_none()
            && !host.contains('@');
        (is_path && is_base).then(|| Self {
            host: host.to_owned(),
            base_path: path.to_owned(),
        })
    }
}

impl Default for Swap {
    fn default() -> Self {
        Self {
            // What served before, and a few before that.
            keep: std::num::NonZeroU8::MIN.saturating_add(3),
            watch: true,
            // A change is taken over within two.
            interval: Span::seconds(1),
        }
    }
}

/// Those of the host: `docs/configuration.md` has the reasons.
impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 4_096,
            head: Size::of(64 << 10),
            json_body: Size::mib(32),
            upload_body: Size::mib(1_024),
            multipart_memory: Size::mib(1),
            held_memory: Size::mib(512),
        }
    }
}

/// Those of the host: `docs/configuration.md` has the reasons.
impl Default for Times {
    fn default() -> Self {
        Self {
            body_idle: Span::seconds(30),
            body_total: Span::seconds(15 * 60),
            first_byte: Span::seconds(620),
            answer_idle: Span::seconds(300),
            models_cache: Span::seconds(5),
        }
    }
}

impl Default for AnswerHeaders {
    fn default() -> Self {
        Self {
            decision: true,
            policy: true,
        }
    }
}

impl Times {
    /// For the head of GT's response to a request whose body may still be on its way.
    pub(crate) fn first_byte(&self, is_streamed: bool) -> Duration {
        match is_streamed {
            true => self.first_byte.duration() + self.body_total.duration(),
            false => self.first_byte.duration(),
        }
    }
}
