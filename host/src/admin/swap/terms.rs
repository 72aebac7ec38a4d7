//! What is to become of the components, in the words of a request.

use signalbox_swap::{Accept, Mode, OpenAnswers, RollBack, ShadowOrder};

use super::super::error::AdminError;

/// What is to become of the components.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SwapOptions {
    pub(super) mode: Mode,
    pub(super) roll_back: RollBack,
    pub(super) open_answers: OpenAnswers,
}

/// The same, as written in a query or a document.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) mode: Option<String>,
    pub(super) share: Option<String>,
    pub(super) roll_back: Option<String>,
    pub(super) cut: Option<bool>,
    pub(super) promote_after: Option<u64>,
    pub(super) accept: Vec<String>,
}

impl Written {
    pub(super) fn check(self) -> Result<SwapOptions, AdminError> {
        let mode = self.mode.as_deref().unwrap_or("serve");
        self.check_only("share", self.share.is_some(), "canary", mode)?;
        self.check_only(
            "promote_after",
            self.promote_after.is_some(),
            "shadow",
            mode,
        )?;
        self.check_only("accept", !self.accept.is_empty(), "shadow", mode)?;
        Ok(SwapOptions {
            mode: match mode {
                "serve" => Mode::Serve,
                "dry-run" => Mode::DryRun,
                "shadow" => Mode::Shadow(self.shadow()?),
                "canary" => self.canary()?,
                _ => {
                    let message = "`mode` is `serve`, `dry-run`, `shadow` or `canary`.";
                    return Err(AdminError::value("mode", message));
                }
            },
            roll_back: match self.roll_back.as_deref() {
                None | Some("unless_narrower") => RollBack::UnlessNarrower,
                Some("pinned") => RollBack::Pinned,
                Some("vouched") => RollBack::Vouched,
                Some(_) => {
                    let message = "`roll_back` is `pinned`, `vouched` or `unless_narrower`.";
                    return Err(AdminError::value("roll_back", message));
                }
            },
            open_answers: match self.cut {
                Some(true) => OpenAnswers::Cut,
                Some(false) | None => OpenAnswers::Keep,
            },
        })
    }

    /// Words that would be without effect are mistakes.
    fn check_only(
        &self,
        param: &str,
        is_there: bool,
        only: &str,
        mode: &str,
    ) -> Result<(), AdminError> {
        if !is_there || mode == only {
            return Ok(());
        }
        let message = format!("`{param}` goes with `mode` `{only}`, and the mode is `{mode}`.");
        Err(AdminError::value(param, message))
    }

    fn shadow(&self) -> Result<ShadowOrder, AdminError> {
        if self.promote_after == Some(0) {
            let message = "`promote_after` is a number of requests, from 1.";
            return Err(AdminError::value("promote_after", message));
        }
        let accept = |text: &String| {
            text.parse::<Accept>().map_err(|bad| {
                let message = format!("`accept` cannot be `{text}`: {bad}.");
                AdminError::value("accept", message)
            })
        };
        Ok(ShadowOrder {
            promote_after: self.promote_after,
            accept: self.accept.iter().map(accept).collect::<Result<_, _>>()?,
        })
    }

    fn canary(&self) -> Result<Mode, AdminError> {
        let Some(share) = &self.share else {
            let message = "A canary needs a `share` of the callers, like `5%`.";
            return Err(AdminError::value("share", message));
        };
        let share = share
            .parse()
            .map_err(|bad| AdminError::value("share", format!("`share` cannot be used: {bad}.")))?;
        Ok(Mode::Canary(share))
    }
}
