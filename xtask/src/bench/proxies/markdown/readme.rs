//! The few rows that the README has.

use std::fmt::Write as _;

use super::{
    ROUGH, columns,
    numbers::{milliseconds, significant, thousands},
};
use crate::bench::proxies::report::{Report, Row, Table};

/// Throughput and p99 at 1 and 16 connections.
pub(in crate::bench) fn readme_rows(report: &Report) -> String {
    let find = |slug: &str| report.tables.iter().find(|table| table.slug == slug);
    let (Some(one), Some(many)) = (find("http1-1"), find("http1-16")) else {
        return "The last run had no HTTP/1.1 with 1 and with 16 connections.\n".to_owned();
    };
    let mut text = README_HEAD.to_owned();
    for name in README {
        let row = |table: &Table| table.rows.iter().find(|row| row.name == name).cloned();
        let (Some(first), Some(second)) = (row(one), row(many)) else {
            continue;
        };
        let of = columns(many, &report.baselines);
        let of = of.iter().find(|column| column.title == "of HAProxy");
        let shown = if name == "Signalbox" {
            "**Signalbox**"
        } else {
            name
        };
        let _ = writeln!(
            text,
            "| {shown} | {} | {} | {} | {} µs |",
            speed_and_p99(&first),
            speed_and_p99(&second),
            of.map_or_else(String::new, |column| column.of(&second)),
            significant(second.median(|sample| sample.processor_us)),
        );
    }
    if report.is_rough() {
        let _ = writeln!(text, "\n{ROUGH}");
    }
    text
}

fn speed_and_p99(row: &Row) -> String {
    let (speed, p99) = (
        row.median(|sample| sample.per_second),
        row.median(|sample| sample.p99_us),
    );
    format!("{}, {} ms", thousands(speed), milliseconds(p99))
}

const README_HEAD: &str = "\
    | | 1 connection: req/s, p99 | 16 connections: req/s, p99 | of HAProxy (16) | CPU a request (16) |\n\
    | --- | ---: | ---: | ---: | ---: |\n";
const README: [&str; 5] = ["nginx", "HAProxy", "Signalbox", "Envoy", "LiteLLM"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::proxies::report::tests::sample_report;

    #[test]
    fn readme_gets_the_contenders_that_were_measured() {
        let mut report = sample_report();
        let mut one = report.tables[0].clone();
        one.slug = "http1-1".to_owned();
        report.tables.push(one);
        let rows = readme_rows(&report);
        assert_eq!(rows.lines().count(), 4, "{rows}");
        assert!(rows.ends_with(
            "| **Signalbox** | 500, 2.00 ms | 500, 2.00 ms | 0.50 [0.50, 0.50] | 20.0 µs |\n"
        ));
    }
}
