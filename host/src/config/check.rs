//! What a value cannot say alone: rules between values, and the folder that paths are relative to.

mod swapping;
mod upstream;

use std::path::Path;
use std::sync::Arc;

use signalbox_gate::WrittenKeyLimits;

use super::file::{self, File};
use super::value::{wrong, wrong_at};
use super::{
    AdminConfig, Config, ConfigError, DEFAULT_ADMIN_LISTEN, DEFAULT_LISTEN, KeyLimits, KeySource,
    Problem, SignatureSettings,
};
use crate::policy_sources::sources::AsIs;
use signalbox_runtime::CompileIn;

pub(super) fn check(file: File, folder: &Path) -> Result<Config, ConfigError> {
    // Where proxies ask, clients come here only if that is written.
    let asked_by_proxies = file.authz.is_some() || file.ext_proc.is_some();
    Ok(Config {
        listen: file
            .listen
            .or((!asked_by_proxies).then_some(DEFAULT_LISTEN)),
        tls: file.tls.map(|tls| tls.within(folder)),
        http2: file.http2.unwrap_or(true),
        host_names: file.host_names,
        forwarded: file.forwarded,
        cors: file.cors,
        admin: file
            .admin
            .map(|written| admin(written, folder))
            .transpose()?,
        authz: file.authz.map(|it| it.check(folder)).transpose()?,
        ext_proc: file.ext_proc.map(|it| it.check(folder)).transpose()?,
        upstream: upstream::upstream(file.upstream, folder)?,
        policies: file
            .policies
            .into_iter()
            .map(|(name, source)| (name, source.within(folder)))
            .collect(),
        sources: Arc::new(AsIs),
        from_source: false,
        keys: KeySource::File(folder.join(file.keys)),
        jwt: super::jwt::issuers(file.jwt, folder)?,
        code_cache: None,
        compile: CompileIn::default(),
        state: file.state.map(|state| folder.join(state)),
        spool_dir: file
            .spool_dir
            .map_or_else(std::env::temp_dir, |spool| folder.join(spool)),
        swap: file.swap.within(folder),
        signatures: match file.signatures {
            Some(written) => swapping::signatures(written, folder)?,
            None => SignatureSettings::default(),
        },
        registry: swapping::registry(file.registry, folder)?,
        workers: file.workers,
        key_limits: key_limits(file.key_limits)?,
        limits: file.limits,
        times: file.times,
        decisions: file.decisions.check()?,
        answer_headers: file.answer_headers,
        records: file.records,
        traces: file
            .traces
            .map(|written| written.check(folder))
            .transpose()?,
        usage: file.usage,
        prices: file.prices.map(|prices| folder.join(prices)),
    })
}

/// The limits of keys that set none.
fn key_limits(written: WrittenKeyLimits) -> Result<KeyLimits, ConfigError> {
    written.over(KeyLimits::default()).map_err(|error| {
        let key = format!("key_limits.{}", error.field);
        wrong_at(&key, error.position, error.problem.into())
    })
}

fn admin(written: file::Admin, folder: &Path) -> Result<AdminConfig, ConfigError> {
    let operate_token = written.operate_token_sha256.map(|token| token.0);
    let view_token = match written.view_token_sha256 {
        Some(token) if operate_token == Some(token.value.0) => {
            return Err(wrong("admin.view_token_sha256", &token, Problem::SameToken));
        }
        token => token.map(|token| token.value.0),
    };
    Ok(AdminConfig {
        listen: written.listen.unwrap_or(DEFAULT_ADMIN_LISTEN),
        hosts: written.hosts,
        operate_token,
        view_token,
        tls: written.tls.map(|tls| tls.within(folder)),
    })
}
