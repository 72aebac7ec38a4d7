//! What a door is started with: the files in `tests/conformance/fixture`, with GT's address filled in.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use signalbox_host::{PolicySource, config::Config};
use signalbox_runtime::Cache;
use tokio::net::TcpSocket;

use crate::{policies, root};

/// Policies that no document can express, by the name of their file.
pub type Guests = BTreeMap<String, Vec<u8>>;

/// What a door is started with.
#[derive(Debug)]
pub struct Fixture {
    configuration: String,
    folder: PathBuf,
    policies: Vec<(String, Vec<u8>)>,
    code: Option<Cache>,
    /// Bound and not listening, so that nobody else can listen where GT is not.
    _closed: Option<TcpSocket>,
}

impl Fixture {
    /// The fixture with this configuration before this GT.
    ///
    /// # Panics
    /// If its files do not fit together.
    #[must_use]
    pub fn new(configuration: &str, gt: SocketAddr, guests: &Guests) -> Self {
        let closed = TcpSocket::new_v4().expect("a socket");
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        closed.bind(any_port).expect("a free port");
        let nobody = closed.local_addr().expect("a bound socket");
        let text = fs::read_to_string(folder().join(configuration));
        let text = text.unwrap_or_else(|error| panic!("{configuration}: {error}"));
        let configuration = text
            .replace("{gt}", &gt.to_string())
            .replace("{nobody}", &nobody.to_string());
        let config = Config::parse(&configuration, &folder()).expect("the fixture is valid");
        let policies = config.policies.iter().map(|(name, source)| {
            let PolicySource::File(path) = source else {
                panic!("the policy `{name}` is no file")
            };
            (name.clone(), component(path, guests))
        });
        Self {
            policies: policies.collect(),
            configuration,
            folder: folder(),
            code: None,
            _closed: Some(closed),
        }
    }

    /// Another configuration than the suite's, whose paths are relative to this folder, and the components of the
    /// policies it names.
    #[must_use]
    pub fn of(configuration: String, folder: &Path, policies: Vec<(String, Vec<u8>)>) -> Self {
        Self {
            configuration,
            folder: folder.to_owned(),
            policies,
            code: None,
            _closed: None,
        }
    }

    /// The same, for doors that keep machine code in this folder, and find there what another has compiled.
    ///
    /// # Panics
    /// If no machine code can be kept there.
    #[must_use]
    pub fn keeping_code(self, folder: &Path) -> Self {
        let code = Cache::open(folder).expect("a folder of our own");
        Self {
            code: Some(code),
            ..self
        }
    }

    /// Where the doors keep machine code, if they do.
    #[must_use]
    pub fn code(&self) -> Option<Cache> {
        self.code.clone()
    }

    /// The text of `signalbox.yaml`.
    #[must_use]
    pub fn configuration(&self) -> &str {
        &self.configuration
    }

    /// The folder its paths are relative to.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// The components of the policies it names.
    #[must_use]
    pub fn policies(&self) -> &[(String, Vec<u8>)] {
        &self.policies
    }

    /// The component of one of the documents beside it.
    pub(super) fn document(name: &str) -> Vec<u8> {
        component(&folder().join(name), &Guests::new())
    }
}

fn component(path: &Path, guests: &Guests) -> Vec<u8> {
    let name = path.file_name().and_then(|name| name.to_str());
    if let Some(guest) = name.and_then(|name| guests.get(name)) {
        return guest.clone();
    }
    let text = fs::read_to_string(path);
    policies::component(&text.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn folder() -> PathBuf {
    root().join("tests/conformance/fixture")
}
