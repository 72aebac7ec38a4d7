//! What of a door is not as the files say: `tests/conformance/doors/NAME.json`, each with a reason.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    format::{Answer, Exchange, Seen, Step, Version},
    printed::printed,
    topic::{Suite, Unreadable, names_in, read},
};

/// The list of one door.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deviations {
    /// What the door is called in the table of `docs/embedding.md`.
    pub door: String,
    /// The versions of HTTP its clients speak.
    #[serde(default = "both", skip_serializing_if = "is_both")]
    pub over: Vec<Version>,
    /// Headers that are not compared.
    #[serde(default, skip_serializing_if = "Uncompared::is_empty")]
    pub uncompared: Uncompared,
    /// What is not played: it cannot come to an end at this door.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_played: Vec<NotPlayed>,
    /// What is played, and is not as the files say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Otherwise>,
}

/// Headers that the door sets or drops in every message: the name, and why.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Uncompared {
    /// In what the client sees.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    /// In what GT sees.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, String>,
}

/// Exchanges that are left out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NotPlayed {
    /// The reason.
    pub why: String,
    /// By topic.
    pub exchanges: BTreeMap<String, Which>,
}

/// Which exchanges of a topic.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Which {
    /// Some, by name.
    Named(Vec<String>),
    /// All there are.
    All(All),
}

/// The word for all exchanges of a topic.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum All {
    /// `"all"`.
    All,
}

/// Exchanges that are otherwise.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Otherwise {
    /// The reason.
    pub why: String,
    /// What GT sees of them.
    #[serde(default, skip_serializing_if = "AtGt::is_same")]
    pub gt: AtGt,
    /// By topic.
    pub exchanges: BTreeMap<String, Vec<String>>,
}

/// What GT sees of an exchange that is otherwise for the client.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AtGt {
    /// What the file says.
    #[default]
    Same,
    /// Nothing that the file does not say, and not all of it: the door refuses.
    Fewer,
    /// Something else.
    Other,
}

impl Deviations {
    /// An empty list.
    #[must_use]
    pub fn none(door: &str) -> Self {
        Self {
            door: door.to_owned(),
            over: both(),
            uncompared: Uncompared::default(),
            not_played: Vec::new(),
            otherwise: Vec::new(),
        }
    }

    /// The list of a door.
    ///
    /// # Errors
    /// If there is none, or it is not of the format.
    pub fn read(suite: &Suite, door: &str) -> Result<Self, Unreadable> {
        let path = path(suite, door);
        // Another test may be writing it.
        let _turn = File::open(&path).and_then(|file| file.lock_shared().map(|()| file));
        Self::at(&path)
    }

    /// The list in this file.
    ///
    /// # Errors
    /// If there is none, or it is not of the format.
    pub fn at(path: &Path) -> Result<Self, Unreadable> {
        read(path)
    }

    /// Changes the list of a door; others who do so at the same time wait.
    pub(super) fn change(suite: &Suite, door: &str, change: impl FnOnce(&mut Self)) {
        let path = path(suite, door);
        let turn = File::open(&path).expect("the list is there");
        turn.lock().expect("the system has locks");
        let mut list = Self::at(&path).expect("it is of the format");
        change(&mut list);
        fs::write(path, printed(&list)).expect("the list can be written");
    }

    /// Whether the file is written as `BLESS=1` writes it.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn is_as_printed(&self, suite: &Suite, door: &str) -> bool {
        printed(self) == fs::read_to_string(path(suite, door)).expect("the list is there")
    }

    /// Everything on the list: why, the topic, and the exchange unless it is all of them.
    #[must_use]
    pub fn entries(&self) -> Vec<(&str, &str, Option<&str>)> {
        let mut entries = Vec::new();
        for (why, exchanges) in self.otherwise.iter().map(|it| (&*it.why, &it.exchanges)) {
            for (topic, names) in exchanges {
                entries.extend(names.iter().map(|name| (why, &**topic, Some(&**name))));
            }
        }
        for (why, exchanges) in self.not_played.iter().map(|it| (&*it.why, &it.exchanges)) {
            for (topic, which) in exchanges {
                match which {
                    Which::All(_) => entries.push((why, topic, None)),
                    Which::Named(names) => {
                        entries.extend(names.iter().map(|name| (why, &**topic, Some(&**name))));
                    }
                }
            }
        }
        entries
    }

    /// What GT sees of an exchange, if it is listed as otherwise.
    pub(super) fn of(&self, topic: &str, exchange: &str) -> Option<AtGt> {
        let has_it = |it: &&Otherwise| {
            let names = it.exchanges.get(topic);
            names.is_some_and(|names| names.iter().any(|name| name == exchange))
        };
        self.otherwise.iter().find(has_it).map(|it| it.gt)
    }

    /// Why an exchange is on the list, if it is.
    pub(super) fn why(&self, topic: &str, exchange: &str) -> Option<String> {
        let is_it = |(_, known, name): &&(&str, &str, Option<&str>)| {
            *known == topic && name.is_none_or(|name| name == exchange)
        };
        let entries = self.entries();
        let found = entries.iter().find(is_it);
        found.map(|(why, ..)| (*why).to_owned())
    }

    /// Leaves an exchange out, and says why.
    pub fn leave_out(&mut self, why: &str, topic: &str, exchange: &str) {
        self.not_played.push(NotPlayed {
            why: why.to_owned(),
            exchanges: [(topic.to_owned(), Which::Named(vec![exchange.to_owned()]))].into(),
        });
    }

    pub(super) fn leaves_out(&self, topic: &str, exchange: &str) -> bool {
        let mut which = self
            .not_played
            .iter()
            .filter_map(|it| it.exchanges.get(topic));
        which.any(|which| match which {
            Which::All(_) => true,
            Which::Named(names) => names.iter().any(|name| name == exchange),
        })
    }

    /// Takes an exchange off the list; what is left out as a whole topic stays.
    pub(super) fn forget(&mut self, topic: &str, exchange: &str) {
        for it in &mut self.otherwise {
            if let Some(names) = it.exchanges.get_mut(topic) {
                names.retain(|name| name != exchange);
            }
            it.exchanges.retain(|_, names| !names.is_empty());
        }
        self.otherwise.retain(|it| !it.exchanges.is_empty());
    }

    /// Puts an exchange on the list, without a reason: that is for a person to give.
    pub(super) fn add(&mut self, topic: &str, exchange: &str, gt: Option<AtGt>) {
        if let Some(gt) = gt {
            let place = self
                .otherwise
                .iter()
                .position(|it| it.why.is_empty() && it.gt == gt);
            let place = place.unwrap_or_else(|| {
                self.otherwise.push(Otherwise {
                    why: String::new(),
                    gt,
                    exchanges: BTreeMap::new(),
                });
                self.otherwise.len() - 1
            });
            let names = self.otherwise[place].exchanges.entry(topic.to_owned());
            names.or_default().push(exchange.to_owned());
            return;
        }
        let place = self.not_played.iter().position(|it| it.why.is_empty());
        let place = place.unwrap_or_else(|| {
            self.not_played.push(NotPlayed {
                why: String::new(),
                exchanges: BTreeMap::new(),
            });
            self.not_played.len() - 1
        });
        let names = self.not_played[place].exchanges.entry(topic.to_owned());
        if let Which::Named(names) = names.or_insert_with(|| Which::Named(Vec::new())) {
            names.push(exchange.to_owned());
        }
    }

    /// Leaves out of steps what is not compared.
    pub(super) fn compared(&self, steps: &[Step]) -> Vec<Step> {
        let mut steps = steps.to_vec();
        steps.iter_mut().for_each(|step| self.trim(step));
        steps
    }

    pub(super) fn compared_of(&self, exchange: &Exchange) -> Exchange {
        Exchange {
            steps: self.compared(&exchange.steps),
            ..exchange.clone()
        }
    }

    fn trim(&self, step: &mut Step) {
        if let Some(then) = &mut step.then {
            for Answer {
                headers,
                http1,
                http2,
                ..
            } in &mut then.client_saw
            {
                for lines in [headers, http1, http2] {
                    lines.retain(|line| !is_named(&self.uncompared.answers, line));
                }
            }
            for Seen { headers, .. } in &mut then.gt_saw {
                headers.retain(|line| !is_named(&self.uncompared.requests, line));
            }
        }
        step.meanwhile.iter_mut().for_each(|step| self.trim(step));
    }
}

fn is_named(names: &BTreeMap<String, String>, line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    names.contains_key(name)
}

impl Uncompared {
    fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.requests.is_empty()
    }
}

impl AtGt {
    fn is_same(&self) -> bool {
        *self == Self::Same
    }
}

/// The doors that have a list.
///
/// # Errors
/// If the folder cannot be read.
pub fn doors(suite: &Suite) -> Result<Vec<String>, Unreadable> {
    names_in(&suite.folder().join("doors"))
}

fn path(suite: &Suite, door: &str) -> PathBuf {
    let doors = suite.folder().join("doors");
    doors.join(door).with_extension("json")
}

fn both() -> Vec<Version> {
    Version::ALL.to_vec()
}

fn is_both(over: &[Version]) -> bool {
    over == Version::ALL
}
