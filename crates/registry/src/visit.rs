//! One look or pull: requests to one registry, to where it redirects, and to its token service.
//!
//! ```text
//! registry ── 200 ──────────────────────────► answer
//!    │ 401 ► token service or password ► registry once more
//!    └ 3xx ► the place it names, without the login, five times at most
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Deserialize;
use signalbox_http_client::{Origin, Url};

use crate::answer::Answer;
use crate::challenge::Challenge;
use crate::error::{Part, PullError};
use crate::exchange::{Ask, Exchange};
use crate::plaintext::Plaintext;
use crate::reference::Reference;
use crate::settings::Login;

/// One look or pull under way.
pub(crate) struct Visit<'a> {
    exchange: &'a Exchange,
    plaintext: &'a Plaintext,
    reference: &'a Reference,
    /// Only if it is for this registry.
    login: Option<&'a Login>,
    registry: Origin,
    /// What the registry wants to see, once it said so.
    authorization: Option<HeaderValue>,
}

/// What is asked of the registry.
#[derive(Clone, Debug)]
pub(crate) struct Want {
    pub(crate) method: Method,
    /// Below the repository, like `manifests/latest`.
    pub(crate) what: String,
    pub(crate) accept: &'static str,
    pub(crate) part: Part,
    pub(crate) most: u64,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(
        exchange: &'a Exchange,
        plaintext: &'a Plaintext,
        login: Option<&'a Login>,
        reference: &'a Reference,
    ) -> Self {
        Self {
            exchange,
            plaintext,
            reference,
            login: login.filter(|login| {
                let registry = reference.registry();
                login
                    .registries
                    .iter()
                    .any(|one| one.eq_ignore_ascii_case(&registry))
            }),
            registry: plaintext.registry(reference),
            authorization: None,
        }
    }

    /// Asks the registry, logs in if it wants that, and follows where it sends us.
    pub(crate) async fn ask(&mut self, want: &Want) -> Result<Answer, PullError> {
        let (answer, is_own) = self.follow(want).await?;
        // What stands elsewhere may refuse, but has no say in where the password goes.
        if answer.status != 401 || !is_own || self.authorization.is_some() {
            return Ok(answer);
        }
        let challenge = Challenge::of(&answer.headers).ok_or(PullError::Challenge)?;
        self.authorization = Some(self.authorize(&challenge).await?);
        let (answer, is_own) = self.follow(want).await?;
        // A password that is refused is a wrong one; a token may be good and not for this.
        if answer.status == 401 && is_own && challenge == Challenge::Basic {
            return Err(PullError::LoginRefused);
        }
        Ok(answer)
    }

    /// The answer at the end of all redirects, and whether it is the registry's own.
    async fn follow(&self, want: &Want) -> Result<(Answer, bool), PullError> {
        let path = format!("/v2/{}/{}", self.reference.name(), want.what);
        let mut url = Url::at(self.registry.clone(), &path).map_err(|_| PullError::Location)?;
        let mut is_own = true;
        for _ in 0..=MOST_REDIRECTS {
            let ask = Ask {
                url: &url,
                method: &want.method,
                accept: want.accept,
                authorization: self.authorization.as_ref().filter(|_| is_own),
                part: want.part,
                most: want.most,
            };
            let answer = self.exchange.send(&ask).await?;
            let Some(location) = answer.location()? else {
                return Ok((answer, is_own));
            };
            url = self.plaintext.sent_to(&url.origin, location)?;
            // For good: who was sent away and back again was sent by somebody else.
            is_own &= url.origin == self.registry;
        }
        Err(PullError::Redirects)
    }

    async fn authorize(&self, challenge: &Challenge) -> Result<HeaderValue, PullError> {
        match challenge {
            Challenge::Basic => basic(self.login.ok_or(PullError::LoginNeeded)?),
            Challenge::Bearer { realm, service } => {
                let token = self.token(realm, service.as_deref()).await?;
                sensitive(&format!("Bearer {token}"))
            }
        }
    }

    /// Asks the token service the registry names; no further than that, wherever it redirects.
    async fn token(&self, realm: &str, service: Option<&str>) -> Result<String, PullError> {
        let Url { origin, target } = self.plaintext.sent_to(&self.registry, realm)?;
        let mut target = target.to_string();
        target.push(if target.contains('?') { '&' } else { '?' });
        // Our own words: a token that may do more is one that may be stolen for more.
        let scope = format!("repository:{}:pull", self.reference.name());
        target.push_str(&format!("scope={}", escaped(&scope)));
        if let Some(service) = service {
            target.push_str(&format!("&service={}", escaped(service)));
        }
        let authorization = self.login.map(basic).transpose()?;
        let ask = Ask {
            url: &Url::at(origin, &target).map_err(|_| PullError::Location)?,
            method: &Method::GET,
            accept: "application/json",
            authorization: authorization.as_ref(),
            part: Part::Token,
            most: MOST_TOKEN,
        };
        let answer = self.exchange.send(&ask).await?;
        if matches!(answer.status.as_u16(), 401 | 403) {
            return Err(match self.login {
                Some(_) => PullError::LoginRefused,
                None => PullError::LoginNeeded,
            });
        }
        let body = answer.succeeded(Part::Token)?.body;
        let given: Token = serde_json::from_slice(&body).map_err(|_| PullError::Token)?;
        given.token.or(given.access_token).ok_or(PullError::Token)
    }
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

fn basic(login: &Login) -> Result<HeaderValue, PullError> {
    let both = format!("{}:{}", login.user, login.password.text());
    sensitive(&format!("Basic {}", STANDARD.encode(both)))
}

fn sensitive(text: &str) -> Result<HeaderValue, PullError> {
    // A token service may send anything, line breaks included.
    let mut value = HeaderValue::from_str(text).map_err(|_| PullError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

/// As a query's value.
fn escaped(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, KEPT)
}

/// What stands in a value as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Registries redirect once, to where they store.
const MOST_REDIRECTS: usize = 5;
/// Tokens that list many rights take some KiB.
const MOST_TOKEN: u64 = 64 << 10;
