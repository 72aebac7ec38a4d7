//! What is made of a file while it is read.

use signalbox_policy::Endpoint;

use super::{catalogue::Catalogue, notices::Notices, tree::Tree};

/// The models so far, and what is to be said of the rest.
#[derive(Debug, Default)]
pub(super) struct Imported {
    pub(super) catalogue: Catalogue,
    pub(super) notices: Notices,
}

impl Imported {
    /// Adds a name, or what else an added one is published as or is for. `place` is where it stood.
    pub(super) fn add(
        &mut self,
        name: &str,
        published: Option<(&str, f64)>,
        endpoint: Endpoint,
        place: &str,
    ) {
        let added = self.catalogue.add(name, published, endpoint);
        self.tell(added, place);
    }

    /// Adds another name for one that is there.
    pub(super) fn alias(&mut self, alias: &str, of: &str, is_unlisted: bool, place: &str) {
        let added = self.catalogue.alias(alias, of, is_unlisted);
        self.tell(added, place);
    }

    /// Says something that matters for all of it.
    pub(super) fn remark(&mut self, text: impl Into<String>) {
        self.notices.remark(text);
    }

    /// Says that an entry is left out.
    pub(super) fn skipped(&mut self, place: &str, why: &str) {
        self.notices.skipped(place, why);
    }

    /// Says that nothing is made of a setting.
    pub(super) fn ignore(&mut self, place: &str) {
        self.notices.ignore(place);
    }

    /// The same of every setting of a mapping but the `known` ones.
    pub(super) fn ignore_all_but(&mut self, place: &str, tree: &Tree, known: &[&str]) {
        self.notices.ignore_all_but(place, tree, known);
    }

    fn tell(&mut self, added: Result<(), String>, place: &str) {
        if let Err(why) = added {
            self.notices.skipped(place, &why);
        }
    }
}
