//! The decision itself: a pure function of a few facts, tested on this machine.

/// What the key needs for every route.
pub const SCOPE: &str = "inference:chat";

/// The members of a body that ask for tokens.
pub const TOKENS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// What a client may write, and what GT publishes; in ascending order.
pub const MODELS: [(&str, &str); 2] = [("large", "support-agent"), ("small", "gt-small")];

/// The header of a request that takes part in a conversation.
pub const CONVERSATION: &str = "x-gt-conversation-id";

/// What the policy is told of a request.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub method: &'a str,
    pub path: &'a str,
    /// Whether the key was made for inference, or for conversations, which need it.
    pub for_inference: bool,
    pub for_conversations: bool,
    pub scopes: &'a [String],
    /// The names the key may write; `None` for all.
    pub models: Option<&'a [String]>,
    /// The published names it may reach; `None` for all.
    pub published: Option<&'a [String]>,
    /// The key's label `plan`.
    pub plan: Option<&'a str>,
    /// Whether the request has the header `CONVERSATION`.
    pub in_conversation: bool,
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
    List(Vec<&'static str>),
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

/// Whether one of a key's lists has this name, or a prefix of it that ends in `*`.
fn allows(list: Option<&[String]>, name: &str) -> bool {
    let fits = |entry: &String| match entry.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => entry == name,
    };
    list.is_none_or(|list| list.iter().any(fits))
}

/// Decides one request.
pub fn decide(question: &Question<'_>) -> Answer {
    let (of_plan, most) = budget(question.plan);
    let is_list = match (question.method, question.path) {
        ("GET", "/v1/models") => true,
        ("POST", "/v1/chat/completions") => false,
        _ => {
            let message = "Only POST /v1/chat/completions and GET /v1/models are open here.";
            return refuse(404, "unknown_route", message, None);
        }
    };
    if !question.for_inference {
        let message = "This key was not made for inference.";
        return refuse(403, "purpose_not_allowed", message, None);
    }
    if !question.scopes.iter().any(|scope| scope == SCOPE) {
        let message = format!("This key needs the scope `{SCOPE}`.");
        return refuse(403, "insufficient_scope", message, None);
    }
    if question.in_conversation && !question.for_conversations {
        let message = format!("`{CONVERSATION}` needs a key with the purpose `conversation`.");
        return refuse(403, "conversation_not_allowed", message, Some(CONVERSATION));
    }
    // Those of the plan that the key's own lists have: a plan widens no key.
    let mut models = MODELS.into_iter().filter(|(name, published)| {
        of_plan.contains(name)
            && allows(question.models, name)
            && allows(question.published, published)
    });
    if is_list {
        return Answer::List(models.map(|(name, _)| name).collect());
    }
    let Some(model) = question.model else {
        return Answer::ReadModel;
    };
    let Some((_, published)) = models.find(|(name, _)| *name == model) else {
        let message = "This key has no such model. GET /v1/models lists those it has.";
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

    /// A chat before its body is read, by a key without limits.
    fn head(scopes: &[String]) -> Question<'_> {
        Question {
            method: "POST",
            path: "/v1/chat/completions",
            for_inference: true,
            for_conversations: false,
            scopes,
            models: None,
            published: None,
            plan: None,
            in_conversation: false,
            model: None,
            tokens: &[],
        }
    }

    fn chat(plan: Option<&str>, model: &str, tokens: &[(&str, Option<u64>)]) -> Answer {
        decide(&Question {
            plan,
            model: Some(model),
            tokens,
            ..head(&names([SCOPE]))
        })
    }

    fn names<const N: usize>(names: [&str; N]) -> [String; N] {
        names.map(Into::into)
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
        let scopes = names([SCOPE]);
        let head = head(&scopes);
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
        let for_uploads = Question {
            for_inference: false,
            ..head
        };
        assert_eq!(code(decide(&for_uploads)), "purpose_not_allowed");
        let mut talks = Question {
            in_conversation: true,
            ..head
        };
        assert_eq!(code(decide(&talks)), "conversation_not_allowed");
        talks.for_conversations = true;
        assert_eq!(decide(&talks), Answer::ReadModel);
    }

    #[test]
    fn a_key_sees_the_models_of_its_plan() {
        let scopes = names([SCOPE]);
        let list = |plan| {
            decide(&Question {
                method: "GET",
                path: "/v1/models",
                plan,
                ..head(&scopes)
            })
        };
        assert_eq!(list(None), Answer::List(vec!["small"]));
        assert_eq!(list(Some("plus")), Answer::List(vec!["large", "small"]));
    }

    #[test]
    fn a_plan_widens_no_key() {
        let scopes = names([SCOPE]);
        let key = Question {
            plan: Some("plus"),
            model: Some("large"),
            ..head(&scopes)
        };
        let published = "support-agent";
        for (list, is_open) in [
            (&names(["support-agent", "large"])[..], true),
            (&names(["support-*", "l*"]), true),
            (&names(["*"]), true),
            (&names(["gt-small", "small"]), false),
            (&names(["support", "larg"]), false),
            (&[], false),
        ] {
            for limited in [
                Question {
                    models: Some(list),
                    ..key
                },
                Question {
                    published: Some(list),
                    ..key
                },
            ] {
                let answer = decide(&limited);
                match is_open {
                    true => assert_eq!(answer, Answer::Forward { published }, "{list:?}"),
                    false => assert_eq!(code(answer), "model_not_found", "{list:?}"),
                }
            }
        }
    }
}
