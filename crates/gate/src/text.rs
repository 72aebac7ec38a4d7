//! Values as people write them: names, sizes, spans of time, and YAML read strictly.

pub(crate) mod name;
pub(crate) mod units;
pub mod yaml;
