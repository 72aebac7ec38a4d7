//! `signalbox lsp`: serves an editor on stdin and stdout.

mod buffers;
mod cases;
mod diagnose;
mod fixes;
mod hover;
mod kind;
mod lines;
mod outline;
mod server;

use std::sync::Arc;

use anyhow::Context as _;
use lsp_server::{Connection, Message};
use signalbox_policy::gt_routes::GtRoutes;

use crate::{exit::Exit, policy_file::GtRoutesFile};
use server::Server;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// As other servers call it; there is no other way.
    #[arg(long, hide = true)]
    stdio: bool,
    #[command(flatten)]
    gt_routes: GtRoutesFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let table = arguments.gt_routes.read()?;
    let (connection, threads) = Connection::stdio();
    let served = serve(&connection, table);
    // The writer ends when nobody can send any more.
    drop(connection);
    // The reader is asked only where it has ended: it may wait for an editor that says no more.
    let exit = served?;
    threads
        .join()
        .context("the editor's messages cannot be read")?;
    Ok(exit)
}

/// Until the editor says that it is done.
fn serve(connection: &Connection, table: Arc<GtRoutes>) -> anyhow::Result<Exit> {
    let capabilities = serde_json::to_value(server::capabilities())?;
    connection
        .initialize(capabilities)
        .context("the editor did not say what it can do")?;
    let mut server = Server::new(connection.sender.clone(), table);
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(Exit::Ok);
                }
                server.answer(request)?;
            }
            Message::Notification(notification) => server.take(notification)?,
            // The server asks nothing.
            Message::Response(_) => {}
        }
    }
    // It went away without a word, or said what is no message.
    Ok(Exit::Failed)
}
