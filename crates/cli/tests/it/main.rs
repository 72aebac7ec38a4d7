//! The command as a script sees it: exit codes, stdout, stderr.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy spares test functions, not the functions they share"
)]

mod access_log;
mod asking;
mod bases;
mod check;
mod check_envoy;
mod commands;
mod compile;
mod compose;
mod demo;
mod dev;
mod diff;
mod docs;
mod expected;
mod export;
mod failing;
mod fmt;
mod forged;
mod host;
mod import;
mod init;
mod inspect;
mod keys;
mod laws;
mod live;
mod lsp;
mod new;
mod peer;
mod replay;
mod schema;
mod serve;
mod sign;
mod signalbox;
mod testing;
mod tls;
mod unread_log;
mod upgrade_check;
mod usage;
mod why;
