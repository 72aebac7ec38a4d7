//! h2load, which sends HTTP/2, and HTTP/1.1 at a pace. It prints no percentiles, so they are taken from its log: a line for
//! each request with its begin, its status and its microseconds.

use std::{fs, path::Path, process::Command};

use super::{
    contender::Contender,
    load::{Load, Protocol},
    sample::{Sample, Turn},
    statistics::percentile,
};

pub(super) fn command(contender: &Contender, load: Load, seconds: u32, log: &Path) -> Command {
    // It appends to a log that is there.
    let _ = fs::remove_file(log);
    let mut h2load = Command::new("h2load");
    let at_once = load.at_once;
    match load.protocol {
        Protocol::Http2 => h2load.args(["-c1".to_owned(), format!("-m{at_once}")]),
        Protocol::Http1 | Protocol::Tls => h2load.args(["--h1".to_owned(), format!("-c{at_once}")]),
    };
    if let Some(pace) = load.pace {
        h2load.arg(format!("--rps={pace}"));
    }
    h2load
        .args(["-t1", &format!("-D{seconds}")])
        .arg(format!("--log-file={}", log.display()))
        .args(["-H", "content-type: application/json"])
        .args(["-H", &format!("accept: {}", load.exchange.accept())])
        .args(["-H", &format!("authorization: Bearer {}", contender.key)])
        .arg("-d")
        .arg(contender.body(load.exchange))
        .arg(contender.url(load.exchange));
    h2load
}

/// What it prints, and its log.
pub(super) fn read(text: &str, log: &str, seconds: u32) -> Option<Turn> {
    let line = |label: &str| text.lines().find_map(|line| line.strip_prefix(label));
    let (requests, statuses) = (line("requests: ")?, line("status codes: ")?);
    let (done, good) = (count(requests, "done")?, count(statuses, "2xx")?);
    let lost = count(requests, "failed")? + count(requests, "errored")?;
    let mut times: Vec<u32> = log
        .lines()
        .filter_map(|line| line.split('\t').nth(2)?.parse().ok())
        .collect();
    times.sort_unstable();
    Some(Turn {
        requests: f64::from(done),
        sample: Sample {
            per_second: f64::from(done) / f64::from(seconds),
            p50_us: f64::from(percentile(&times, 0.5)?),
            p99_us: f64::from(percentile(&times, 0.99)?),
            processor_us: 0.0,
            errors: u64::from(lost.max(done.saturating_sub(good))),
        },
    })
}

/// Of `3 total, 2 done` the number of those that are done.
fn count(line: &str, what: &str) -> Option<u32> {
    let mut counts = line.split(", ").filter_map(|part| part.split_once(' '));
    counts.find(|(_, of)| *of == what)?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "finished in 2.00s, 34631.50 req/s, 2.81MB/s\n\
        requests: 100 total, 116 started, 100 done, 97 succeeded, 3 failed, 1 errored, 0 timeout\n\
        status codes: 97 2xx, 0 3xx, 1 4xx, 2 5xx\n\
        time for request:       46us      5.47ms       390us       185us    87.59%\n";

    #[test]
    fn turn_is_read_from_what_h2load_prints_and_logs() {
        let log: String = (1..=100)
            .rev()
            .map(|time| format!("1795940886430597\t200\t{time}\n"))
            .collect();
        let sample = Sample {
            per_second: 50.0,
            p50_us: 50.0,
            p99_us: 99.0,
            processor_us: 0.0,
            errors: 4,
        };
        let requests = 100.0;
        assert_eq!(read(TEXT, &log, 2), Some(Turn { requests, sample }));
    }

    #[test]
    fn run_without_requests_is_no_turn() {
        assert_eq!(read(TEXT, "", 2), None);
        assert_eq!(read("could not connect", "1\t200\t3\n", 2), None);
    }
}
