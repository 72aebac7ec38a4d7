//! The decision itself: a pure function of a few facts, tested natively.

/// The one route.
pub const CHAT: (&str, &str) = ("POST", "/v1/chat/completions");

/// What a key needs for it.
pub const CHAT_SCOPE: &str = "inference:chat";

/// What a client may write, and what GT publishes; in ascending order.
pub const MODELS: [(&str, &str); 2] = [("large", "support-agent"), ("small", "gt-small")];

/// What to do with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Forward {
        published: &'static str,
    },
    ReadModel,
    Refuse {
        status: u16,
        code: &'static str,
        message: &'static str,
    },
}

/// Chat only, and `large` only for the team that pays for it. `model` is `None` until it was read,
/// and empty if the body has none.
pub fn decide(
    method: &str,
    path: &str,
    scopes: &[String],
    team: Option<&str>,
    model: Option<&str>,
) -> Answer {
    if (method, path) != CHAT {
        return refuse(
            404,
            "unknown_route",
            "Only POST /v1/chat/completions is open here.",
        );
    }
    if !scopes.iter().any(|scope| scope == CHAT_SCOPE) {
        return refuse(
            403,
            "insufficient_scope",
            "This route needs the scope `inference:chat`.",
        );
    }
    let Some(model) = model else {
        return Answer::ReadModel;
    };
    if model == "large" && team != Some("research") {
        return refuse(
            404,
            "model_not_found",
            "`large` is for the team `research`; use `small`.",
        );
    }
    match MODELS.iter().find(|(name, _)| *name == model) {
        Some((_, published)) => Answer::Forward { published },
        None => refuse(
            404,
            "model_not_found",
            "There are two models: `large` and `small`.",
        ),
    }
}

fn refuse(status: u16, code: &'static str, message: &'static str) -> Answer {
    Answer::Refuse {
        status,
        code,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(team: Option<&str>, model: Option<&str>) -> Answer {
        decide(CHAT.0, CHAT.1, &[CHAT_SCOPE.to_owned()], team, model)
    }

    #[test]
    fn the_large_model_is_for_research() {
        let published = Answer::Forward {
            published: "support-agent",
        };
        assert_eq!(ask(Some("research"), Some("large")), published);
        assert!(matches!(
            ask(Some("sales"), Some("large")),
            Answer::Refuse { status: 404, .. }
        ));
    }

    #[test]
    fn the_small_model_is_for_everyone_with_the_scope() {
        assert_eq!(
            ask(None, Some("small")),
            Answer::Forward {
                published: "gt-small"
            }
        );
        assert_eq!(ask(None, None), Answer::ReadModel);
        let without = decide(CHAT.0, CHAT.1, &[], None, Some("small"));
        assert!(matches!(
            without,
            Answer::Refuse {
                code: "insufficient_scope",
                ..
            }
        ));
    }
}
