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
mod stdio;

use std::sync::Arc;

use anyhow::Context as _;
use lsp_server::{Connection, Message, RequestId, Response};
use serde_json::json;
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
    let (connection, threads) = stdio::connect().context("cannot start a thread")?;
    let served = serve(&connection, table);
    // The writer ends when nobody can send any more.
    drop(connection);
    let is_done = served?;
    threads.join()?;
    anyhow::ensure!(is_done, "the editor said `exit` before `shutdown`");
    Ok(Exit::Ok)
}

/// Serves until the editor says that it is done; `false` if its messages end before.
fn serve(connection: &Connection, table: Arc<GtRoutes>) -> anyhow::Result<bool> {
    if !initialize(connection)? {
        return Ok(false);
    }
    let mut server = Server::new(connection.sender.clone(), table);
    for message in &connection.receiver {
        match message {
            Message::Request(request) if request.method == "shutdown" => {
                return shut_down(connection, request.id);
            }
            Message::Request(request) => server.answer(request)?,
            Message::Notification(notification) => server.take(notification)?,
            // The server asks nothing.
            Message::Response(_) => {}
        }
    }
    Ok(false)
}

/// Exchanges capabilities; `false` if the messages end before.
fn initialize(connection: &Connection) -> anyhow::Result<bool> {
    let capabilities = serde_json::to_value(server::capabilities())?;
    // These errors print whole messages, which may hold a document.
    let (id, _) = match connection.initialize_start() {
        Ok(asked) => asked,
        Err(error) if error.channel_is_disconnected() => return Ok(false),
        Err(_) => anyhow::bail!("the editor's first message is not `initialize`"),
    };
    match connection.initialize_finish(id, json!({"capabilities": capabilities})) {
        Ok(()) => Ok(true),
        Err(error) if error.channel_is_disconnected() => Ok(false),
        Err(_) => anyhow::bail!("the editor's message after `initialize` is not `initialized`"),
    }
}

/// Answers `shutdown` and waits for `exit`; `false` if the messages end before.
fn shut_down(connection: &Connection, id: RequestId) -> anyhow::Result<bool> {
    let answer = Response::new_ok(id, ()).into();
    connection
        .sender
        .send(answer)
        .context("the editor is gone")?;
    match connection.receiver.recv() {
        Ok(Message::Notification(it)) if it.method == "exit" => Ok(true),
        Ok(_) => anyhow::bail!("the editor's message after `shutdown` is not `exit`"),
        Err(_) => Ok(false),
    }
}
