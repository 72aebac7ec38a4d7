//! A report as JSON and back. Samples are columns, a number for each round.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Report, Row, Table};
use crate::bench::proxies::sample::Sample;

impl Report {
    pub(in crate::bench) fn to_json(&self) -> anyhow::Result<String> {
        let value = json!({
            "rounds": self.rounds,
            "seconds": self.seconds,
            "seed": self.seed,
            "machine": pairs_to_json(&self.machine),
            "versions": pairs_to_json(&self.versions),
            "baselines": self.baselines,
            "tables": self.tables.iter().map(table_to_json).collect::<Vec<_>>(),
            "left_out": pairs_to_json(&self.left_out),
        });
        Ok(serde_json::to_string_pretty(&value)? + "\n")
    }

    pub(in crate::bench) fn from_json(text: &str) -> anyhow::Result<Self> {
        let value: Value = serde_json::from_str(text)?;
        let read = || {
            let baselines = value.get("baselines")?.as_array()?.iter();
            Some(Self {
                rounds: value.get("rounds")?.as_u64()?.try_into().ok()?,
                seconds: value.get("seconds")?.as_u64()?.try_into().ok()?,
                seed: value.get("seed")?.as_u64()?,
                machine: pairs(value.get("machine")?)?,
                versions: pairs(value.get("versions")?)?,
                baselines: baselines.map(text_of).collect::<Option<_>>()?,
                tables: value
                    .get("tables")?
                    .as_array()?
                    .iter()
                    .map(table)
                    .collect::<Option<_>>()?,
                left_out: pairs(value.get("left_out")?)?,
            })
        };
        read().context("this is no report of the bench")
    }
}

fn table_to_json(table: &Table) -> Value {
    let rows: Vec<_> = table.rows.iter().map(row_to_json).collect();
    json!({"slug": table.slug, "title": table.title, "rows": rows})
}

fn table(value: &Value) -> Option<Table> {
    Some(Table {
        slug: text_of(value.get("slug")?)?,
        title: text_of(value.get("title")?)?,
        rows: value
            .get("rows")?
            .as_array()?
            .iter()
            .map(row)
            .collect::<Option<_>>()?,
    })
}

fn row_to_json(row: &Row) -> Value {
    let column = |figure: fn(&Sample) -> f64| -> Vec<f64> {
        row.samples
            .iter()
            .map(|sample| round(figure(sample)))
            .collect()
    };
    json!({
        "name": row.name,
        "requests_per_second": column(|sample| sample.per_second),
        "p50_us": column(|sample| sample.p50_us),
        "p99_us": column(|sample| sample.p99_us),
        "processor_us_per_request": column(|sample| sample.processor_us),
        "errors": row.samples.iter().map(|sample| sample.errors).collect::<Vec<_>>(),
    })
}

fn row(value: &Value) -> Option<Row> {
    let column = |name: &str| value.get(name)?.as_array();
    let per_second = column("requests_per_second")?;
    let (p50, p99) = (column("p50_us")?, column("p99_us")?);
    let (processor, errors) = (column("processor_us_per_request")?, column("errors")?);
    let sample = |at: usize| {
        Some(Sample {
            per_second: per_second.get(at)?.as_f64()?,
            p50_us: p50.get(at)?.as_f64()?,
            p99_us: p99.get(at)?.as_f64()?,
            processor_us: processor.get(at)?.as_f64()?,
            errors: errors.get(at)?.as_u64()?,
        })
    };
    Some(Row {
        name: text_of(value.get("name")?)?,
        samples: (0..per_second.len()).map(sample).collect::<Option<_>>()?,
    })
}

/// A list of pairs, since an object would lose their order.
fn pairs_to_json(pairs: &[(String, String)]) -> Value {
    pairs
        .iter()
        .map(|(name, value)| json!([name, value]))
        .collect()
}

fn pairs(value: &Value) -> Option<Vec<(String, String)>> {
    let pair = |pair: &Value| Some((text_of(pair.get(0)?)?, text_of(pair.get(1)?)?));
    value.as_array()?.iter().map(pair).collect()
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// No measurement here has a meaning beyond a hundredth.
fn round(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::proxies::report::tests::sample_report;

    #[test]
    fn report_survives_json() {
        let report = sample_report();
        let text = report.to_json().unwrap();
        assert_eq!(Report::from_json(&text).unwrap(), report);
    }

    #[test]
    fn other_json_is_no_report() {
        assert!(Report::from_json("{}").is_err());
        let cut = sample_report()
            .to_json()
            .unwrap()
            .replace("\"errors\"", "\"other\"");
        assert!(Report::from_json(&cut).is_err());
    }
}
