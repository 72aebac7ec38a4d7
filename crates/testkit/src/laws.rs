//! What holds for every policy and every request, whatever the policy is for. `wit/README.md` says why.

mod asking;
mod lists;

use std::fmt;

use signalbox_cases::{Decider, Told};
use signalbox_policy::{Decision, Expectation, RequestedModel};

use crate::TestRequest;
use asking::{Asking, Kept, name_of};

/// Something that holds for every policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Law {
    /// It answers: it neither traps nor runs out of memory.
    Answers,
    /// It answers within its time on the CPU.
    InTime,
    /// Its answer is one that the contract allows.
    Legal,
    /// The same question has the same answer, on a fresh instance and on one that has decided before.
    Deterministic,
    /// It forwards nothing that the key's scopes do not allow, and nothing at all that asks for one for a key
    /// without any.
    Scopes,
    /// It forwards nothing past the key's purposes, datasets and names.
    Key,
    /// What it refuses before the model is known, it refuses for every model and body, with the same code.
    FinalRefusals,
    /// Each name that it lists for a key, it forwards for that key on one of the name's routes.
    Lists,
}

impl Law {
    /// Every law.
    pub const ALL: [Self; 8] = [
        Self::Answers,
        Self::InTime,
        Self::Legal,
        Self::Deterministic,
        Self::Scopes,
        Self::Key,
        Self::FinalRefusals,
        Self::Lists,
    ];

    /// A stable word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::InTime => "in_time",
            Self::Legal => "legal",
            Self::Deterministic => "deterministic",
            Self::Scopes => "scopes",
            Self::Key => "key",
            Self::FinalRefusals => "final_refusals",
            Self::Lists => "lists",
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// A law, and the request that shows that a policy does not keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub law: Law,
    /// What happened.
    pub why: String,
    /// The request.
    pub request: TestRequest,
    /// What a case should expect of it; the code `to_be_decided` where only who writes the policy knows.
    pub expect: Expectation,
}

/// Whether a policy keeps these laws for a request.
///
/// # Errors
/// The first that it breaks.
pub fn check(
    policy: &impl Decider,
    request: &TestRequest,
    laws: &[Law],
) -> Result<(), Box<Broken>> {
    keeps_all(&Asking {
        policy,
        laws,
        request,
    })
}

fn keeps_all<P: Decider>(asking: &Asking<'_, P>) -> Kept {
    let question = asking.request.question();
    // What the host refuses by itself is not asked.
    let Ok(told) = Told::new(&question, asking.policy.description()) else {
        return Ok(());
    };
    match asking.decide(&told.request(RequestedModel::Unread))? {
        Some(Decision::Forward(forward)) => asking.forwards(&forward, None)?,
        Some(Decision::ListModels(mode)) => lists::check(asking, &mode)?,
        Some(Decision::ReadModel) => {
            for model in asking.models() {
                // What is found is found with this model, and so is the case of it.
                let request = naming(asking.request, model);
                let asking = Asking {
                    request: &request,
                    ..*asking
                };
                let decision = asking.decide(&told.request(model))?;
                if let Some(Decision::Forward(forward)) = decision {
                    asking.forwards(&forward, name_of(model))?;
                }
            }
        }
        Some(Decision::Refuse(refusal)) if asking.may_be_asked_at_once(&told) => {
            for model in asking.models() {
                let decision = asking.decide(&told.request(model))?;
                asking.is_final(&refusal.code, model, decision.as_ref())?;
            }
        }
        Some(Decision::Refuse(_)) | None => {}
    }
    asking.refuses_without_scopes()
}

/// The same request with this model, unless that is not read.
fn naming(request: &TestRequest, model: RequestedModel<'_>) -> TestRequest {
    let mut request = request.clone();
    if model != RequestedModel::Unread {
        request.model = name_of(model).map(str::to_owned);
    }
    request
}
