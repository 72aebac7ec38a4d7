//! Looking and pulling.

use std::fmt;
use std::sync::Arc;

use http::Method;
use signalbox_http_client::{Host, Roots, Tls};
use tokio::time::timeout;

use crate::answer::{Answer, shown};
use crate::digest::ManifestDigest;
use crate::error::{Part, PullError};
use crate::exchange::Exchange;
use crate::manifest::{ACCEPT, Artifact};
use crate::plaintext::Plaintext;
use crate::reference::{Reference, Version};
use crate::settings::{Login, Settings, SetupError};
use crate::visit::{Visit, Want};

/// A way to registries. Cheap to clone; holds no connection.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
    login: Option<Arc<Login>>,
}

struct Shared {
    exchange: Exchange,
    plaintext: Plaintext,
    most_bytes: u64,
}

/// A component as it lies in a registry.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pulled {
    /// The digest of its manifest: what a tag stood for when this was pulled.
    pub manifest: ManifestDigest,
    /// Its bytes, of the digest and size the manifest names. Whether they are a component is for
    /// others to say.
    pub component: Vec<u8>,
    /// Who vouches for it: the annotation [`STATEMENT`](crate::STATEMENT), as it stands there.
    pub statement: Option<Vec<u8>>,
}

impl Registry {
    /// With these settings. Reads the certificate authorities, which is why a host makes one once.
    ///
    /// # Errors
    /// If the settings can never work.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let shared = Shared {
            exchange: Exchange {
                tls: Tls::new(Roots::read(settings.ca_file.as_deref())?)?,
                idle: settings.idle,
                time: settings.time,
            },
            plaintext: Plaintext::new(&settings.plaintext)?,
            most_bytes: settings.most_bytes,
        };
        let anonymous = Self {
            shared: Arc::new(shared),
            login: None,
        };
        anonymous.with_login(settings.login)
    }

    /// The same, asked by somebody else: passwords change more often than hosts restart.
    ///
    /// # Errors
    /// If the login can never work.
    pub fn with_login(&self, login: Option<Login>) -> Result<Self, SetupError> {
        if let Some(login) = &login {
            if login.user.contains(':') {
                return Err(SetupError::User);
            }
            let mut registries = login.registries.iter();
            if let Some(other) = registries.find(|one| Host::with_port(one).is_none()) {
                return Err(SetupError::Place(other.clone()));
            }
        }
        Ok(Self {
            shared: Arc::clone(&self.shared),
            login: login.map(Arc::new),
        })
    }

    /// The digest of the manifest a reference stands for now: whether a tag has moved. One that is
    /// pinned stands for the same for ever, so nobody is asked.
    ///
    /// # Errors
    /// If the registry does not say.
    pub async fn look(&self, reference: &Reference) -> Result<ManifestDigest, PullError> {
        match reference.version() {
            Version::Digest(digest) => Ok(*digest),
            Version::Tag(_) => self.in_time(self.looked(reference)).await,
        }
    }

    /// The component a reference stands for now.
    ///
    /// # Errors
    /// If the registry does not have it, does not give it, or gives something else.
    pub async fn pull(&self, reference: &Reference) -> Result<Pulled, PullError> {
        self.in_time(self.pulled(reference)).await
    }

    async fn looked(&self, reference: &Reference) -> Result<ManifestDigest, PullError> {
        let mut visit = self.visit(reference);
        let answer = visit.ask(&want_manifest(Method::HEAD, reference)).await?;
        let is_answered = match answer.status.as_u16() {
            // Not every proxy in front of a registry lets HEAD through, nor the header.
            405 | 501 => false,
            200 => answer.announced().is_some(),
            _ => true,
        };
        if !is_answered {
            let (answer, digest) = manifest(&mut visit, reference).await?;
            return Artifact::of(&answer).map(|_| digest);
        }
        let answer = answer.succeeded(Part::Manifest)?;
        let said = answer.announced().unwrap_or_default();
        ManifestDigest::read(said).ok_or_else(|| PullError::Unreadable(shown(said)))
    }

    async fn pulled(&self, reference: &Reference) -> Result<Pulled, PullError> {
        let mut visit = self.visit(reference);
        let (answer, digest) = manifest(&mut visit, reference).await?;
        let artifact = Artifact::of(&answer)?;
        if artifact.size > self.shared.most_bytes {
            return Err(PullError::TooBig {
                announced: artifact.size,
                most: self.shared.most_bytes,
            });
        }
        Ok(Pulled {
            manifest: digest,
            component: component(&mut visit, &artifact).await?,
            statement: artifact.statement,
        })
    }

    fn visit<'a>(&'a self, reference: &'a Reference) -> Visit<'a> {
        let shared = &self.shared;
        Visit::new(
            &shared.exchange,
            &shared.plaintext,
            self.login.as_deref(),
            reference,
        )
    }

    async fn in_time<T>(
        &self,
        future: impl Future<Output = Result<T, PullError>>,
    ) -> Result<T, PullError> {
        let time = self.shared.exchange.time;
        timeout(time, future)
            .await
            .map_err(|_elapsed| PullError::TimedOut(time))?
    }
}

/// The manifest itself, and its digest, which is what it was said to be.
async fn manifest(
    visit: &mut Visit<'_>,
    reference: &Reference,
) -> Result<(Answer, ManifestDigest), PullError> {
    let answer = visit.ask(&want_manifest(Method::GET, reference)).await?;
    let answer = answer.succeeded(Part::Manifest)?;
    let found = ManifestDigest::of(&answer.body);
    match reference.version() {
        Version::Digest(expected) if *expected != found => {
            return Err(PullError::Manifest {
                expected: *expected,
                found,
            });
        }
        _ => answer.agrees_with(found)?,
    }
    Ok((answer, found))
}

fn want_manifest(method: Method, reference: &Reference) -> Want {
    Want {
        method,
        what: format!("manifests/{}", reference.version()),
        accept: ACCEPT,
        part: Part::Manifest,
        most: MOST_MANIFEST,
    }
}

async fn component(visit: &mut Visit<'_>, artifact: &Artifact) -> Result<Vec<u8>, PullError> {
    let want = Want {
        method: Method::GET,
        what: format!("blobs/{}", artifact.digest),
        accept: "*/*",
        part: Part::Component,
        most: artifact.size,
    };
    let answer = visit.ask(&want).await?.succeeded(Part::Component)?;
    let length = answer.body.len() as u64;
    if length != artifact.size {
        return Err(PullError::Size {
            announced: artifact.size,
            found: length,
        });
    }
    let found = ManifestDigest::of(&answer.body);
    if found != artifact.digest {
        return Err(PullError::Component {
            expected: artifact.digest,
            found,
        });
    }
    answer.agrees_with(found)?;
    Ok(answer.body)
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("login", &self.login)
            .field("plaintext", &self.shared.plaintext)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pulled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pulled")
            .field("manifest", &self.manifest)
            .field("bytes", &self.component.len())
            .field("has_statement", &self.statement.is_some())
            .finish()
    }
}

/// A component's manifest has about a KiB, and a statement in it another; the specification has
/// registries take 4 MiB.
const MOST_MANIFEST: u64 = 4 << 20;
