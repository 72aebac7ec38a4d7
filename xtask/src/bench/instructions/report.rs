//! What was counted, for people and for programs, and whether it may be more than it was.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::profile::Counts;

/// One workload before and after.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) workload: &'static str,
    pub(super) over: &'static str,
    pub(super) base: PerRequest,
    pub(super) head: PerRequest,
}

/// What one request takes, on average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct PerRequest {
    pub(super) instructions: f64,
    pub(super) mallocs: f64,
    pub(super) system_calls: f64,
    pub(super) clock_reads: f64,
}

impl PerRequest {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of one run are far below 2^52"
    )]
    pub(super) fn new(counts: Counts, requests: u32) -> Self {
        let each = |count: u64| count as f64 / f64::from(requests.max(1));
        Self {
            instructions: each(counts.instructions),
            mallocs: each(counts.mallocs),
            system_calls: each(counts.system_calls),
            clock_reads: each(counts.clock_reads),
        }
    }

    fn json(self) -> Value {
        json!({
            "instructions": self.instructions,
            "mallocs": self.mallocs,
            "system_calls": self.system_calls,
            "clock_reads": self.clock_reads,
        })
    }
}

impl Row {
    /// Instructions after, as a share of those before.
    pub(super) fn ratio(&self) -> f64 {
        self.head.instructions / self.base.instructions
    }
}

/// A table in Markdown.
pub(super) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| workload | over | instructions: base | here | ratio | mallocs | system calls | clock reads |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for row in rows {
        let (base, head) = (row.base, row.head);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.3} | {} | {} | {} |",
            row.workload,
            row.over,
            Short(base.instructions),
            Short(head.instructions),
            row.ratio(),
            Change(base.mallocs, head.mallocs),
            Change(base.system_calls, head.system_calls),
            Change(base.clock_reads, head.clock_reads),
        );
    }
    text
}

/// All of it, not rounded.
pub(super) fn json(base: &str, head: &str, rows: &[Row]) -> Value {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "workload": row.workload,
                "over": row.over,
                "base": row.base.json(),
                "head": row.head.json(),
                "ratio": row.ratio(),
            })
        })
        .collect();
    json!({"base": base, "head": head, "rows": rows})
}

/// The rows whose instructions rose by more than so many percent.
pub(super) fn risen(rows: &[Row], percent: f64) -> Vec<&Row> {
    let most = 1.0 + percent / 100.0;
    // What is no number is no proof that nothing rose.
    let may = |row: &&Row| row.ratio().is_nan() || row.ratio() > most;
    rows.iter().filter(may).collect()
}

struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < 1e6 {
            write!(f, "{:.1}k", self.0 / 1e3)
        } else {
            write!(f, "{:.2}M", self.0 / 1e6)
        }
    }
}

struct Change(f64, f64);

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (before, after) = (format!("{:.1}", self.0), format!("{:.1}", self.1));
        if before == after {
            f.write_str(&after)
        } else {
            write!(f, "{before} → {after}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(base: f64, head: f64) -> Row {
        let with = |instructions| PerRequest {
            instructions,
            mallocs: 57.0,
            ..PerRequest::default()
        };
        Row {
            workload: "chat-small",
            over: "HTTP/1.1",
            base: with(base),
            head: with(head),
        }
    }

    #[test]
    fn counts_are_divided_by_the_requests() {
        let counts = Counts {
            instructions: 3000,
            mallocs: 15,
            system_calls: 6,
            clock_reads: 1,
        };
        let each = PerRequest::new(counts, 4);
        assert_eq!(
            [
                each.instructions,
                each.mallocs,
                each.system_calls,
                each.clock_reads
            ],
            [750.0, 3.75, 1.5, 0.25]
        );
    }

    #[test]
    fn only_a_rise_above_what_is_allowed_is_one() {
        let rows = [row(1000.0, 1031.0), row(1000.0, 1029.0), row(1000.0, 500.0)];
        assert_eq!(risen(&rows, 3.0), [&rows[0]]);
        assert!(risen(&rows, 4.0).is_empty());
        assert_eq!(risen(&[row(0.0, 0.0)], 3.0).len(), 1);
    }

    #[test]
    fn table_shows_what_changed_and_what_did_not() {
        let table = table(&[row(197_000.0, 1_970_000.0)]);
        let line = "| chat-small | HTTP/1.1 | 197.0k | 1.97M | 10.000 | 57.0 | 0.0 | 0.0 |";
        assert_eq!(table.lines().last(), Some(line));
        assert_eq!(Change(57.0, 40.5).to_string(), "57.0 → 40.5");
    }

    #[test]
    fn json_has_every_figure_of_both() {
        let json = json("aaaa", "bbbb", &[row(1000.0, 1100.0)]);
        assert_eq!(json["rows"][0]["ratio"], 1.1);
        assert_eq!(json["rows"][0]["base"]["mallocs"], 57.0);
        assert_eq!(json["base"], "aaaa");
    }
}
