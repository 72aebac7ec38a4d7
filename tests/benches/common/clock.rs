//! Batches of calls, timed. What is shown is the tenth percentile, which is what the code takes,
//! and the median, which is what the machine lets it take.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// Time of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) p10: f64,
    pub(crate) median: f64,
}

/// Something to time, which takes turns with others.
pub(crate) struct Contender<'a> {
    call: Box<dyn FnMut() + 'a>,
    calls: u32,
    batches: Vec<f64>,
}

impl<'a> Contender<'a> {
    /// Finds how many calls make a batch.
    pub(crate) fn new(mut call: impl FnMut() + 'a) -> Self {
        let mut calls = 1;
        while time(&mut call, calls) < BATCH && calls < 1 << 20 {
            calls *= 2;
        }
        Self {
            call: Box::new(call),
            calls,
            batches: Vec::new(),
        }
    }

    fn run(&mut self) {
        let spent = time(&mut self.call, self.calls).as_secs_f64();
        self.batches.push(spent / f64::from(self.calls));
    }

    fn cost(mut self) -> Cost {
        self.batches.sort_by(f64::total_cmp);
        let at = |index: usize| self.batches.get(index).copied().unwrap_or(f64::NAN);
        Cost {
            p10: at(self.batches.len() / 10),
            median: at(self.batches.len() / 2),
        }
    }
}

/// Times contenders in turns, batch by batch, so that a busy moment of the machine hits them all.
pub(crate) fn compare<const N: usize>(
    mut contenders: [Contender<'_>; N],
    batches: usize,
) -> [Cost; N] {
    for _ in 0..batches {
        contenders.iter_mut().for_each(Contender::run);
    }
    contenders.map(Contender::cost)
}

fn time(call: &mut impl FnMut(), calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    start.elapsed()
}

const BATCH: Duration = Duration::from_micros(300);

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", Short(self.p10), Short(self.median))
    }
}

/// Seconds in the unit that suits them.
pub(crate) struct Short(pub(crate) f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds < 1e-6 => write!(f, "{:.0} ns", seconds * 1e9),
            seconds if seconds < 1e-3 => write!(f, "{:.2} µs", seconds * 1e6),
            seconds if seconds < 1.0 => write!(f, "{:.2} ms", seconds * 1e3),
            seconds => write!(f, "{seconds:.2} s"),
        }
    }
}
