//! A topic at a door that has a list of what is not as the files say.

use super::{
    Guests, Open,
    compare::{differences, gt_saw, without_records},
    deviations::{AtGt, Deviations},
    format::{Exchange, Step, Version},
    play::{Patience, Stage, Unplayable},
    topic::read,
};

/// Plays a topic at a door: what is not as the file says is on the door's list, and everything on the list is
/// not as the file says. With `BLESS=1` the list is written anew; the reasons of what is new on it are for a
/// person to give.
///
/// # Panics
/// If anything is on the wrong side.
pub fn play_door(door: &str, topic: &str, guests: &Guests, open: Open<'_>) {
    let is_blessed = std::env::var_os("BLESS").is_some();
    let list = Deviations::read(door);
    let outcomes = outcomes(&list, topic, guests, open, is_blessed);
    if is_blessed {
        Deviations::change(door, |list| bless(list, topic, &outcomes));
    }
    let list = Deviations::read(door);
    let wrong: Vec<_> = outcomes
        .iter()
        .filter_map(|(exchange, outcome)| {
            let what = wrong(&list, topic, exchange, outcome)?;
            Some(format!("{topic}.json, {exchange:?}\n{what}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
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

fn bless(list: &mut Deviations, topic: &str, outcomes: &Outcomes) {
    for (exchange, outcome) in outcomes {
        let (listed, gt) = (list.of(topic, exchange), outcome.gt());
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

fn outcomes(
    list: &Deviations,
    name: &str,
    guests: &Guests,
    open: Open<'_>,
    is_blessed: bool,
) -> Outcomes {
    let topic = read(name);
    let is_played = |exchange: &&Exchange| {
        let over = exchange.over.iter().any(|it| list.over.contains(it));
        over && !list.leaves_out(name, &exchange.name)
    };
    let played: Vec<_> = topic.exchanges.iter().filter(is_played).collect();
    let start = |exchange: &&Exchange| (exchange.name.clone(), Outcome::AsTheFileSays);
    let mut outcomes: Outcomes = played.iter().map(start).collect();
    if played.is_empty() {
        return outcomes;
    }
    for version in &list.over {
        let stage = Stage::open(&topic, guests, open);
        for (exchange, (_, outcome)) in played.iter().zip(&mut outcomes) {
            if exchange.over.contains(version) {
                let patience = match list.of(name, &exchange.name) {
                    _ if is_blessed => Patience::Short,
                    Some(AtGt::Fewer) => Patience::WhereAsExpected,
                    _ => Patience::Full,
                };
                outcome.add(one(list, &stage, exchange, *version, patience));
            }
        }
        if let Err(what) = stage.close() {
            panic!("{name}.json, at the end: {what}");
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
