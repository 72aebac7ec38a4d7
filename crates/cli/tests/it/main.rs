//! The command as a script sees it: exit codes, stdout, stderr.

mod commands;
mod demo;
mod keys;
mod serve;
mod signalbox;
