//! What callgrind writes: for each thread a file with the cost of every function and every call.
//!
//! The format is in Valgrind's manual, "Callgrind Format Specification". A function has a number and,
//! where it comes first, its name. Lines with costs begin with a position; the one after a `calls=`
//! line is what the callee cost, which is counted where the callee is.

use std::{collections::HashMap, ops::AddAssign};

/// What a thread, or all of them, did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) instructions: u64,
    /// Calls that get memory.
    pub(super) mallocs: u64,
    /// Without looks at the clock, which are none outside Valgrind: there the kernel maps the clock
    /// into the process.
    pub(super) system_calls: u64,
    pub(super) clock_reads: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.instructions += other.instructions;
        self.mallocs += other.mallocs;
        self.system_calls += other.system_calls;
        self.clock_reads += other.clock_reads;
    }
}

impl Counts {
    /// Reads a file; `None` if it is no profile of instructions and system calls.
    pub(super) fn read(text: &str) -> Option<Self> {
        let events = text
            .lines()
            .find_map(|line| line.strip_prefix("events: "))?;
        let column = |name| events.split(' ').position(|event| event == name);
        let columns = (column("Ir")?, column("sysCount")?);
        let mut reader = Reader::default();
        for line in text.lines() {
            reader.line(line, columns)?;
        }
        Some(reader.counts)
    }
}

#[derive(Default)]
struct Reader<'a> {
    names: HashMap<&'a str, &'a str>,
    counts: Counts,
    function: &'a str,
    callee: &'a str,
    is_of_callee: bool,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &'a str, (ir, system): (usize, usize)) -> Option<()> {
        if let Some(named) = line.strip_prefix("fn=") {
            self.function = self.name(named)?;
        } else if let Some(named) = line.strip_prefix("cfn=") {
            self.callee = self.name(named)?;
        } else if let Some(calls) = line.strip_prefix("calls=") {
            let count: u64 = calls.split(' ').next()?.parse().ok()?;
            if MEMORY.contains(&without_version(self.callee)) {
                self.counts.mallocs += count;
            }
            self.is_of_callee = true;
        } else if line.starts_with(POSITION) {
            if std::mem::take(&mut self.is_of_callee) {
                return Some(());
            }
            let costs: Vec<&str> = line.split(' ').skip(1).collect();
            self.counts.instructions += cost(&costs, ir)?;
            let calls = cost(&costs, system)?;
            if without_version(self.function).ends_with("clock_gettime") {
                self.counts.clock_reads += calls;
            } else {
                self.counts.system_calls += calls;
            }
        }
        Some(())
    }

    /// The name in `(number) name`, or what was named so before in `(number)`.
    fn name(&mut self, named: &'a str) -> Option<&'a str> {
        match named.split_once(' ') {
            Some((number, name)) => {
                self.names.insert(number, name);
                Some(name)
            }
            None => self.names.get(named).copied(),
        }
    }
}

/// Zeroes at the end of a line are left out.
fn cost(costs: &[&str], column: usize) -> Option<u64> {
    costs.get(column).map_or(Some(0), |cost| cost.parse().ok())
}

/// `clock_gettime@@GLIBC_2.17` is `clock_gettime`.
fn without_version(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

/// What a line with costs begins with.
const POSITION: [char; 13] = [
    '+', '-', '*', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
];

/// What Rust's allocator calls, with glibc's, with jemalloc and with mimalloc.
const MEMORY: [&str; 14] = [
    "_rjem_malloc",
    "_rjem_mallocx",
    "_rjem_calloc",
    "_rjem_realloc",
    "_rjem_rallocx",
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
    "mi_malloc_aligned",
    "mi_zalloc_aligned",
    "mi_realloc_aligned",
    "mi_malloc",
];

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
        # callgrind format\nversion: 1\ncreator: callgrind-3.19.0\npid: 7\ncmd:  gate\npart: 2\n\n\
        desc: Trigger: Client Request\n\npositions: line\nevents: Ir sysCount sysTime\n\
        summary: 1000 9 80\n\n\nob=(1) /gate\nfl=(1) ???\nfn=(1) serve\n0 100\ncfn=(2) malloc\n\
        calls=3 0 \n0 900 5 40\n+2 7\n\nfn=(3) clock_gettime@@GLIBC_2.17\n0 20 6 3\n\n\
        fn=(2)\n0 300\n* 1 1 1\ncob=(1)\ncfi=(1)\ncfn=(1)\ncalls=1 0\n0 5 5 5\n\n\
        fn=(4) realloc\n-3 50 1 2\ncfn=(2)\ncalls=2 0\n0 60 1 1\ntotals: 1000 9 80\n";

    #[test]
    fn costs_are_those_of_functions_and_not_again_those_of_calls() {
        let counts = Counts::read(PROFILE).unwrap();
        assert_eq!(counts.instructions, 100 + 7 + 20 + 300 + 1 + 50);
    }

    #[test]
    fn memory_is_counted_by_calls_from_anywhere() {
        assert_eq!(Counts::read(PROFILE).unwrap().mallocs, 3 + 2);
    }

    #[test]
    fn looks_at_the_clock_are_no_system_calls() {
        let counts = Counts::read(PROFILE).unwrap();
        assert_eq!((counts.system_calls, counts.clock_reads), (2, 6));
    }

    #[test]
    fn what_counts_no_system_calls_is_no_profile() {
        assert_eq!(Counts::read("events: Ir\nfn=(1) serve\n0 100\n"), None);
        assert_eq!(Counts::read(""), None);
    }

    #[test]
    fn number_without_a_name_is_an_error() {
        assert_eq!(Counts::read("events: Ir sysCount\nfn=(1)\n0 100\n"), None);
    }
}
