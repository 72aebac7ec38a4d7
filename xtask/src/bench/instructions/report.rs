//! What was counted, for people and for programs, and whether it may be more than it was.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    profile::Counts,
    workloads::{Setup, Workload},
};

/// One workload before and after.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) workload: Workload,
    pub(super) setup: Setup,
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

    /// The one of fewer instructions: what a busy machine adds, by waking threads at other moments, is
    /// never less than nothing.
    pub(super) fn least(self, other: Self) -> Self {
        if other.instructions < self.instructions {
            other
        } else {
            self
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
    pub(super) fn name(&self) -> String {
        format!("{} over {}", self.workload.name, self.setup.name())
    }

    /// Instructions after, as a share of those before.
    pub(super) fn ratio(&self) -> f64 {
        self.head.instructions / self.base.instructions
    }

    /// Whether instructions rose by more than so many percent.
    pub(super) fn has_risen(&self, percent: f64) -> bool {
        // What is no number is no proof that nothing rose.
        self.ratio().is_nan() || self.ratio() > 1.0 + percent / 100.0
    }

    /// What was counted in other processes is added: of each side the fewest instructions stand.
    pub(super) fn add(&mut self, again: &Self) {
        self.base = self.base.least(again.base);
        self.head = self.head.least(again.head);
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
            row.workload.name,
            row.setup.name(),
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
                "workload": row.workload.name,
                "over": row.setup.name(),
                "base": row.base.json(),
                "head": row.head.json(),
                "ratio": row.ratio(),
            })
        })
        .collect();
    json!({"base": base, "head": head, "rows": rows})
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
    use super::{super::workloads::chosen, *};

    fn row(base: f64, head: f64) -> Row {
        let with = |instructions| PerRequest {
            instructions,
            mallocs: 57.0,
            ..PerRequest::default()
        };
        Row {
            workload: chosen(Setup::Http1, &["chat-small".to_owned()], false)[0],
            setup: Setup::Http1,
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
        assert!(row(1000.0, 1031.0).has_risen(3.0));
        assert!(!row(1000.0, 1031.0).has_risen(4.0));
        assert!(!row(1000.0, 1029.0).has_risen(3.0));
        assert!(!row(1000.0, 500.0).has_risen(3.0));
        assert!(row(0.0, 0.0).has_risen(3.0));
    }

    #[test]
    fn rise_is_one_if_it_is_counted_twice() {
        let mut once = row(1000.0, 1031.0);
        once.add(&row(1001.0, 1001.0));
        assert!(!once.has_risen(3.0));
        let mut twice = row(1000.0, 1031.0);
        twice.add(&row(1002.0, 1035.0));
        assert_eq!(twice, row(1000.0, 1031.0));
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
