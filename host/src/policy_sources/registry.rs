//! Policies in registries: looked up on an interval, pulled when a tag has moved.
//!
//! A manifest that did not pass is not tried again until the tag moves or SIGHUP comes. While a
//! registry does not answer, the pauses grow, and the first thing that went wrong is in the
//! history once.

use std::sync::Arc;
use std::time::Duration;

use signalbox_registry::{ManifestDigest, Pulled, Reference};
use signalbox_runtime::Digest;
use signalbox_swap::{Actor, Failure, Trigger};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Made, PolicySources, is_lost_race, off_thread, put, reject};

/// Asks everybody who follows a registry to look now.
#[derive(Debug)]
pub(crate) struct RefreshSignal(watch::Sender<u64>);

impl RefreshSignal {
    pub(crate) fn now(&self) {
        self.0.send_modify(|times| *times += 1);
    }
}

impl Default for RefreshSignal {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

/// A policy in a registry, at start.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    pub(crate) name: String,
    pub(crate) reference: Reference,
    /// The manifest that was tried last.
    pub(crate) tried: Option<ManifestDigest>,
    /// Why that did not pass.
    pub(crate) failure: Option<Failure>,
}

/// One of them while the host runs.
struct Follower {
    sources: Arc<PolicySources>,
    followed: Followed,
    /// Looks in a row that were not answered.
    unanswered: u32,
    /// What went wrong last, as far as it is in the history.
    noted: Option<Failure>,
}

/// Follows every policy that is in a registry, for ever.
pub(crate) async fn follow(sources: Arc<PolicySources>, followed: Vec<Followed>) {
    let mut followers = JoinSet::new();
    for followed in followed {
        let follower = Follower {
            sources: Arc::clone(&sources),
            noted: followed.failure.clone(),
            followed,
            unanswered: 0,
        };
        followers.spawn(follower.follow());
    }
    while followers.join_next().await.is_some() {}
}

impl Follower {
    async fn follow(mut self) {
        let mut asked = self.sources.look.0.subscribe();
        loop {
            let is_asked = tokio::select! {
                () = sleep(self.pause()) => false,
                changed = asked.changed() => changed.is_ok(),
            };
            self.look(is_asked).await;
        }
    }

    /// A tenth is left to chance: hosts that were started together do not ask together for ever.
    fn pause(&self) -> Duration {
        let interval = self.sources.registry.interval;
        let longer = 2_u32.saturating_pow(self.unanswered).min(LONGEST_PAUSE);
        let chance = getrandom::u32().unwrap_or_default() % 1_000;
        interval * longer * (9_500 + chance) / 10_000
    }

    async fn look(&mut self, is_asked: bool) {
        let looked = self.sources.registry.look(&self.followed.reference).await;
        let manifest = match looked {
            Ok(manifest) => manifest,
            Err(failure) => return self.unanswered(failure).await,
        };
        let is_known = self.followed.tried == Some(manifest);
        if is_known && !(is_asked && self.followed.failure.is_some()) {
            self.answered();
            return;
        }
        match self.sources.registry.pull(&self.followed.reference).await {
            Ok(pulled) => self.take(pulled, is_asked).await,
            Err(failure) => self.unanswered(failure).await,
        }
    }

    async fn take(&mut self, pulled: Pulled, is_asked: bool) {
        let (actor, name) = (self.actor(is_asked), self.followed.name.clone());
        let manifest = pulled.manifest;
        let made = made(pulled);
        let work = move |sources: &PolicySources| put(sources, &name, actor, made);
        let Some(outcome) = off_thread(&self.sources, work).await else {
            return;
        };
        self.unanswered = 0;
        self.followed.failure = outcome.err();
        self.noted.clone_from(&self.followed.failure);
        let is_lost = self.followed.failure.as_ref().is_some_and(is_lost_race);
        // Who came second tries again.
        self.followed.tried = (!is_lost).then_some(manifest);
    }

    /// The registry is well: what is left is whether what lies there passed.
    fn answered(&mut self) {
        self.unanswered = 0;
        self.noted.clone_from(&self.followed.failure);
        let name = &self.followed.name;
        match &self.followed.failure {
            Some(failure) => self.sources.health.source_failed(name, failure),
            None => self.sources.health.source_passed(name),
        }
    }

    async fn unanswered(&mut self, mut failure: Failure) {
        self.unanswered = self.unanswered.saturating_add(1);
        let (name, actor) = (self.followed.name.clone(), self.actor(false));
        failure.policy = Some(name.clone());
        if self.noted.as_ref() == Some(&failure) {
            return;
        }
        self.noted = Some(failure.clone());
        off_thread(&self.sources, move |sources| {
            reject(sources, &name, actor, failure);
        })
        .await;
    }

    fn actor(&self, is_asked: bool) -> Actor {
        let way = if is_asked {
            Trigger::Signal
        } else {
            Trigger::Registry
        };
        Actor::new(way, self.followed.reference.to_string())
    }
}

pub(crate) fn made(pulled: Pulled) -> Made {
    Made {
        source: source(pulled.manifest),
        component: pulled.component,
        statement: pulled.statement,
    }
}

/// What a restart compares: the manifest.
pub(crate) fn source(manifest: ManifestDigest) -> Digest {
    // The manifest names all that it stands for, so its digest is what lies there.
    Digest::of(manifest.bytes())
}

/// Ten minutes at the usual interval.
const LONGEST_PAUSE: u32 = 10;
