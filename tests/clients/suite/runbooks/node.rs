//! Those in JavaScript.

use super::try_out;

#[test]
fn n8n_passes() {
    try_out("n8n");
}

#[test]
fn librechat_passes() {
    try_out("LibreChat");
}

#[test]
fn continue_passes() {
    try_out("Continue");
}

#[test]
fn cline_passes() {
    try_out("Cline");
}

#[test]
fn openclaw_passes() {
    try_out("OpenClaw");
}
