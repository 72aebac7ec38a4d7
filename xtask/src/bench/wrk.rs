//! One turn of one contender, measured by wrk.

use std::{process::Command, time::Duration};

use anyhow::{Context as _, ensure};

use super::contender::Contender;

/// What one turn gave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    /// Processor time of the proxy for each request.
    pub(super) processor_us: f64,
    pub(super) errors: u64,
}

pub(super) fn measure(
    contender: &Contender,
    connections: u32,
    seconds: u32,
) -> anyhow::Result<Sample> {
    let before = contender.processor_time();
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
    let spent = contender.processor_time().saturating_sub(before);
    read(&text, spent)
        .with_context(|| format!("cannot read what wrk says of {}: {text}", contender.name))
}

fn read(text: &str, spent: Duration) -> Option<Sample> {
    let requests = text
        .lines()
        .find_map(|line| line.split_once(" requests in "))?;
    let requests: f64 = requests.0.trim().parse().ok()?;
    let after = |label: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(label))?;
        line.split_whitespace().next()
    };
    let bad_statuses: Option<u64> =
        after("Non-2xx or 3xx responses:").map_or(Some(0), |word| word.parse().ok());
    Some(Sample {
        per_second: after("Requests/sec:")?.parse().ok()?,
        p50_us: microseconds(after("50%")?)?,
        p99_us: microseconds(after("99%")?)?,
        processor_us: spent.as_secs_f64() * 1e6 / requests.max(1.0),
        errors: bad_statuses? + socket_errors(text),
    })
}

/// Of a line `Socket errors: connect 0, read 0, write 0, timeout 0`, which is there if one is not.
fn socket_errors(text: &str) -> u64 {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("Socket errors:"))
        .flat_map(|line| line.split([' ', ',']))
        .filter_map(|word| word.parse::<u64>().ok())
        .sum()
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
    fn turn_is_read_from_what_wrk_prints() {
        let text = "Running 3s test @ http://127.0.0.1:1/\n  1 threads and 1 connections\n  \
            Latency Distribution\n     50%  677.00us\n     75%  770.00us\n     90%    0.90ms\n     \
            99%    1.98ms\n  1000 requests in 4.10s, 43.24MB read\n  \
            Socket errors: connect 0, read 2, write 0, timeout 1\n  \
            Non-2xx or 3xx responses: 7\nRequests/sec:  22566.10\nTransfer/sec:     10.55MB\n";
        let sample = read(text, Duration::from_millis(30)).unwrap();
        assert_eq!(sample.errors, 10);
        assert_eq!(
            [
                sample.per_second,
                sample.p50_us,
                sample.p99_us,
                sample.processor_us
            ],
            [22566.10, 677.0, 1980.0, 30.0]
        );
        assert!(read("connection refused", Duration::ZERO).is_none());
    }

    #[test]
    fn latencies_are_read_in_every_unit() {
        assert_eq!(microseconds("123.00us"), Some(123.0));
        assert_eq!(microseconds("1.25ms"), Some(1250.0));
        assert_eq!(microseconds("2.00s"), Some(2e6));
        assert_eq!(microseconds("x"), None);
    }
}
