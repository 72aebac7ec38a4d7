//! `POST /swaps`: components come in, one transaction goes off.
//!
//! The order of the checks is part of the interface: type, query, headers, room, the body, its
//! words, registries. What fails on the way in once the request makes sense is in the history at
//! step `receive`; what makes no sense is an error of the request and in no history.

mod many;
mod one;
mod percent;
mod terms;

use http::HeaderMap;
use http::header;
use http::request::Parts;
use signalbox_registry::Reference;
use signalbox_runtime::Digest;
use signalbox_swap::{Action, Candidate, Failure, Order, Step, StepReport, Swaps};

use super::answer::Answer;
use super::api::{AdminApi, Peer};
use super::error::AdminError;
use super::transaction::Form;
use super::upload::{Bounds, Unread, Upload, check_json};
pub(super) use one::check_digest;
use signalbox_gate::header_values as values;
use terms::SwapOptions;

/// A transaction somebody wants, with all that the request said.
struct Wanted {
    policies: Vec<Policy>,
    terms: SwapOptions,
}

/// One policy of it.
struct Policy {
    name: String,
    from: From,
    digest: Option<Digest>,
    statement: Option<Vec<u8>>,
    cases: Option<Vec<u8>>,
}

/// Where its component is.
enum From {
    Body(Vec<u8>),
    Registry(Reference),
}

impl AdminApi {
    /// Swaps, or says why not.
    pub(super) async fn swap(
        &self,
        peer: &Peer,
        head: &Parts,
        upload: &mut Upload,
    ) -> Result<Answer, AdminError> {
        let form = Form::of(&head.headers);
        let shape = Shape::of(&head.headers)?;
        let query = percent::query(head.uri.query().unwrap_or_default())?;
        let announced = match shape {
            Shape::One => Some(one::Announced::read(query, &head.headers)?),
            Shape::Many => {
                percent::none(&query)?;
                None
            }
        };
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_taken| AdminError::Busy)?;
        let bytes = match upload.read(shape.bounds()).await {
            Ok(bytes) => bytes,
            Err(Unread::TooLarge) => return Err(shape.too_large()),
            Err(unread) => {
                let (action, names) = match &announced {
                    Some(one) => (one.terms.mode.action(), vec![one.name.clone()]),
                    None => (Action::Swap, Vec::new()),
                };
                let failure = not_received(unread);
                return Ok(self.reject(peer, form, (action, names), failure).await);
            }
        };
        let wanted = match announced {
            Some(one) => one.with(bytes),
            None => many::read(bytes)?,
        };
        let (action, names) = (wanted.terms.mode.action(), wanted.names());
        let order = match self.order(peer, wanted).await? {
            Ok(order) => order,
            Err(failure) => return Ok(self.reject(peer, form, (action, names), failure).await),
        };
        let swap = move |swaps: &Swaps, told: &mut dyn FnMut(&StepReport)| {
            let entry = swaps.swap(order, told);
            // What is in memory of the upload is gone by now.
            drop(place);
            entry
        };
        Ok(self.perform(form, swap).await)
    }

    /// Pulls what lies in registries, one after the other and never more than a body may bring.
    async fn order(
        &self,
        peer: &Peer,
        wanted: Wanted,
    ) -> Result<Result<Order, Failure>, AdminError> {
        let Wanted { policies, terms } = wanted;
        let mut left = MOST_COMPONENTS;
        let mut candidates = Vec::with_capacity(policies.len());
        for policy in policies {
            let (component, vouched) = match policy.from {
                From::Body(bytes) => (bytes, None),
                From::Registry(reference) => match self.overview.pull(&reference).await {
                    Ok(pulled) => (pulled.component, pulled.statement),
                    Err(mut failure) => {
                        failure.policy = Some(policy.name);
                        return Ok(Err(failure));
                    }
                },
            };
            left = left
                .checked_sub(component.len())
                .ok_or_else(|| Shape::Many.too_large())?;
            candidates.push(Candidate {
                name: policy.name,
                component,
                digest: policy.digest,
                statement: policy.statement.or(vouched),
                source: None,
                cases: policy.cases,
            });
        }
        Ok(Ok(Order {
            candidates,
            mode: terms.mode,
            roll_back: terms.roll_back,
            open_answers: terms.open_answers,
            actor: peer.actor(),
        }))
    }

    /// Leaves in the history what failed before there was an order.
    async fn reject(
        &self,
        peer: &Peer,
        form: Form,
        (action, names): (Action, Vec<String>),
        failure: Failure,
    ) -> Answer {
        let actor = peer.actor();
        self.perform(form, move |swaps, _told| {
            swaps.reject(actor, action, names, failure)
        })
        .await
    }
}

/// What kind of body comes.
#[derive(Clone, Copy)]
enum Shape {
    /// A component.
    One,
    /// A JSON document.
    Many,
}

impl Shape {
    fn of(headers: &HeaderMap) -> Result<Self, AdminError> {
        let is_component = match &*values(headers, header::CONTENT_TYPE) {
            [one] => one.trim_ascii().eq_ignore_ascii_case(b"application/wasm"),
            _ => false,
        };
        if is_component && !headers.contains_key(header::CONTENT_ENCODING) {
            return Ok(Self::One);
        }
        check_json(headers).map(|()| Self::Many).map_err(|_| {
            AdminError::Media(
                "Send one component as `content-type: application/wasm`, or several in JSON as \
                 `application/json`; neither with a `content-encoding`."
                    .to_owned(),
            )
        })
    }

    const fn bounds(self) -> Bounds {
        Bounds::component(match self {
            Self::One => MOST_COMPONENT,
            // A third more in base64, and some room for the words around it.
            Self::Many => MOST_COMPONENTS / 3 * 4 + (1 << 20),
        })
    }

    fn too_large(self) -> AdminError {
        let message = match self {
            Self::One => format!("A component has at most {MOST_COMPONENT} bytes."),
            Self::Many => {
                format!("The components of one transaction have at most {MOST_COMPONENTS} bytes.")
            }
        };
        AdminError::TooLarge {
            message,
            param: None,
        }
    }
}

impl Wanted {
    fn names(&self) -> Vec<String> {
        self.policies
            .iter()
            .map(|policy| policy.name.clone())
            .collect()
    }
}

fn not_received(unread: Unread) -> Failure {
    let message = match unread {
        Unread::TooSlow => "the upload stopped: its rest did not arrive in time",
        Unread::Truncated | Unread::TooLarge => "the upload ended before its announced end",
    };
    Failure::new(
        Step::Receive,
        None,
        message,
        "send it again, whole; nothing has changed",
    )
}

/// What the runtime takes: Python's tool chain makes 18 MB.
pub(super) const MOST_COMPONENT: usize = 32 << 20;
/// A few large components, or some two hundred made of documents.
const MOST_COMPONENTS: usize = 2 * MOST_COMPONENT;
