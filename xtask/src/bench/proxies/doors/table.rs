//! A run as Markdown: doors in their order, each beside its bare proxy.

use std::fmt::Write as _;

use super::{
    super::{
        markdown::{conditions, milliseconds, ratio, significant, thousands},
        report::{Report, Row, Table},
    },
    list::{DOORS, Door},
};

/// How the run was made, and a table for each load.
pub(in crate::bench) fn page(report: &Report) -> String {
    format!("{}\n{}", conditions(report), all(report))
}

fn all(report: &Report) -> String {
    let mut text = String::new();
    for table in &report.tables {
        let _ = writeln!(text, "### Doors: {}\n\n{}", table.title, one(table));
    }
    for (name, reason) in &report.left_out {
        let _ = writeln!(text, "Left out: **{name}**: {reason}.\n");
    }
    text
}

fn one(table: &Table) -> String {
    let mut text = "| door | CPU µs/req | of the bare proxy's | at most | req/s | p50 ms | p99 ms | errors |\n\
                    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for door in &DOORS {
        let Some(row) = table.baseline(door.name) else {
            continue;
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            door.name,
            significant(row.median(|sample| sample.processor_us)),
            beside(door, row, table),
            door.bar.map(|bar| format!("{bar:.2}")).unwrap_or_default(),
            thousands(row.median(|sample| sample.per_second)),
            milliseconds(row.median(|sample| sample.p50_us)),
            milliseconds(row.median(|sample| sample.p99_us)),
            row.errors(),
        );
    }
    text
}

/// What it takes in terms of the bare proxy, in the same rounds.
fn beside(door: &Door, row: &Row, table: &Table) -> String {
    let bare = door.bare.and_then(|bare| table.baseline(bare));
    let compared = bare.and_then(|bare| row.ratio_to(bare, |sample| sample.processor_us));
    compared.map(ratio).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::proxies::report::tests::sample_report;

    #[test]
    fn a_door_stands_beside_its_bare_proxy_with_its_bar() {
        let mut report = sample_report();
        let rows = &mut report.tables[0].rows;
        rows[0].name = "Envoy".to_owned();
        rows[1].name = "Envoy with the module".to_owned();
        let text = all(&report);
        let rows = "| Envoy | 10.0 |  |  | 1,000 | 0.10 | 1.00 | 0 |\n\
                    | Envoy with the module | 20.0 | 2.00 [2.00, 2.00] | 1.35 | 500 | 0.20 | 2.00 | 0 |\n";
        assert!(text.contains(rows), "{text}");
        assert!(
            text.contains("### Doors: HTTP/1.1, 16 connections\n"),
            "{text}"
        );
    }
}
