//! One thing that grows, and what was measured at each size.

use std::error::Error;

pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

/// What grows.
#[derive(Debug)]
pub(crate) struct Axis {
    /// Names files.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What the sizes count.
    pub(crate) unit: &'static str,
    /// What the processor time is of.
    pub(crate) of: &'static str,
    pub(crate) points: Vec<Point>,
}

/// One size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) size: u64,
    /// Microseconds of processor time of what is asked, or of one megabyte of it.
    pub(crate) processor_us: f64,
    /// Bytes that the process holds.
    pub(crate) resident: u64,
}

/// What is held by whom, in bytes.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) idle: u64,
    pub(crate) connection: u64,
    pub(crate) stream: u64,
    /// The share, in percent, of what connections and streams held that is given back within a minute
    /// after they ended.
    pub(crate) given_back: f64,
    /// The share, in percent, of a core that an idle host takes.
    pub(crate) idle_processor: f64,
}
