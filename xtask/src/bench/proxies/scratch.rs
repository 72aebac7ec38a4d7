//! A folder for one run: the templates of `tests/bench` filled in, a certificate, and free ports.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, bail};

use super::bounded;

/// What a run's files and ports come from. The watcher removes the folder when the run ends.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
    next_port: u16,
    upstream: u16,
    upstream_tls: u16,
}

impl Scratch {
    pub(super) fn new() -> anyhow::Result<Self> {
        Self::within(std::env::temp_dir().join(format!("signalbox-bench-{}", std::process::id())))
    }

    fn within(folder: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut scratch = Self {
            folder,
            next_port: FIRST_PORT,
            upstream: 0,
            upstream_tls: 0,
        };
        scratch.upstream = scratch.port()?;
        scratch.upstream_tls = scratch.port()?;
        Ok(scratch)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn upstream(&self) -> (u16, u16) {
        (self.upstream, self.upstream_tls)
    }

    /// A port of loopback that nobody listens on, and that nothing takes for connecting.
    pub(super) fn port(&mut self) -> anyhow::Result<u16> {
        let mut ports = self.next_port..EPHEMERAL;
        let free = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
        let free = free.context("no port is free")?;
        self.next_port = free + 1;
        Ok(free)
    }

    /// Fills a template in and gives the path of what came of it. Each has a name of its own, so
    /// that one template serves several contenders.
    pub(super) fn fill(
        &self,
        template: &str,
        name: &str,
        values: &[(&str, &str)],
    ) -> anyhow::Result<String> {
        let source = crate::process::root().join("tests/bench").join(template);
        let text = fs::read_to_string(&source)
            .with_context(|| format!("cannot read {}", source.display()))?;
        let mut text = text
            .replace("@DIR@", &self.folder.display().to_string())
            .replace("@UPSTREAM@", &self.upstream.to_string())
            .replace("@UPSTREAM_TLS@", &self.upstream_tls.to_string());
        for (key, value) in values {
            text = text.replace(&format!("@{key}@"), value);
        }
        if let Some(left) = placeholder(&text) {
            bail!("{template}: nothing was given for {left}");
        }
        self.write(name, &text)
    }

    /// Writes a file of this name, and gives its path.
    pub(super) fn write(&self, name: &str, text: &str) -> anyhow::Result<String> {
        let path = self.folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path.display().to_string())
    }

    /// A certificate of this run, for the upstream and for every proxy, that vouches for itself.
    pub(super) fn certificate(&self) -> anyhow::Result<()> {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(&self.folder).args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-days",
            "7",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ]);
        bounded::output(&mut openssl, Duration::from_secs(30))?;
        // HAProxy wants both in one file.
        let read = |name: &str| fs::read_to_string(self.folder.join(name));
        fs::write(
            self.folder.join("both.pem"),
            read("cert.pem")? + &read("key.pem")?,
        )?;
        Ok(())
    }
}

/// What is left to be filled in, such as `@PORT@`.
fn placeholder(text: &str) -> Option<&str> {
    let is_name = |word: &&str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    text.split('@').find(is_name)
}

const FIRST_PORT: u16 = 20_000;
/// From here on the kernel picks ports for outgoing connections.
const EPHEMERAL: u16 = 32_768;

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> Scratch {
        let name = format!("scratch-{name}-{}", std::process::id());
        Scratch::within(std::env::temp_dir().join(name)).unwrap()
    }

    #[test]
    fn template_with_something_left_is_an_error() {
        assert_eq!(placeholder("a: @PORT@"), Some("PORT"));
        assert_eq!(placeholder("\"@type\": x, by: A@b"), None);
        let scratch = scratch("template");
        let error = scratch.fill("nginx.conf", "nginx.conf", &[]).unwrap_err();
        assert_eq!(error.to_string(), "nginx.conf: nothing was given for PORT");
        let path = scratch
            .fill("nginx.conf", "nginx.conf", &[("PORT", "81")])
            .unwrap();
        assert!(
            fs::read_to_string(path)
                .unwrap()
                .contains("listen 127.0.0.1:81;")
        );
        fs::remove_dir_all(scratch.folder()).unwrap();
    }

    #[test]
    fn ports_are_free_and_handed_out_once() {
        let mut scratch = scratch("ports");
        let first = scratch.port().unwrap();
        let taken = TcpListener::bind(("127.0.0.1", first + 1));
        let second = scratch.port().unwrap();
        assert!(second > first);
        assert!(taken.is_err() || second > first + 1);
        fs::remove_dir_all(scratch.folder()).unwrap();
    }
}
