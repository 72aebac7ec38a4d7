//! A topic at a door that has a list of what is not as the files say.

use super::{
    Start,
    compare::{differences, gt_saw, without_records},
    deviations::{AtGt, Deviations},
    format::{Exchange, Step, Topic, Version},
    play::{Patience, Stage, Unplayable},
    topic::{MOST_UNPLAYED, Suite},
};

/// Plays a topic at a door: what is not as the file says is on the door's list, and everything on the list is
/// not as the file says. With `BLESS=1` the list is written anew; the reasons of what is new on it are for a
/// person to give.
///
/// # Panics
/// If anything is on the wrong side.
pub fn play_door(suite: &Suite, door: &str, topic: &str, start: Start<'_>) {
    let is_blessed = std::env::var_os("BLESS").is_some();
    let list = Deviations::read(suite, door).expect("the list of the door");
    let way = if is_blessed {
        Way::Blessed
    } else {
        Way::Tested
    };
    let read = suite.read(topic).expect("it is of the format");
    let outcomes = outcomes(&list, topic, &read, start, way);
    if is_blessed {
        Deviations::change(suite, door, |list| bless(list, topic, &outcomes));
    }
    let list = Deviations::read(suite, door).expect("the list of the door");
    let wrong: Vec<_> = outcomes
        .iter()
        .filter_map(|(exchange, outcome)| {
            let what = wrong(&list, topic, exchange, outcome)?;
            Some(format!("{topic}.json, {exchange:?}\n{what}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What became of an exchange at a door of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as the file says.
    Equal,
    /// It is otherwise, and may be: why.
    Allowed(String),
    /// It was not played: why.
    NotPlayed(String),
    /// It is not as the file says, or as the list does.
    Wrong(String),
}

/// Plays a topic at a door that somebody else has started: what became of each exchange, by its name.
#[must_use]
pub fn verdicts(
    list: &Deviations,
    name: &str,
    topic: &Topic,
    start: Start<'_>,
) -> Vec<(String, Verdict)> {
    let outcomes = outcomes(list, name, topic, start, Way::Foreign);
    let mut outcomes = outcomes.into_iter().peekable();
    let mut verdicts = Vec::new();
    for Exchange { name: exchange, .. } in &topic.exchanges {
        let verdict = match outcomes.next_if(|(played, _)| played == exchange) {
            None => match list.why(name, exchange) {
                Some(why) => Verdict::NotPlayed(why),
                // Another version of HTTP has it.
                None => continue,
            },
            Some((_, outcome)) => match wrong(list, name, exchange, &outcome) {
                Some(what) => Verdict::Wrong(what),
                None => match list.why(name, exchange) {
                    Some(why) => Verdict::Allowed(why),
                    None => Verdict::Equal,
                },
            },
        };
        verdicts.push((exchange.clone(), verdict));
    }
    verdicts
}

/// What came of an exchange over all versions.
#[derive(Debug)]
enum Outcome {
    AsTheFileSays,
    Otherwise {
        gt: AtGt,
        what: String,
    },
    /// It did not come to an end.
    Unplayed(String),
}

type Outcomes = Vec<(String, Outcome)>;

#[expect(
    clippy::print_stderr,
    reason = "whoever gives the reasons reads what is otherwise"
)]
fn bless(list: &mut Deviations, topic: &str, outcomes: &Outcomes) {
    for (exchange, outcome) in outcomes {
        let (listed, gt) = (list.of(topic, exchange), outcome.gt());
        if let Outcome::Otherwise { what, .. } | Outcome::Unplayed(what) = outcome {
            eprintln!("{topic}.json, {exchange:?}: GT sees {gt:?}\n{what}\n");
        }
        match outcome {
            Outcome::AsTheFileSays => list.forget(topic, exchange),
            Outcome::Otherwise { .. } if listed == gt => {}
            Outcome::Otherwise { .. } | Outcome::Unplayed(_) => {
                list.forget(topic, exchange);
                list.add(topic, exchange, gt);
            }
        }
    }
}

/// What is wrong with it in view of the list.
fn wrong(list: &Deviations, topic: &str, exchange: &str, outcome: &Outcome) -> Option<String> {
    match (list.of(topic, exchange), outcome) {
        (None, Outcome::AsTheFileSays) => None,
        (Some(_), Outcome::AsTheFileSays) => Some("it is as the file says".to_owned()),
        (Some(listed), Outcome::Otherwise { gt, .. }) if listed == *gt => None,
        (listed, Outcome::Otherwise { gt, what }) => Some(match listed {
            Some(listed) => format!("GT sees {gt:?}, not {listed:?}:\n{what}"),
            None => format!("GT sees {gt:?}:\n{what}"),
        }),
        (_, Outcome::Unplayed(what)) => Some(what.clone()),
    }
}

/// How far a door is trusted to come to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// What is not on the list is as the files say.
    Tested,
    /// A person waits for a new list.
    Blessed,
    /// It is somebody else's.
    Foreign,
}

fn outcomes(list: &Deviations, name: &str, topic: &Topic, start: Start<'_>, way: Way) -> Outcomes {
    let is_played = |exchange: &&Exchange| {
        let over = exchange.over.iter().any(|it| list.over.contains(it));
        over && !list.leaves_out(name, &exchange.name)
    };
    let played: Vec<_> = topic.exchanges.iter().filter(is_played).collect();
    let fresh = |exchange: &&Exchange| (exchange.name.clone(), Outcome::AsTheFileSays);
    let mut outcomes: Outcomes = played.iter().map(fresh).collect();
    if played.is_empty() {
        return outcomes;
    }
    for version in &list.over {
        let stage = start(topic);
        let mut unplayed = 0;
        for (exchange, (_, outcome)) in played.iter().zip(&mut outcomes) {
            if exchange.over.contains(version) {
                let patience = match (way, list.of(name, &exchange.name)) {
                    (Way::Blessed, _) | (Way::Tested, Some(AtGt::Fewer)) => Patience::Short,
                    (Way::Foreign, _) => Patience::WhereAsExpected,
                    (Way::Tested, _) => Patience::Full,
                };
                let came = if way == Way::Foreign && unplayed >= MOST_UNPLAYED {
                    Outcome::Unplayed("left out: three before it did not come to an end".to_owned())
                } else {
                    one(list, &stage, exchange, *version, patience)
                };
                unplayed += usize::from(matches!(came, Outcome::Unplayed(_)));
                outcome.add(came);
            }
        }
        let ended = stage.close();
        match (ended, outcomes.last_mut()) {
            (Ok(()), _) => {}
            (Err(what), Some((_, last))) if way == Way::Foreign => {
                last.add(Outcome::Unplayed(what));
            }
            (Err(what), _) => panic!("{name}.json, at the end: {what}"),
        }
    }
    outcomes
}

fn one(
    list: &Deviations,
    stage: &Stage,
    exchange: &Exchange,
    version: Version,
    patience: Patience,
) -> Outcome {
    let came = match stage.try_play(exchange, version, patience) {
        Ok(came) => list.compared(&came),
        Err(why) => {
            let what = format!("{version:?}: {why}");
            return match why {
                Unplayable::SentMore(_) => Outcome::Otherwise {
                    gt: AtGt::Other,
                    what,
                },
                Unplayable::Hangs(_) => Outcome::Unplayed(what),
            };
        }
    };
    let expected = list.compared_of(exchange);
    let expected = if stage.keeps_records() {
        expected
    } else {
        without_records(&expected)
    };
    let lines = differences(&expected, version, &came);
    if lines.is_empty() {
        return Outcome::AsTheFileSays;
    }
    Outcome::Otherwise {
        gt: at_gt(&expected.steps, &came),
        what: format!("{version:?}:\n{}", lines.join("\n")),
    }
}

/// What GT saw, beside what it was to see.
fn at_gt(expected: &[Step], came: &[Step]) -> AtGt {
    let (expected, came) = (gt_saw(expected), gt_saw(came));
    if expected == came {
        return AtGt::Same;
    }
    let mut left = expected.into_iter();
    let is_part = came.iter().all(|one| left.any(|other| other == *one));
    if is_part { AtGt::Fewer } else { AtGt::Other }
}

impl Outcome {
    /// What GT saw, if it is otherwise.
    const fn gt(&self) -> Option<AtGt> {
        match self {
            Self::Otherwise { gt, .. } => Some(*gt),
            Self::AsTheFileSays | Self::Unplayed(_) => None,
        }
    }

    /// With what came over one more version.
    fn add(&mut self, other: Self) {
        *self = match (std::mem::replace(self, Self::AsTheFileSays), other) {
            (Self::AsTheFileSays, other) => other,
            (one, Self::AsTheFileSays) => one,
            (Self::Unplayed(what), _) | (_, Self::Unplayed(what)) => Self::Unplayed(what),
            (
                Self::Otherwise { gt, what },
                Self::Otherwise {
                    gt: other,
                    what: more,
                },
            ) => Self::Otherwise {
                gt: gt.max(other),
                what: format!("{what}\n{more}"),
            },
        };
    }
}
