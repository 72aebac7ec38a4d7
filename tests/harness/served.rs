//! `signalbox serve` as an operator runs it: a folder with its configuration, which outlives the
//! process, and GT's stand-in.

use std::{fs, net::SocketAddr, path::PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    command::signalbox,
    gate::{ADMIN_TOKEN, GT_INFERENCE, Gate, key_entry, sha256, sum},
    http::{Answer, Ask},
    process::{Process, Program},
};

/// A folder to serve from, and GT behind it.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
    /// Its simulator stands in for GT; the gate itself is not asked.
    _gt: Option<Gate>,
}

impl Place {
    /// A configuration with a state folder, and these policies as `name: file`; their files are
    /// still to be written.
    ///
    /// # Panics
    /// If there is no room for a temporary folder.
    #[must_use]
    pub fn new(policies: &str, more: &str) -> Self {
        let gt = Gate::demo();
        let address = gt.gt_address();
        let more = format!("state: state\ntimes: {{readiness_off: 1ms, drain: 1s}}\n{more}");
        Self {
            _gt: Some(gt),
            ..Self::before(address, policies, &more)
        }
    }

    /// Nothing but what is needed and `more`, with GT at this address.
    ///
    /// # Panics
    /// If there is no room for a temporary folder.
    #[must_use]
    pub fn before(gt: SocketAddr, policies: &str, more: &str) -> Self {
        let place = Self {
            folder: tempfile::tempdir().expect("room for a temporary folder"),
            _gt: None,
        };
        let token = sha256(ADMIN_TOKEN);
        place.write(
            "signalbox.yaml",
            format!(
                "listen: 127.0.0.1:0\n\
                 admin: {{listen: 127.0.0.1:0, operate_token_sha256: \"{token}\"}}\n\
                 upstream: {{url: \"http://{gt}/api/tenant\", \
                 credentials: {{inference: {{file: gt-inference}}}}}}\n\
                 policies: {{{policies}}}\n\
                 keys: keys.yaml\n{more}"
            ),
        );
        place.write("gt-inference", GT_INFERENCE);
        place.write("keys.yaml", "keys:\n");
        place
    }

    /// Adds a key for chat and embeddings to the keyring.
    pub fn key(&self, id: &str, secret: &str, policy: &str) {
        let rest = format!("policy: {policy}, preset: chat-embeddings, models: all");
        let keys = fs::read_to_string(self.path("keys.yaml")).expect("the keyring");
        self.write("keys.yaml", &(keys + &key_entry(id, secret, &rest)));
    }

    /// One of its files.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside its place and renames it, as an editor does.
    ///
    /// # Panics
    /// If that fails.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let beside = self.path(&format!("{name}.new"));
        fs::write(&beside, content).expect("our folder takes a file");
        fs::rename(beside, self.path(name)).expect("our folder takes a file");
    }

    /// Starts the command and waits until it listens.
    #[must_use]
    pub fn serve(&self) -> Served {
        let mut process = self.program().start();
        let [host, admin] = process.wait_until(|process| {
            let said = process.stderr();
            let address = |before: &str| {
                let line = said.lines().find_map(|line| line.strip_prefix(before))?;
                line.trim().parse::<SocketAddr>().ok()
            };
            Some([
                address("listening on http://")?,
                address("admin on http://")?,
            ])
        });
        Served {
            process,
            host,
            admin,
        }
    }

    /// The command, before it starts.
    #[must_use]
    pub fn program(&self) -> Program {
        signalbox()
            .args(["serve", "--config"])
            .arg(self.path("signalbox.yaml"))
    }
}

/// A host that runs; it is killed, with SIGKILL, when this is dropped.
#[derive(Debug)]
pub struct Served {
    /// The process.
    pub process: Process,
    /// Where clients connect.
    pub host: SocketAddr,
    /// Where operators connect.
    pub admin: SocketAddr,
}

impl Served {
    /// Asks as a client.
    #[must_use]
    pub fn ask(&self, ask: &Ask) -> Answer {
        ask.send(self.host)
    }

    /// Asks as an operator.
    #[must_use]
    pub fn admin(&self, ask: &Ask) -> Answer {
        ask.clone().key(ADMIN_TOKEN).send(self.admin)
    }

    /// The names that a key sees, joined with spaces, or the code of the refusal.
    #[must_use]
    pub fn names(&self, key: &str) -> String {
        let answer = self.ask(&Ask::get("/v1/models").key(key));
        let body = answer.json();
        let Some(models) = body["data"].as_array() else {
            return answer.refusal().1;
        };
        let names = models.iter().filter_map(|model| model["id"].as_str());
        names.collect::<Vec<_>>().join(" ")
    }

    /// The sum of the metrics' lines that have every one of `parts`.
    ///
    /// # Panics
    /// If the metrics cannot be read.
    #[must_use]
    pub fn metric(&self, parts: &[&str]) -> f64 {
        sum(&self.admin(&Ask::get("/metrics")), parts)
    }

    /// The memory it holds, in bytes.
    ///
    /// # Panics
    /// If the system does not say.
    #[must_use]
    pub fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = fs::read_to_string(path).expect("the system tells of the process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.expect("a number of kilobytes") << 10
    }

    /// What `/readyz` says.
    #[must_use]
    pub fn ready(&self) -> (u16, Value) {
        let answer = self.admin(&Ask::get("/readyz"));
        (answer.status, answer.json())
    }

    /// A signal, by its name.
    pub fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let told = Program::new("kill").args([name, &id]).output();
        assert_eq!(told, "", "kill says nothing");
    }
}

/// A document whose one model is published under this name.
#[must_use]
pub fn document(model: &str) -> String {
    format!(
        "policy: {model}\n\
         routes:\n\
         \x20 GET /v1/models: {{verdict: native}}\n\
         \x20 POST /v1/chat/completions: {{verdict: native, scope: \"inference:chat\", model: json}}\n\
         models:\n\
         \x20 {model}: {{published: support-agent, for: [chat]}}\n"
    )
}
