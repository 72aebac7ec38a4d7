//! Those in Python.

use super::try_out;

#[test]
fn crewai_passes() {
    try_out("CrewAI");
}

#[test]
fn semantic_kernel_passes() {
    try_out("Semantic Kernel");
}

#[test]
fn langflow_passes() {
    try_out("Langflow");
}

#[test]
fn dify_passes() {
    try_out("Dify");
}

#[test]
fn aider_passes() {
    try_out("Aider");
}

#[test]
fn hermes_passes() {
    try_out("Hermes Agent");
}
