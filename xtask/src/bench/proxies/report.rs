//! Everything a run gave: what tables, plots and documents are made from.

mod json;

use super::{
    sample::Sample,
    statistics::{Interval, median, median_interval},
};

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Report {
    pub(super) rounds: u32,
    pub(super) seconds: u32,
    pub(super) seed: u64,
    /// Names and values, see `machine`.
    pub(super) machine: Vec<(String, String)>,
    /// Contenders and their versions.
    pub(super) versions: Vec<(String, String)>,
    /// Contenders that others are compared with, each in the column of that name.
    pub(super) baselines: Vec<String>,
    pub(super) tables: Vec<Table>,
    /// Contenders that are not in the tables, or not in this one, and why.
    pub(super) left_out: Vec<(String, String)>,
}

/// One kind of load, sent to several contenders in turns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

/// One contender under one load, a sample of each round.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) samples: Vec<Sample>,
}

/// A ratio of two contenders' figures: its median over the rounds, and where the true median is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratio {
    pub(super) median: f64,
    /// `None` if the rounds are too few to tell.
    pub(super) interval: Option<Interval>,
}

impl Report {
    /// Too few rounds, or too short, to be quoted.
    pub(super) fn is_rough(&self) -> bool {
        self.rounds < ROUNDS || self.seconds < SECONDS
    }
}

impl Table {
    /// The row that a column compares with: in a table of contenders with TLS, the one with TLS.
    pub(super) fn baseline(&self, name: &str) -> Option<&Row> {
        let tls = format!("{name}{}", super::peers::TLS);
        self.rows
            .iter()
            .find(|row| row.name == name || row.name == tls)
    }
}

impl Row {
    pub(super) fn median(&self, figure: fn(&Sample) -> f64) -> f64 {
        let figures: Vec<f64> = self.samples.iter().map(figure).collect();
        median(&figures).unwrap_or_default()
    }

    pub(super) fn errors(&self) -> u64 {
        self.samples.iter().map(|sample| sample.errors).sum()
    }

    /// Each round's ratio is of two neighbours in time: what else the machine did meets both.
    pub(super) fn ratio_to(&self, baseline: &Self, figure: fn(&Sample) -> f64) -> Option<Ratio> {
        let pairs = self.samples.iter().zip(&baseline.samples);
        let ratios: Vec<f64> = pairs
            .map(|(own, other)| figure(own) / figure(other))
            .collect();
        Some(Ratio {
            median: median(&ratios)?,
            interval: median_interval(&ratios),
        })
    }
}

/// Whom everybody is compared with; a first of several builds comes after them.
pub(super) const PEER_BASELINES: [&str; 2] = ["HAProxy", "nginx"];

/// What a run has if nothing else is said, and the least that is quoted.
pub(super) const ROUNDS: u32 = 11;
pub(super) const SECONDS: u32 = 3;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two contenders, the second half as fast in each round, whatever the machine does meanwhile.
    pub(in crate::bench) fn sample_report() -> Report {
        let noise = [
            1000.0, 500.0, 2000.0, 900.0, 1100.0, 1000.0, 950.0, 1050.0, 700.0, 1300.0, 1000.0,
        ];
        let row = |name: &str, factor: f64| Row {
            name: name.to_owned(),
            samples: noise
                .iter()
                .map(|speed| Sample {
                    per_second: speed * factor,
                    p50_us: 100.0 / factor,
                    p99_us: 1000.0 / factor,
                    processor_us: 10.0 / factor,
                    errors: 0,
                })
                .collect(),
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Report {
            rounds: ROUNDS,
            seconds: SECONDS,
            seed: 1,
            machine: vec![pair("cores", "2")],
            versions: vec![pair("HAProxy", "2.6.12"), pair("Signalbox", "0.1.0")],
            baselines: vec!["HAProxy".to_owned()],
            tables: vec![Table {
                slug: "http1-16".to_owned(),
                title: "HTTP/1.1, 16 connections".to_owned(),
                rows: vec![row("HAProxy", 1.0), row("Signalbox", 0.5)],
            }],
            left_out: vec![pair("Plecto", "no `plecto` is on the path")],
        }
    }

    #[test]
    fn noise_that_meets_both_is_not_in_their_ratio() {
        let report = sample_report();
        let [baseline, row] = &report.tables[0].rows[..] else {
            panic!("two rows")
        };
        let ratio = row.ratio_to(baseline, |sample| sample.per_second).unwrap();
        assert_eq!(ratio.median, 0.5);
        assert_eq!(
            ratio.interval,
            Some(Interval {
                low: 0.5,
                high: 0.5
            })
        );
        assert_eq!(baseline.median(|sample| sample.per_second), 1000.0);
    }

    #[test]
    fn contenders_with_tls_are_compared_with_one_with_tls() {
        let mut report = sample_report();
        let table = &mut report.tables[0];
        table.rows[0].name = "HAProxy TLS".to_owned();
        assert!(table.baseline("HAProxy").is_some());
        assert!(table.baseline("nginx").is_none());
    }

    #[test]
    fn few_rounds_and_short_ones_are_rough() {
        let report = sample_report();
        assert!(!report.is_rough());
        assert!(
            Report {
                rounds: 10,
                ..report.clone()
            }
            .is_rough()
        );
        assert!(
            Report {
                seconds: 1,
                ..report
            }
            .is_rough()
        );
    }
}
