//! One table as an SVG: throughput as a ratio with its interval, and latencies on a logarithmic
//! scale. Readable on light and on dark ground.

use std::fmt::Write as _;

use super::{
    markdown::{milliseconds, significant},
    report::{Ratio, Row, Table},
};

/// The plot of a table; the ratios are to the first of the baselines that is in it.
pub(super) fn svg(table: &Table, baselines: &[String]) -> String {
    let baseline = baselines.iter().find_map(|name| table.baseline(name));
    let height = TOP + LINE * float(table.rows.len()) + BOTTOM;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n",
        escape(&table.title)
    );
    for (at, row) in table.rows.iter().enumerate() {
        let class = if row.name.starts_with("Signalbox") {
            "ours"
        } else {
            "name"
        };
        let y = middle(at);
        let _ = writeln!(
            text,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            RATIOS.0 - 10.0,
            y + 4.0,
            escape(&row.name)
        );
    }
    if let Some(baseline) = baseline {
        bars(&mut text, table, baseline);
    }
    latencies(&mut text, table);
    text + "</svg>\n"
}

fn bars(text: &mut String, table: &Table, baseline: &Row) {
    let ratios: Vec<(usize, Ratio)> = table
        .rows
        .iter()
        .enumerate()
        .filter_map(|(at, row)| Some((at, row.ratio_to(baseline, |sample| sample.per_second)?)))
        .collect();
    let highest = ratios
        .iter()
        .map(|(_, ratio)| {
            ratio
                .interval
                .map_or(ratio.median, |interval| interval.high)
        })
        .fold(1.0, f64::max);
    let scale = |ratio: f64| RATIOS.0 + ratio / highest * (RATIOS.1 - RATIOS.0 - VALUE);
    heading(
        text,
        RATIOS.0,
        &format!("requests per second, of {}", baseline.name),
    );
    for (at, ratio) in &ratios {
        let (y, end) = (middle(*at), scale(ratio.median));
        let _ = writeln!(
            text,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\"/>",
            RATIOS.0,
            y - 6.0,
            end - RATIOS.0
        );
        let mut right = end;
        if let Some(interval) = ratio.interval {
            let (low, high) = (scale(interval.low), scale(interval.high));
            let _ = writeln!(
                text,
                "<path class=\"line\" d=\"M{low:.1} {y:.1}H{high:.1}M{low:.1} {:.1}v8M{high:.1} {:.1}v8\"/>",
                y - 4.0,
                y - 4.0
            );
            right = high;
        }
        label(text, right + 6.0, y, &significant(ratio.median));
    }
    let one = scale(1.0);
    let bottom = TOP + LINE * float(table.rows.len());
    let _ = writeln!(
        text,
        "<path class=\"grid\" d=\"M{one:.1} {TOP}V{bottom}\"/>"
    );
}

fn latencies(text: &mut String, table: &Table) {
    let times: Vec<(f64, f64)> = table
        .rows
        .iter()
        .map(|row| {
            (
                row.median(|sample| sample.p50_us),
                row.median(|sample| sample.p99_us),
            )
        })
        .collect();
    let all = || {
        times
            .iter()
            .flat_map(|(p50, p99)| [*p50, *p99])
            .map(|time| time.max(1.0))
    };
    // From one power of ten to another.
    let low = all().fold(f64::MAX, f64::min).log10().floor();
    let high = all().fold(1.0, f64::max).log10().ceil().max(low + 1.0);
    let scale = |time: f64| {
        let part = (time.max(1.0).log10() - low) / (high - low);
        TIMES.0 + part * (TIMES.1 - TIMES.0 - VALUE)
    };
    heading(text, TIMES.0, "latency in ms: p50 ●, p99 ○");
    let bottom = TOP + LINE * float(table.rows.len());
    let mut power = low;
    while power <= high {
        let time = 10.0_f64.powf(power);
        let x = scale(time);
        let _ = writeln!(text, "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>");
        let _ = writeln!(
            text,
            "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 14.0,
            time / 1e3
        );
        power += 1.0;
    }
    for (at, (p50, p99)) in times.iter().enumerate() {
        let (y, first, second) = (middle(at), scale(*p50), scale(*p99));
        let _ = writeln!(
            text,
            "<path class=\"line\" d=\"M{first:.1} {y:.1}H{second:.1}\"/>\
             <circle class=\"p50\" cx=\"{first:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
             <circle class=\"p99\" cx=\"{second:.1}\" cy=\"{y:.1}\" r=\"4\"/>"
        );
        let shown = format!("{} · {}", milliseconds(*p50), milliseconds(*p99));
        label(text, second + 8.0, y, &shown);
    }
}

fn heading(text: &mut String, x: f64, words: &str) {
    let y = TOP - 10.0;
    let _ = writeln!(
        text,
        "<text class=\"head\" x=\"{x}\" y=\"{y}\">{}</text>",
        escape(words)
    );
}

fn label(text: &mut String, x: f64, y: f64, words: &str) {
    let y = y + 4.0;
    let _ = writeln!(
        text,
        "<text class=\"value\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>"
    );
}

fn middle(row: usize) -> f64 {
    TOP + LINE * (float(row) + 0.5)
}

fn escape(words: &str) -> String {
    words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows")]
fn float(count: usize) -> f64 {
    count as f64
}

const WIDTH: f64 = 880.0;
const TOP: f64 = 34.0;
const LINE: f64 = 24.0;
const BOTTOM: f64 = 24.0;
/// From where to where the two panels reach, and how much of that is for the figure behind.
const RATIOS: (f64, f64) = (150.0, 490.0);
const TIMES: (f64, f64) = (520.0, 875.0);
const VALUE: f64 = 90.0;

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#24292f}\
.ours{font-weight:bold}.head{font-weight:bold}.tick,.value{font-size:11px;fill:#57606a}\
.bar{fill:#7aa7d8}.line{stroke:#24292f;fill:none}.grid{stroke:#8c959f;stroke-dasharray:2 3;fill:none}\
.p50{fill:#0969da}.p99{fill:#fff;stroke:#0969da;stroke-width:2}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.tick,.value{fill:#9198a1}\
.bar{fill:#3d6fa5}.line{stroke:#e6edf3}.p50{fill:#58a6ff}.p99{fill:#0d1117;stroke:#58a6ff}}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::proxies::report::tests::sample_report;

    #[test]
    fn bars_are_as_long_as_their_ratios() {
        let report = sample_report();
        let text = svg(&report.tables[0], &report.baselines);
        let widths: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("\"bar\""))
            .filter_map(|line| line.split("width=\"").nth(1)?.split('"').next())
            .collect();
        assert_eq!(widths, ["250.0", "125.0"]);
    }

    #[test]
    fn latencies_stand_on_a_logarithmic_scale() {
        let report = sample_report();
        let text = svg(&report.tables[0], &report.baselines);
        // 0.1 ms to 10 ms: 100 µs is the left end, 1 ms the middle.
        assert!(
            text.contains("<circle class=\"p50\" cx=\"520.0\""),
            "{text}"
        );
        assert!(
            text.contains("<circle class=\"p99\" cx=\"652.5\""),
            "{text}"
        );
    }

    #[test]
    fn names_cannot_break_the_drawing() {
        let mut report = sample_report();
        report.tables[0].rows[1].name = "a<b & c".to_owned();
        let text = svg(&report.tables[0], &report.baselines);
        assert!(text.contains(">a&lt;b &amp; c</text>"));
        assert_eq!(text.matches("<svg").count(), 1);
        assert!(text.ends_with("</svg>\n"));
    }

    #[test]
    fn table_without_a_baseline_has_latencies_alone() {
        let report = sample_report();
        let text = svg(&report.tables[0], &[]);
        assert!(!text.contains("\"bar\"") && text.contains("\"p50\""));
    }
}
