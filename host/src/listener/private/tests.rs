//! Who may connect: the mode of a socket's file, and names in certificates.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use nix::unistd::{Group, getegid};
use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;

use super::*;
use crate::config::MutualTls;

fn socket(path: &Path, group: Option<&str>) -> PrivateListen {
    let mut socket = UnixSocket::new(path.to_owned());
    socket.group = group.map(str::to_owned);
    PrivateListen::Unix(socket)
}

fn bind(listen: &PrivateListen) -> Result<PrivateListener, PrivateListenError> {
    PrivateListener::bind(listen, &[b"http/1.1"])
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_socket_is_its_users_alone_and_goes_with_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authz.sock");
    let listener = bind(&socket(&path, None)).unwrap();
    assert_eq!(listener.address(), PrivateAddress::Unix(path.clone()));
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600, "{mode:o}");
    assert_eq!(names(folder.path()), ["authz.sock"]);
    drop(listener);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_socket_may_be_a_groups_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authz.sock");
    let own = Group::from_gid(getegid()).unwrap().unwrap();
    let _listener = bind(&socket(&path, Some(&own.name))).unwrap();
    let found = fs::metadata(&path).unwrap();
    assert_eq!(found.permissions().mode() & 0o7777, 0o660);
    assert_eq!(found.gid(), own.gid.as_raw());
    let unknown = bind(&socket(&folder.path().join("s"), Some("no such group")));
    assert!(matches!(unknown, Err(PrivateListenError::Group(_))));
}

#[test]
fn what_a_dead_server_left_is_replaced_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authz.sock");
    drop(UnixListener::bind(&path).unwrap());
    let first = bind(&socket(&path, None)).unwrap();
    let second = bind(&socket(&path, None));
    assert!(matches!(second, Err(PrivateListenError::InUse(_))));
    UnixStream::connect(&path).unwrap();
    // Whoever takes the place of one that is still there keeps it.
    fs::remove_file(&path).unwrap();
    let third = bind(&socket(&path, None)).unwrap();
    drop(first);
    UnixStream::connect(&path).unwrap();
    drop(third);
    fs::write(&path, "a file").unwrap();
    let file = bind(&socket(&path, None));
    assert!(matches!(file, Err(PrivateListenError::NotASocket(_))));
    assert_eq!(fs::read(&path).unwrap(), b"a file");
}

#[test]
fn a_socket_without_a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = bind(&socket(&folder.path().join("none/authz.sock"), None));
    assert!(matches!(nowhere, Err(PrivateListenError::Socket { .. })));
}

/// An authority and what it issues.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn issue(&self, names: &[SanType], common_name: &str) -> Identity {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = names.to_vec();
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        let key = KeyPair::generate().unwrap();
        Identity {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn uri(name: &str) -> SanType {
    SanType::URI(name.try_into().unwrap())
}

/// What comes back over TLS, if the caller is let in.
async fn greeting(
    address: SocketAddr,
    authority: &Authority,
    identity: Option<&Identity>,
) -> io::Result<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
    let config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let chain = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
            config.with_client_auth_cert(vec![chain], key).unwrap()
        }
    };
    let stream = tokio::net::TcpStream::connect(address).await?;
    let name = ServerName::try_from("gate.example").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    let mut come = Vec::new();
    stream.read_to_end(&mut come).await?;
    Ok(come)
}

#[tokio::test]
async fn a_port_lets_in_certificates_for_its_names_only() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = ours.issue(&[dns("gate.example")], "gate");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let listen = PrivateListen::MutualTls(MutualTls {
        address: ([127, 0, 0, 1], 0).into(),
        cert_file: file("server.pem", &server.certificate),
        key_file: file("server.key", &server.key),
        client_ca_file: file("ca.pem", &ours.0.pem()),
        names: vec!["proxy.example".to_owned(), "spiffe://mesh/proxy".to_owned()],
    });
    let listener = bind(&listen).unwrap();
    assert!(listener.tls().is_some_and(|tls| tls.poll().is_none()));
    let PrivateAddress::MutualTls(address) = listener.address() else {
        panic!("a port");
    };
    let acceptor = listener.start().unwrap();
    let serve = async {
        loop {
            let connection = acceptor.accept().await.unwrap();
            if let Ok(mut stream) = connection.open(Duration::from_secs(10)).await {
                stream.write_all(b"in").await.unwrap();
                stream.shutdown().await.unwrap();
            }
        }
    };
    let ask = async {
        for (identity, is_let_in) in [
            (Some(ours.issue(&[dns("proxy.example")], "x")), true),
            (
                Some(ours.issue(&[dns("PROXY.example"), dns("other")], "x")),
                true,
            ),
            (Some(ours.issue(&[uri("spiffe://mesh/proxy")], "x")), true),
            (None, false),
            (
                Some(ours.issue(&[dns("other.example")], "proxy.example")),
                false,
            ),
            (Some(ours.issue(&[dns("*.example")], "x")), false),
            (Some(ours.issue(&[dns("a.proxy.example")], "x")), false),
            (
                Some(ours.issue(&[uri("spiffe://mesh/proxy/2")], "x")),
                false,
            ),
            (Some(ours.issue(&[uri("spiffe://MESH/proxy")], "x")), false),
            (Some(ours.issue(&[], "proxy.example")), false),
            (Some(theirs.issue(&[dns("proxy.example")], "x")), false),
        ] {
            let come = greeting(address, &ours, identity.as_ref()).await;
            let case = identity.map(|identity| identity.certificate);
            assert_eq!(come.is_ok(), is_let_in, "{case:?}: {come:?}");
            if is_let_in {
                assert_eq!(come.unwrap(), b"in");
            }
        }
    };
    tokio::select! {
        () = ask => {}
        () = serve => {}
    }
}
