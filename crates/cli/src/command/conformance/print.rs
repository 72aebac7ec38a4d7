//! What became of the exchanges, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};
use signalbox_cases::Counts;
use signalbox_conformance::Verdict;

use super::Played;
use crate::{command::test::junit as xml, show};

/// What is wrong, then how many of each kind.
pub(super) fn text(played: &[Played]) -> String {
    let mut text = String::new();
    for Played { file, verdicts } in played {
        for (exchange, verdict) in verdicts {
            if let Verdict::Wrong(what) = verdict {
                let exchange = show::plain(exchange);
                let _ = writeln!(text, "WRONG    {file}: {exchange}");
                for line in what.lines() {
                    let _ = writeln!(text, "         {}", show::plain(line));
                }
            }
        }
    }
    let all = played.iter().flat_map(|file| &file.verdicts);
    let counts = counts(all.map(|(_, verdict)| verdict));
    let files = played.len();
    let _ = write!(
        text,
        "{files} files: {} as expected, {} wrong, {} not played",
        counts.passed, counts.failed, counts.skipped
    );
    text
}

pub(super) fn json(played: &[Played]) -> Value {
    let files = played.iter().map(|Played { file, verdicts }| {
        let exchanges = verdicts.iter().map(|(name, verdict)| {
            let (outcome, why) = match verdict {
                Verdict::Equal => ("equal", None),
                Verdict::Allowed(why) => ("allowed", Some(why)),
                Verdict::NotPlayed(why) => ("not_played", Some(why)),
                Verdict::Wrong(what) => ("wrong", Some(what)),
            };
            json!({"name": name, "outcome": outcome, "why": why})
        });
        json!({"file": file, "exchanges": exchanges.collect::<Vec<_>>()})
    });
    Value::Array(files.collect())
}

/// A suite for each file.
pub(super) fn junit(played: &[Played]) -> anyhow::Result<String> {
    xml::suites("signalbox conformance", |xml| {
        played.iter().try_for_each(|Played { file, verdicts }| {
            let counts = counts(verdicts.iter().map(|(_, verdict)| verdict));
            xml::suite(xml, file, verdicts.len(), counts, |xml| {
                verdicts.iter().try_for_each(|(name, verdict)| {
                    let outcome = match verdict {
                        Verdict::Equal | Verdict::Allowed(_) => None,
                        Verdict::NotPlayed(why) => Some(("skipped", why.clone())),
                        Verdict::Wrong(what) => Some(("failure", what.clone())),
                    };
                    xml::test_case(xml, file, name, outcome)
                })
            })
        })
    })
}

fn counts<'v>(verdicts: impl Iterator<Item = &'v Verdict>) -> Counts {
    let mut counts = Counts::default();
    for verdict in verdicts {
        match verdict {
            Verdict::Equal | Verdict::Allowed(_) => counts.passed += 1,
            Verdict::NotPlayed(_) => counts.skipped += 1,
            Verdict::Wrong(_) => counts.failed += 1,
        }
    }
    counts
}
