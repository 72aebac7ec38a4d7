//! The decision itself: a pure function of a few facts, tested on this machine.

/// What the key needs for every route.
pub const SCOPE: &str = "inference:chat";

/// The members of a body that ask for tokens.
pub const TOKENS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// What a client may write, and what GT publishes; in ascending order.
pub const MODELS: [(&str, &str); 2] = [("large", "support-agent"), ("small", "gt-small")];

/// What the policy is told of a request.
pub struct Question<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub scopes: &'a [String],
    /// The key's label `plan`.
    pub plan: Option<&'a str>,
    /// `None` until the body was read, and empty if it names none.
    pub model: Option<&'a str>,
    /// Those of `TOKENS` that the body has; `None` where it does not say a whole number, once.
    pub tokens: &'a [(&'a str, Option<u64>)],
}

/// What to do with it.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Forward {
        published: &'static str,
    },
    List(&'static [&'static str]),
    ReadModel,
    Refuse {
        status: u16,
        code: &'static str,
        message: String,
        param: Option<String>,
    },
}

/// The models a plan has, and the tokens that one answer of them may take.
fn budget(plan: Option<&str>) -> (&'static [&'static str], u64) {
    match plan {
        Some("plus") => (&["large", "small"], 4096),
        _ => (&["small"], 512),
    }
}

/// Decides one request.
pub fn decide(question: &Question<'_>) -> Answer {
    let (models, most) = budget(question.plan);
    let is_list = match (question.method, question.path) {
        ("GET", "/v1/models") => true,
        ("POST", "/v1/chat/completions") => false,
        _ => {
            let message = "Only POST /v1/chat/completions and GET /v1/models are open here.";
            return refuse(404, "unknown_route", message, None);
        }
    };
    if !question.scopes.iter().any(|scope| scope == SCOPE) {
        let message = format!("This key needs the scope `{SCOPE}`.");
        return refuse(403, "insufficient_scope", message, None);
    }
    if is_list {
        return Answer::List(models);
    }
    let Some(model) = question.model else {
        return Answer::ReadModel;
    };
    let known = MODELS.iter().find(|(name, _)| *name == model);
    let Some((_, published)) = known.filter(|(name, _)| models.contains(name)) else {
        let message = "Your plan has no such model. GET /v1/models lists those it has.";
        return refuse(404, "model_not_found", message, Some("model"));
    };
    for (member, asked) in question.tokens {
        match asked {
            None => {
                let message = format!("`{member}` must be a whole number, and be there once.");
                return refuse(400, "unclear_budget", message, Some(member));
            }
            Some(asked) if *asked > most => {
                let message = format!("Your plan allows `{member}` up to {most}.");
                return refuse(400, "over_budget", message, Some(member));
            }
            Some(_) => {}
        }
    }
    Answer::Forward { published }
}

fn refuse(
    status: u16,
    code: &'static str,
    message: impl Into<String>,
    param: Option<&str>,
) -> Answer {
    Answer::Refuse {
        status,
        code,
        message: message.into(),
        param: param.map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(plan: Option<&str>, model: &str, tokens: &[(&str, Option<u64>)]) -> Answer {
        decide(&Question {
            method: "POST",
            path: "/v1/chat/completions",
            scopes: &[SCOPE.to_owned()],
            plan,
            model: Some(model),
            tokens,
        })
    }

    fn code(answer: Answer) -> &'static str {
        match answer {
            Answer::Refuse { code, .. } => code,
            other => panic!("{other:?} refuses nothing"),
        }
    }

    #[test]
    fn the_large_model_is_in_the_plan_plus() {
        let published = "support-agent";
        assert_eq!(
            chat(Some("plus"), "large", &[]),
            Answer::Forward { published }
        );
        assert_eq!(code(chat(None, "large", &[])), "model_not_found");
    }

    #[test]
    fn each_plan_has_a_budget() {
        let published = "gt-small";
        for (plan, most) in [(None, 512), (Some("other"), 512), (Some("plus"), 4096)] {
            for member in TOKENS {
                let ask = |tokens| chat(plan, "small", &[(member, tokens)]);
                assert_eq!(ask(Some(most)), Answer::Forward { published });
                assert_eq!(code(ask(Some(most + 1))), "over_budget");
                assert_eq!(code(ask(None)), "unclear_budget");
            }
        }
    }

    #[test]
    fn what_the_head_refuses_is_refused_before_the_body_is_read() {
        let head = Question {
            method: "POST",
            path: "/v1/chat/completions",
            scopes: &[SCOPE.to_owned()],
            plan: None,
            model: None,
            tokens: &[],
        };
        assert_eq!(decide(&head), Answer::ReadModel);
        let without = Question {
            scopes: &[],
            ..head
        };
        assert_eq!(code(decide(&without)), "insufficient_scope");
        let elsewhere = Question {
            path: "/v1/embeddings",
            ..head
        };
        assert_eq!(code(decide(&elsewhere)), "unknown_route");
    }

    #[test]
    fn a_key_sees_the_models_of_its_plan() {
        let scopes = [SCOPE.to_owned()];
        let list = |plan| {
            decide(&Question {
                method: "GET",
                path: "/v1/models",
                scopes: &scopes,
                plan,
                model: None,
                tokens: &[],
            })
        };
        assert_eq!(list(None), Answer::List(&["small"]));
        assert_eq!(list(Some("plus")), Answer::List(&["large", "small"]));
    }
}
