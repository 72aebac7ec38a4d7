//! Tokens of a text that nobody has counted.

/// How many tokens a text of so many bytes is taken for: one for every four bytes begun.
///
/// English text has about that many with every common tokenizer; other languages have more.
#[must_use]
pub const fn estimate(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

const BYTES_PER_TOKEN: u64 = 4;
