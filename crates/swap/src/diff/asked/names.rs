//! The model names to ask for.

use std::collections::{BTreeMap, BTreeSet};

use signalbox_cases::carried_cases;
use signalbox_policy::{Caller, ModelRule, Names};
use signalbox_runtime::Plugin;

pub(super) struct Candidates {
    pub(super) known: BTreeSet<String>,
    /// Close to known ones, as a pattern would take them, and far from any; each with the pattern
    /// that it stands for.
    pub(super) unknown: BTreeMap<String, String>,
}

/// What catalogues, cases and keys speak of.
pub(super) fn spoken_of(old: &Plugin, new: &Plugin, callers: &[Caller]) -> Candidates {
    let mut known = BTreeSet::new();
    for plugin in [old, new] {
        known.extend(plugin.catalogue().iter().map(|entry| entry.name.clone()));
        let cases = carried_cases(plugin).unwrap_or_default();
        known.extend(cases.into_iter().filter_map(|case| case.model));
    }
    for caller in callers {
        for names in [&caller.models, &caller.published] {
            if let Names::Only(names) = names {
                known.extend(names.iter().filter(|name| !name.ends_with('*')).cloned());
            }
        }
    }
    let mut unknown = BTreeMap::from([(UNKNOWN.to_owned(), "*".to_owned())]);
    for name in &known {
        let ends = name.char_indices().filter(|(_, c)| !c.is_alphanumeric());
        let stems = ends.filter_map(|(at, c)| name.get(..at + c.len_utf8()));
        let stems = stems.chain([&**name]);
        unknown.extend(stems.map(|stem| ([stem, UNKNOWN].concat(), [stem, "*"].concat())));
    }
    unknown.retain(|name, _| !known.contains(name));
    Candidates { known, unknown }
}

impl Candidates {
    /// Of policies whose patterns are known, there is one name for each to ask for.
    pub(super) fn of_patterns<'a>(&mut self, patterns: impl Iterator<Item = ModelRule<'a>>) {
        let one = |rule: ModelRule<'_>| {
            let prefix = rule.pattern.strip_suffix('*')?;
            Some(([prefix, UNKNOWN].concat(), rule.pattern.to_owned()))
        };
        self.unknown = patterns.filter_map(one).collect();
    }
}

/// What nobody calls anything.
pub(super) const UNKNOWN: &str = "signalbox-unlisted-7f2c";
