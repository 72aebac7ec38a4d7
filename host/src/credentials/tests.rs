//! Tests of GT keys.
