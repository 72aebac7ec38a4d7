//! One turn of one contender, measured by wrk.

use std::process::Command;

use anyhow::{Context as _, ensure};

use super::contender::Contender;

/// What one turn gave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) errors: u64,
}

pub(super) fn measure(
    contender: &Contender,
    connections: u32,
    seconds: u32,
) -> anyhow::Result<Sample> {
    let output = Command::new("wrk")
        .args([
            "-t1",
            "--latency",
            &format!("-c{connections}"),
            &format!("-d{seconds}s"),
        ])
        .args([
            "-s",
            &contender.script.display().to_string(),
            &contender.url,
        ])
        .env("BENCH_KEY", contender.key)
        .output()
        .context("cannot run wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "wrk failed for {}: {text}",
        contender.name
    );
    read(&text).with_context(|| format!("cannot read what wrk says of {}: {text}", contender.name))
}

fn read(text: &str) -> Option<Sample> {
    let after = |label: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(label))?;
        line.split_whitespace().next()
    };
    let bad_statuses = after("Non-2xx or 3xx responses:").map_or(Some(0), |word| word.parse().ok());
    Some(Sample {
        per_second: after("Requests/sec:")?.parse().ok()?,
        p50_us: microseconds(after("50%")?)?,
        p99_us: microseconds(after("99%")?)?,
        errors: bad_statuses?,
    })
}

/// wrk prints `123.00us`, `1.20ms` or `1.02s`.
fn microseconds(text: &str) -> Option<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7)];
    let (number, unit) = units
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    Some(number.parse::<f64>().ok()? * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_read_in_every_unit() {
        assert_eq!(microseconds("123.00us"), Some(123.0));
        assert_eq!(microseconds("1.25ms"), Some(1250.0));
        assert_eq!(microseconds("2.00s"), Some(2e6));
        assert_eq!(microseconds("x"), None);
    }
}
