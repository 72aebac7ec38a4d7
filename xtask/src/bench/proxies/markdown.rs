//! A report as Markdown: tables of medians, and what has to be known to read them.

mod numbers;
mod readme;

use std::fmt::Write as _;

use super::{
    report::{PEER_BASELINES, Report, Row, Table},
    sample::Sample,
    statistics::coverage,
};

pub(super) use numbers::{milliseconds, ratio, significant, thousands};
pub(super) use readme::readme_rows;

/// The tables, each with its plot if `plots` says where plots are.
pub(super) fn tables(report: &Report, plots: Option<&str>) -> String {
    let mut text = String::new();
    for table in &report.tables {
        let _ = writeln!(
            text,
            "### {}\n\n{}",
            table.title,
            table_of(table, &report.baselines)
        );
        if let Some(folder) = plots {
            let _ = writeln!(text, "![{}]({folder}/{}.svg)\n", table.title, table.slug);
        }
    }
    for (name, reason) in &report.left_out {
        let _ = writeln!(text, "Left out: **{name}**: {reason}.\n");
    }
    text
}

/// How the run was made, in front of the tables.
pub(super) fn conditions(report: &Report) -> String {
    let mut text = String::new();
    if report.is_rough() {
        let _ = writeln!(text, "**{ROUGH}**\n");
    }
    let _ = writeln!(
        text,
        "{} rounds of {} s for each contender and table, in an order shuffled anew for each round (seed {}). \
         Figures are medians over the rounds. {}\n",
        report.rounds,
        report.seconds,
        report.seed,
        interval_sentence(report.rounds),
    );
    let machine = report
        .machine
        .iter()
        .map(|(name, value)| format!("{name}: {value}"));
    let versions = report
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    let _ = writeln!(
        text,
        "Machine: {}.\n",
        machine.collect::<Vec<_>>().join(" · ")
    );
    let _ = writeln!(
        text,
        "Versions: {}.",
        versions.collect::<Vec<_>>().join(" · ")
    );
    text
}

const ROUGH: &str =
    "This run was short: its figures show that the bench works, and are not to be quoted.";

fn interval_sentence(rounds: u32) -> String {
    let coverage = usize::try_from(rounds).ok().and_then(coverage);
    coverage.map_or_else(
        || "So few rounds give no interval.".to_owned(),
        |coverage| {
            format!(
                "In brackets is where the true median of a ratio lies, with {:.1} %.",
                coverage * 100.0
            )
        },
    )
}

fn table_of(table: &Table, baselines: &[String]) -> String {
    let columns = columns(table, baselines);
    let mut text = "| contender | req/s | p50 ms | p99 ms | CPU µs/req |".to_owned();
    for column in &columns {
        let _ = write!(text, " {} |", column.title);
    }
    text += " errors |\n| --- | ---: | ---: | ---: | ---: |";
    text += &" ---: |".repeat(columns.len() + 1);
    text.push('\n');
    for row in &table.rows {
        let _ = write!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.name,
            thousands(row.median(|sample| sample.per_second)),
            milliseconds(row.median(|sample| sample.p50_us)),
            milliseconds(row.median(|sample| sample.p99_us)),
            significant(row.median(|sample| sample.processor_us)),
        );
        for column in &columns {
            let _ = write!(text, " {} |", column.of(row));
        }
        let _ = writeln!(text, " {} |", row.errors());
    }
    text
}

/// What one row is in terms of another.
struct Column<'a> {
    title: String,
    baseline: &'a Row,
    figure: fn(&Sample) -> f64,
}

impl Column<'_> {
    fn of(&self, row: &Row) -> String {
        if row.name == self.baseline.name {
            return "1".to_owned();
        }
        let compared = row.ratio_to(self.baseline, self.figure);
        compared.map_or_else(String::new, ratio)
    }
}

/// Throughput to every baseline, and processor time to one that is a build of our own: what a change
/// costs shows there first.
fn columns<'a>(table: &'a Table, baselines: &[String]) -> Vec<Column<'a>> {
    let mut columns = Vec::new();
    for (at, name) in baselines.iter().enumerate() {
        let Some(baseline) = table.baseline(name) else {
            continue;
        };
        let mut add = |title: String, figure| {
            columns.push(Column {
                title,
                baseline,
                figure,
            });
        };
        add(format!("of {name}"), |sample| sample.per_second);
        if at >= PEER_BASELINES.len() {
            add(format!("CPU of {name}"), |sample| sample.processor_us);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::proxies::report::tests::sample_report;

    #[test]
    fn table_has_medians_ratios_and_who_is_left_out() {
        let text = tables(&sample_report(), Some("plots"));
        assert_eq!(
            text,
            "### HTTP/1.1, 16 connections\n\n\
             | contender | req/s | p50 ms | p99 ms | CPU µs/req | of HAProxy | errors |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n\
             | HAProxy | 1,000 | 0.10 | 1.00 | 10.0 | 1 | 0 |\n\
             | Signalbox | 500 | 0.20 | 2.00 | 20.0 | 0.50 [0.50, 0.50] | 0 |\n\n\
             ![HTTP/1.1, 16 connections](plots/http1-16.svg)\n\n\
             Left out: **Plecto**: no `plecto` is on the path.\n\n"
        );
    }

    #[test]
    fn builds_are_compared_in_processor_time_too() {
        let mut report = sample_report();
        report.baselines = ["HAProxy", "nginx", "Signalbox"].map(str::to_owned).into();
        let text = tables(&report, None);
        assert!(
            text.contains(" of HAProxy | of Signalbox | CPU of Signalbox |"),
            "{text}"
        );
        let row = "| HAProxy | 1,000 | 0.10 | 1.00 | 10.0 | 1 | 2.00 [2.00, 2.00] | 0.50 [0.50, 0.50] | 0 |";
        assert!(text.contains(row), "{text}");
    }

    #[test]
    fn short_runs_say_that_they_are() {
        let mut report = sample_report();
        assert!(conditions(&report).contains("with 98.8 %"));
        assert!(!conditions(&report).contains(ROUGH));
        report.rounds = 5;
        assert!(conditions(&report).contains(ROUGH));
        assert!(conditions(&report).contains("no interval"));
    }
}
