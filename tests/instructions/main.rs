//! The two ends of the gate for `cargo xtask bench --instructions`: GT behind it, and a client.
//!
//! `instructions FOLDER SETUP` writes the gate's configuration into the folder and says `ready`.
//! Then each line `WORKLOAD COUNT ADDRESS` of its input is that many requests to the gate at that
//! address, one after the other, and `done` when the last answer is here. An answer that is not the
//! one the workload is about ends it with an error: what would be counted is something else.
//!
//! Both ends are one thread of one process, so what they do is in the same order every time.

mod client;
mod configuration;
mod tls;
mod upstream;
mod workload;

use std::{
    env,
    error::Error,
    io::{BufRead as _, Write as _, stdin, stdout},
    net::SocketAddr,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use client::Client;
use configuration::Setup;
use upstream::Upstream;
use workload::Workload;

pub(crate) type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[expect(clippy::print_stderr, reason = "a program says why it failed")]
fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Fallible<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, setup] = arguments.as_slice() else {
        return Err("usage: instructions FOLDER http1|http2|tls".into());
    };
    let setup: Setup = setup.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let identity = tls::Identity::new()?;
    let upstream = runtime.block_on(Upstream::start(setup, &identity))?;
    configuration::write(Path::new(folder), setup, upstream.address(), &identity)?;
    let mut client = Client::new(setup, &identity)?;
    say("ready")?;
    for line in stdin().lock().lines() {
        let order = Order::parse(&line?)?;
        runtime.block_on(order.carry_out(&mut client, &upstream))?;
        say("done")?;
    }
    Ok(())
}

struct Order {
    workload: Workload,
    count: usize,
    gate: SocketAddr,
}

impl Order {
    fn parse(line: &str) -> Fallible<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [workload, count, gate] = words.as_slice() else {
            return Err(format!("not `WORKLOAD COUNT ADDRESS`: {line}").into());
        };
        Ok(Self {
            workload: Workload::named(workload)?,
            count: count.parse()?,
            gate: gate.parse()?,
        })
    }

    async fn carry_out(&self, client: &mut Client, upstream: &Upstream) -> Fallible<()> {
        upstream.expect(self.workload.connections);
        client.forget_session();
        for number in 0..self.count {
            tokio::time::sleep(PAUSE).await;
            let asked = client.ask(self.gate, &self.workload, upstream);
            tokio::time::timeout(HANGS, asked)
                .await
                .map_err(|_elapsed| "no answer came".into())
                .and_then(|answer| answer)
                .map_err(|error| format!("{} {number}: {error}", self.workload.name))?;
        }
        upstream.check(self.workload.connections)
    }
}

fn say(what: &str) -> Fallible<()> {
    writeln!(stdout(), "{what}")?;
    Ok(stdout().flush()?)
}

/// Before each request and each answer: the gate is done with what was before and sleeps. Otherwise it
/// would find the next thing to do there already, or not, and count one look more or less.
pub(crate) const PAUSE: Duration = Duration::from_millis(3);

/// Under an instrument an answer takes seconds; only a hang takes minutes.
const HANGS: Duration = Duration::from_secs(180);
