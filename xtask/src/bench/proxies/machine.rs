//! Where and when a run was made, as far as the figures depend on it.

use std::{fs, process::Command, thread, time::Duration};

use super::bounded;
use crate::process::root;

/// Names and values, in the order in which they are shown. None of them names the machine.
pub(super) fn describe() -> Vec<(String, String)> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let facts = [
        ("date", said("date", &["-u", "+%Y-%m-%d"])),
        (
            "commit",
            said(
                "git",
                &["describe", "--always", "--dirty", "--exclude", "*"],
            ),
        ),
        ("processor", model(&read("/proc/cpuinfo"))),
        ("cores", cores.to_string()),
        ("memory", memory(&read("/proc/meminfo"))),
        (
            "kernel",
            read("/proc/sys/kernel/osrelease").trim().to_owned(),
        ),
        ("load before", load(&read("/proc/loadavg"))),
    ];
    facts
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    let said = bounded::output(&mut command, Duration::from_secs(10));
    said.unwrap_or_default().trim().to_owned()
}

fn model(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

fn memory(meminfo: &str) -> String {
    let kib = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.map_or_else(String::new, |kib| {
        format!("{} GiB", (kib + (1 << 19)) >> 20)
    })
}

/// The mean number of processes that ran or waited, over one minute and over five.
fn load(loadavg: &str) -> String {
    let first: Vec<&str> = loadavg.split_whitespace().take(2).collect();
    first.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_what_the_kernel_says() {
        assert_eq!(
            model("processor: 0\nmodel name\t: Some CPU @ 2 GHz\n"),
            "Some CPU @ 2 GHz"
        );
        assert_eq!(memory("MemTotal:       24640328 kB\n"), "23 GiB");
        assert_eq!(memory("MemTotal:       24951128 kB\n"), "24 GiB");
        assert_eq!(load("0.50 1.25 0.75 2/345 678\n"), "0.50, 1.25");
        assert_eq!((model(""), memory(""), load("")), Default::default());
    }
}
