//! What serves when a host starts: every source read, and put into service.

use std::path::Path;
use std::sync::Arc;

use signalbox_registry::Reference;
use signalbox_runtime::{Cache, Digest};
use signalbox_swap::{
    Candidate, Failure, Serving, Signer, Signers, SignsFor, Source, Started, State, Swaps,
    error_chain, verifying_key,
};
use tokio::task::JoinSet;

use super::bind_error::BindError;
use crate::config::{Config, SignatureSettings, SignerConfig, SignerKey};
use crate::file_watcher;
use crate::observe::health::PolicyHealth;
use crate::policy_sources::registries::Registries;
use crate::policy_sources::sources::PolicySource;
use crate::policy_sources::{Files, Followed, Found, Unmade, registry_source};

/// Every source, read once.
#[derive(Debug, Default)]
pub(super) struct Read {
    sources: Vec<Source>,
    found: Vec<Found>,
    followed: Vec<Followed>,
}

/// What was started, and is watched from here on.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) files: Files,
    pub(super) followed: Vec<Followed>,
}

/// Reads what was given and what the configuration names; what was given goes first.
///
/// # Errors
/// Without a state there is nothing to fall back on, and a source that cannot be read is one.
pub(super) async fn read(
    config: &Config,
    registries: &Arc<Registries>,
    given: Vec<(String, Vec<u8>)>,
) -> Result<Read, BindError> {
    let mut read = Read::default();
    for (name, component) in given {
        let digest = Digest::of(&component);
        read.push(
            name,
            "given".to_owned(),
            Some(digest),
            Ok((component, None)),
        );
    }
    let mut pulls = JoinSet::new();
    for (name, source) in &config.policies {
        if read.sources.iter().any(|given| given.name == *name) {
            continue;
        }
        match source {
            PolicySource::File(path) => read.file(config, name, path)?,
            PolicySource::Registry(reference) => {
                let registries = Arc::clone(registries);
                pulls.spawn(pull(registries, name.clone(), reference.clone()));
            }
        }
    }
    while let Some(pulled) = pulls.join_next().await {
        match pulled {
            Ok((followed, made)) => {
                let (name, from) = (followed.name.clone(), followed.reference.to_string());
                let digest = followed.tried.map(registry_source);
                read.push(name, from, digest, made);
                read.followed.push(followed);
            }
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
    Ok(read)
}

impl Read {
    fn file(&mut self, config: &Config, name: &str, path: &Path) -> Result<(), BindError> {
        let (mut found, made) = Found::read(name, path, &*config.sources);
        let component = match made {
            Err(Unmade::Source(cause)) if config.state.is_none() => {
                return Err(BindError::Source {
                    name: name.to_owned(),
                    path: path.to_owned(),
                    cause,
                });
            }
            made => made.map_err(|unmade| {
                let (file, error) = (path.display(), error_chain(&unmade));
                tracing::error!(policy = name, %file, error, "the source gives no component");
                unmade.failure(name, path)
            }),
        };
        let statement = found.statement.take();
        let made = component.map(|component| (component, statement));
        let from = path.display().to_string();
        self.push(name.to_owned(), from, found.source, made);
        self.found.push(found);
        Ok(())
    }

    /// `digest` is that of what lies at the source, if it is known.
    fn push(
        &mut self,
        name: String,
        from: String,
        digest: Option<Digest>,
        made: Result<(Vec<u8>, Option<Vec<u8>>), Failure>,
    ) {
        let candidate = made.map(|(component, statement)| Candidate {
            name: name.clone(),
            component,
            digest: None,
            statement,
            source: digest,
            cases: None,
        });
        self.sources.push(Source {
            name,
            from,
            source: digest,
            candidate,
        });
    }

    /// Puts everything into service, and says in readiness what is not as it should be. On a
    /// thread that may take its time.
    ///
    /// # Errors
    /// Without a state, if anything does not pass: a rollout stops there.
    pub(super) fn start(
        mut self,
        swaps: &Swaps,
        policies: &PolicyHealth,
        is_remembered: bool,
    ) -> Result<Watched, BindError> {
        let unread = self.sources.iter().filter(|it| it.candidate.is_err());
        let unread: Vec<String> = unread.map(|it| it.name.clone()).collect();
        let started = swaps.start(std::mem::take(&mut self.sources), &mut |_| {});
        let mut untaken = Vec::new();
        for Started { name, serving, .. } in started {
            let (failure, is_idle) = match serving {
                Serving::Source | Serving::State => continue,
                Serving::LastGood(failure) => (failure, false),
                Serving::Nothing(failure) => (failure, true),
            };
            if !is_remembered {
                let cause = failure;
                return Err(BindError::Policy { name, cause });
            }
            if is_idle {
                policies.is_idle(&name);
            }
            policies.source_failed(&name, &failure);
            untaken.push((name, failure));
        }
        let failure = |name: &str| -> Option<&Failure> {
            let mut untaken = untaken.iter();
            untaken.find(|it| it.0 == name).map(|(_, failure)| failure)
        };
        for followed in &mut self.followed {
            followed.failure = failure(&followed.name).cloned();
            if followed.failure.is_some() && unread.contains(&followed.name) {
                // It was never tried: the next look does.
                followed.tried = None;
            }
        }
        Ok(Watched {
            files: Files::after_start(self.found, |name| failure(name).is_none()),
            followed: self.followed,
        })
    }
}

async fn pull(
    registries: Arc<Registries>,
    name: String,
    reference: Reference,
) -> (Followed, Result<(Vec<u8>, Option<Vec<u8>>), Failure>) {
    let looked = registries.look(&reference).await;
    let pulled = match &looked {
        Ok(_) => registries.pull(&reference).await,
        Err(failure) => Err(failure.clone()),
    };
    // What it stands for may be known although it could not be pulled.
    let manifest = match &pulled {
        Ok(pulled) => Some(pulled.manifest),
        Err(_) => looked.ok(),
    };
    let made = match pulled {
        Ok(pulled) => Ok((pulled.component, pulled.statement)),
        Err(mut failure) => {
            failure.policy = Some(name.clone());
            Err(failure)
        }
    };
    let followed = Followed {
        name,
        reference,
        tried: manifest,
        failure: None,
    };
    (followed, made)
}

/// The folder in which live policies are remembered, and the machine code kept in it.
pub(super) fn state(config: &Config) -> Result<(Option<State>, Option<Cache>), BindError> {
    let Some(folder) = &config.state else {
        return Ok((None, config.code_cache.clone()));
    };
    let state = State::open(folder).map_err(BindError::State)?;
    let cache = Cache::open(&state.cache_folder());
    // Without it a start takes longer, and nothing else.
    let cache = cache.inspect_err(|error| {
        let help = error.help();
        tracing::warn!(
            error = error_chain(error),
            help,
            "machine code is not kept between starts"
        );
    });
    Ok((Some(state), cache.ok()))
}

/// Who may vouch for policies.
pub(super) fn signers(settings: &SignatureSettings) -> Result<Signers, BindError> {
    let signers = settings.signers.iter().map(|(id, known)| signer(id, known));
    let signers = signers.collect::<Result<_, BindError>>()?;
    Ok(Signers::new(settings.required, signers).in_environment(settings.environment.clone()))
}

/// One who may vouch.
pub(crate) fn signer(id: &str, known: &SignerConfig) -> Result<Signer, BindError> {
    let refuse = |cause: String| BindError::Signer {
        id: id.to_owned(),
        cause,
    };
    let key = match &known.key {
        SignerKey::Given(key) => *key,
        SignerKey::File(path) => {
            let text = file_watcher::read_text(path, LARGEST_KEY);
            let text = text.map_err(|error| refuse(format!("`{}`: {error}", path.display())))?;
            verifying_key(&text).map_err(|error| {
                refuse(format!(
                    "`{}`: {}; {}",
                    path.display(),
                    error_chain(&error),
                    error.help()
                ))
            })?
        }
    };
    let policies = match &known.policies {
        None => SignsFor::All,
        Some(names) => SignsFor::Only(names.iter().cloned().collect()),
    };
    Ok(Signer {
        id: id.to_owned(),
        key,
        policies,
    })
}

/// A public key in PEM has 113 bytes.
const LARGEST_KEY: u64 = 64 << 10;
