//! From a JWT to the key it opens.
//!
//! What is known is found by the token's digest, on whichever thread asks: one that was verified, for
//! as long as it holds, and one whose signature was wrong, for seconds. Of a token that is new,
//! everything that costs nothing is checked at once, and its signature when it is its turn.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use signalbox_gate::keyring::{Grant, Key, Keyring};
use signalbox_gate::{Digest, TokenLookup, TokenRefused, TokenVerifier};

use super::Refused;
use super::cache::{Checked, Checks};
use super::claims::Claims;
use super::issuer::Issuer;
use super::issuers::Issuers;
use super::key_set::Signer;
use super::known_bad::{Bad, KnownBad};
use super::narrow;
use super::signature::TokenSignature;
use super::signature_queue::{Line, QueueLimits, SignatureQueue, Unchecked};
use super::subjects::Subjects;
use super::token::Token;
use super::verified::Verified;
use crate::observe::metrics::Metrics;

/// Every issuer, and what is known of the tokens they signed.
#[derive(Debug)]
pub(crate) struct JwtVerifier {
    issuers: Issuers,
    checks: Checks,
    known_bad: KnownBad,
    verified: Verified,
    subjects: Subjects,
    signatures: SignatureQueue<TokenSignature>,
    pub(super) metrics: Arc<Metrics>,
}

/// What a token says, before its signature is checked.
struct Said<'v> {
    issuer: &'v Issuer,
    claims: Claims,
    signer: Arc<Signer>,
    profile: Arc<Key>,
}

/// Why a token is refused, and which issuer's it says it is.
type RefusedBy<'a> = (&'a str, Refused);

impl JwtVerifier {
    /// Verifies tokens of `issuers`; of those that are new, as many wait as there may be connections.
    /// `None` if there are no issuers.
    ///
    /// # Errors
    /// If a thread is not to be had.
    pub(crate) fn start(
        issuers: Issuers,
        connections: u32,
        metrics: &Arc<Metrics>,
    ) -> io::Result<Option<Self>> {
        if issuers.is_empty() {
            return Ok(None);
        }
        let limits = QueueLimits {
            threads: threads(),
            waiting: connections as usize,
            longest_wait: LONGEST_WAIT,
        };
        Ok(Some(Self {
            issuers,
            checks: Checks::default(),
            known_bad: KnownBad::default(),
            verified: Verified::default(),
            subjects: Subjects::default(),
            signatures: SignatureQueue::start(limits, metrics.signatures.clone())?,
            metrics: Arc::clone(metrics),
        }))
    }

    /// Whose tokens it verifies.
    pub(crate) const fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// The key of a token that is not known, measured by what `keyring` gives once its signature is
    /// checked. Its standing is not looked at yet.
    pub(crate) async fn verify(
        &self,
        token: &str,
        line: Line,
        keyring: impl Fn() -> Arc<Keyring>,
        now: Timestamp,
    ) -> Result<Arc<Key>, TokenRefused> {
        let checked = self.check(token, line, keyring, now).await;
        checked.map_err(|(name, refused)| {
            self.metrics.jwt(name, refused.word()).inc();
            tracing::debug!(issuer = name, reason = refused.word(), "a JWT is refused");
            if refused.is_for_now() {
                TokenRefused::Busy
            } else {
                TokenRefused::Invalid
            }
        })
    }

    pub(super) async fn check(
        &self,
        token: &str,
        line: Line,
        keyring: impl Fn() -> Arc<Keyring>,
        now: Timestamp,
    ) -> Result<Arc<Key>, RefusedBy<'_>> {
        let digest = Digest::of(token);
        loop {
            // What the token says takes a hundred times its bytes, and nobody has vouched for it yet: it
            // is read again when it was this token's turn.
            let (issuer, signer) = {
                let said = self.read(token, &keyring(), now)?;
                (said.issuer, said.signer)
            };
            let is_known = self.verified.contains(&digest, &signer);
            let is_right = is_known || {
                let signature = TokenSignature::new(digest, token, &signer);
                let checked = self.signatures.check(line, signature).await;
                checked.map_err(|why| (issuer.name(), why.into()))?
            };
            // While it waited, the issuer may have replaced the key: that is for the new one to say.
            if !signer.is_in_use() {
                continue;
            }
            if !is_right {
                let found = issuer.known_bad.clone();
                self.keep_bad(digest, signer, found);
                return Err((issuer.name(), Refused::Signature));
            }
            let said = self.read(token, &keyring(), now)?;
            if !Arc::ptr_eq(&said.signer, &signer) {
                continue;
            }
            issuer.verified.inc();
            self.verified.keep(digest, &signer);
            let cached = issuer.cached.clone();
            let claims = Arc::new(said.claims);
            return Ok(self.keep(digest, claims, said.profile, signer, cached));
        }
    }

    /// What a token says, who is to have signed it, and the profile it names; all that can be checked
    /// without its signature is.
    fn read(
        &self,
        token: &str,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Said<'_>, RefusedBy<'_>> {
        let read = Token::read(token).map_err(|refused| (UNKNOWN, refused))?;
        let issuer = read.issuer().map_err(|refused| (UNKNOWN, refused))?;
        let issuer = self.issuers.named(issuer);
        let issuer = issuer.ok_or((UNKNOWN, Refused::Issuer))?;
        let refused = |refused| (issuer.name(), refused);
        let (claims, signer) = issuer.check(&read, now).map_err(refused)?;
        let profile = keyring.profile(&claims.profile).map(Arc::clone);
        let profile = profile.ok_or_else(|| refused(Refused::Profile))?;
        Ok(Said {
            issuer,
            claims,
            signer,
            profile,
        })
    }

    /// A token that was verified before. Its profile may have changed since.
    fn known(&self, digest: &Digest, keyring: &Keyring) -> Option<Arc<Key>> {
        let checked = self.checks.find(digest)?;
        let profile = keyring.profile(&checked.claims.profile)?;
        checked.cached.inc();
        if Arc::ptr_eq(&checked.profile, profile) {
            return Some(checked.key);
        }
        let Checked {
            claims,
            signer,
            cached,
            ..
        } = checked;
        Some(self.keep(*digest, claims, Arc::clone(profile), signer, cached))
    }

    /// Makes the key of a verified token, and keeps it.
    fn keep(
        &self,
        digest: Digest,
        claims: Arc<Claims>,
        profile: Arc<Key>,
        signer: Arc<Signer>,
        cached: Counter,
    ) -> Arc<Key> {
        let caller = narrow::caller(&profile.caller, &claims);
        let usage = self.subjects.usage(&caller.id, &profile, Instant::now());
        let grant = Grant::new(Arc::clone(&claims.profile), claims.ends, signer.in_use());
        let key = Arc::new(Key::of_profile(&profile, caller, usage, grant));
        let checked = Checked {
            key: Arc::clone(&key),
            profile,
            claims,
            signer,
            cached,
        };
        self.checks.keep(digest, checked);
        key
    }

    fn keep_bad(&self, digest: Digest, signer: Arc<Signer>, found: Counter) {
        self.known_bad.keep(Bad {
            digest,
            signer,
            since: Instant::now(),
            found,
        });
    }
}

impl TokenVerifier for JwtVerifier {
    fn takes(&self, token: &str) -> bool {
        is_jwt(token)
    }

    fn look_up(&self, token: &str, keyring: &Keyring) -> TokenLookup {
        let digest = Digest::of(token);
        if let Some(key) = self.known(&digest, keyring) {
            return TokenLookup::Key(key);
        }
        match self.known_bad.find(&digest, Instant::now()) {
            Some(bad) => {
                bad.found.inc();
                TokenLookup::Refused
            }
            None => TokenLookup::Unverified,
        }
    }
}

impl From<Unchecked> for Refused {
    fn from(why: Unchecked) -> Self {
        match why {
            Unchecked::Full => Self::QueueFull,
            Unchecked::Late => Self::QueueTime,
            Unchecked::Lost => Self::CheckFailed,
        }
    }
}

/// Whether a token is a JWT by its shape: three parts. GT's own tokens never are.
pub(super) fn is_jwt(token: &str) -> bool {
    !token.starts_with("gtak_") && token.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// One on small machines, two on others: forgers get no more of a machine than that.
fn threads() -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    if cores < SEVERAL_CORES { 1 } else { 2 }
}

/// In place of an issuer's name, where a token names none of ours.
const UNKNOWN: &str = "unknown";
/// With fewer, two threads would be half of the machine.
const SEVERAL_CORES: usize = 8;
/// With the default limits, more than it takes to check one signature of the slowest kind (2 ms) for
/// each connection there may be.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
