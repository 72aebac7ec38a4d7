//! What both answer, compared.

use signalbox_policy::{Request, RequestedModel, RouteDescription};

use super::{Allowed, Asking, End, Extent};
use crate::diff::{Aspect, Change, Effect, Subject};

impl Asking<'_> {
    /// Asks both. Gives whether the old one allows it.
    pub(super) fn ask(
        &mut self,
        request: Request<'_>,
        route: &RouteDescription,
        shown: Option<&str>,
    ) -> Result<bool, End> {
        let (old, new) = (self.old.clone(), self.new.clone());
        let before = self.allows(&old, request)?;
        let was_allowed = before.as_ref().is_some_and(|it| !it.is_refused());
        // What fails allows nothing.
        if !was_allowed && self.extent == Extent::Losses {
            return Ok(false);
        }
        let key = &request.caller.id;
        let subject = Subject::Request {
            key: key.clone(),
            route: match self.extent {
                Extent::Losses => format!("{} {}", request.method, request.path),
                Extent::Everything => route.name(),
            },
            model: shown.map(str::to_owned),
        };
        let now = self.allows(&new, request)?;
        match (before, now) {
            (None, None) => {}
            (_, None) => self.doubts(|| format!("it fails on {subject}")),
            (None, Some(_)) => self.doubts(|| format!("the old one fails on {subject}")),
            (Some(Allowed::List(before)), Some(Allowed::List(now))) => {
                self.lists(key, &before, &now)?;
            }
            (Some(before), Some(now)) => {
                let is_forwarded = before.is_forward() && now.is_forward();
                self.compared(subject.clone(), &before, &now, request.model)?;
                if is_forwarded && shown.is_some() {
                    self.ceilings(&subject, [&old, &new], request)?;
                }
            }
        }
        Ok(was_allowed)
    }

    fn compared(
        &mut self,
        subject: Subject,
        before: &Allowed,
        now: &Allowed,
        model: RequestedModel<'_>,
    ) -> Result<(), End> {
        let effect = match (before.is_refused(), now.is_refused()) {
            (true, true) => return Ok(()),
            (false, true) => Effect::Narrower,
            (true, false) => Effect::Wider,
            (false, false) if before == now => return Ok(()),
            (false, false) if before.is_but_for_words(now) => Effect::Words,
            (false, false) => Effect::Different,
        };
        let text = subject.to_string();
        let change = Change::new(effect, subject, Aspect::Decision, text);
        // A name that stands for a pattern is shown as the pattern.
        let [before, now] = [before, now].map(|it| match (model, &change.subject) {
            (
                RequestedModel::Named(name),
                Subject::Request {
                    model: Some(shown), ..
                },
            ) => it.words().replace(name, shown),
            _ => it.words(),
        });
        self.add(change.between(before, now))
    }

    fn lists(&mut self, key: &str, before: &[String], now: &[String]) -> Result<(), End> {
        let subject = || Subject::List { key: key.into() };
        for gone in before.iter().filter(|name| !now.contains(name)) {
            let text = format!("`{gone}` is listed for key `{key}` no longer");
            let change = Change::new(Effect::Narrower, subject(), Aspect::Listed, text);
            self.add(change.between(&**gone, None))?;
        }
        if self.extent == Extent::Losses {
            return Ok(());
        }
        for new in now.iter().filter(|name| !before.contains(name)) {
            let text = format!("`{new}` is listed for key `{key}`");
            let change = Change::new(Effect::Wider, subject(), Aspect::Listed, text);
            self.add(change.between(None, &**new))?;
        }
        Ok(())
    }
}
