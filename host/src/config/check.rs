//! From what is written to what can be used.

mod clients;
mod settings;
mod swapping;
mod upstream;

use std::path::Path;
use std::sync::Arc;

use serde_saphyr::Spanned;

use super::file::{self, File};
use super::value::{address, host_names, path, threads, wrong};
use super::{
    AdminConfig, AdminTls, Config, ConfigError, DEFAULT_ADMIN_LISTEN, DEFAULT_LISTEN, KeySource,
    Problem, SignatureSettings,
};
use crate::policy_sources::sources::AsIs;
use signalbox_gate::Digest;

pub(super) fn check(file: File, folder: &Path) -> Result<Config, ConfigError> {
    let keys = path("keys", &file.keys, folder)?;
    Ok(Config {
        listen: file
            .listen
            .map_or(Ok(DEFAULT_LISTEN), |text| address("listen", &text))?,
        tls: clients::tls(file.tls, folder)?,
        http2: file.http2.unwrap_or(true),
        host_names: host_names("host_names", file.host_names)?,
        forwarded: clients::forwarded(file.forwarded.unwrap_or_default())?,
        cors: clients::cors(file.cors)?,
        admin: file
            .admin
            .map(|written| admin(written, folder))
            .transpose()?,
        upstream: upstream::upstream(file.upstream, folder)?,
        policies: swapping::policies(&file.policies, folder)?,
        sources: Arc::new(AsIs),
        from_source: false,
        keys: KeySource::File(keys),
        jwt: super::jwt::issuers(file.jwt.unwrap_or_default(), folder)?,
        state: file
            .state
            .map(|text| path("state", &text, folder))
            .transpose()?,
        swap: swapping::swap(file.swap.unwrap_or_default(), folder)?,
        signatures: match file.signatures {
            Some(written) => swapping::signatures(written, folder)?,
            None => SignatureSettings::default(),
        },
        registry: swapping::registry(file.registry.unwrap_or_default(), folder)?,
        workers: threads("workers", file.workers)?,
        key_limits: settings::key_limits(file.key_limits)?,
        limits: settings::limits(file.limits.unwrap_or_default())?,
        times: settings::times(file.times.unwrap_or_default())?,
        decisions: settings::decisions(file.decisions.unwrap_or_default())?,
        answer_headers: settings::answer_headers(&file.answer_headers.unwrap_or_default()),
        records: settings::records(file.records.unwrap_or_default())?,
        traces: file
            .traces
            .map(|written| written.check(folder))
            .transpose()?,
    })
}

fn admin(written: file::Admin, folder: &Path) -> Result<AdminConfig, ConfigError> {
    let listen = written.listen.map_or(Ok(DEFAULT_ADMIN_LISTEN), |text| {
        address("admin.listen", &text)
    })?;
    let token = |key: &str, text: &Option<Spanned<String>>| {
        let Some(text) = text else { return Ok(None) };
        let digest = Digest::from_hex(&text.value);
        digest
            .map(Some)
            .ok_or_else(|| wrong(key, text, Problem::Digest))
    };
    let operate_token = token("admin.operate_token_sha256", &written.operate_token_sha256)?;
    let view_token = token("admin.view_token_sha256", &written.view_token_sha256)?;
    if let (Some(text), true) = (
        &written.view_token_sha256,
        operate_token.is_some() && operate_token == view_token,
    ) {
        return Err(wrong("admin.view_token_sha256", text, Problem::SameToken));
    }
    let hosts = host_names("admin.hosts", written.hosts)?;
    Ok(AdminConfig {
        listen,
        hosts,
        operate_token,
        view_token,
        tls: written
            .tls
            .map(|written| admin_tls(&written, folder))
            .transpose()?,
    })
}

fn admin_tls(written: &file::AdminTls, folder: &Path) -> Result<AdminTls, ConfigError> {
    let client_ca_file = written.client_ca_file.as_ref();
    Ok(AdminTls {
        cert_file: path("admin.tls.cert_file", &written.cert_file, folder)?,
        key_file: path("admin.tls.key_file", &written.key_file, folder)?,
        client_ca_file: client_ca_file
            .map(|text| path("admin.tls.client_ca_file", text, folder))
            .transpose()?,
    })
}
