//! A socket to one of a host's addresses: a dead address costs a moment, not the whole wait.
//!
//! The addresses are tried in turn, those of the two families alternating, each a little after the
//! one before or as soon as that has failed; the first that answers is taken ("happy eyeballs",
//! RFC 8305). Whoever waits sets the time for all of it.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::upstream::resolve::Resolve;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    /// The name has no address, or nobody could be asked for one.
    #[error("its name cannot be resolved")]
    Resolve(#[source] io::Error),
    /// None of its addresses takes connections.
    #[error("no address of it takes connections")]
    Connect(#[source] io::Error),
}

/// Connects to a host.
pub(super) async fn dial(
    resolver: &dyn Resolve,
    host: &str,
    port: u16,
) -> Result<TcpStream, DialError> {
    let socket = match host.parse::<IpAddr>() {
        Ok(address) => TcpStream::connect((address, port)).await,
        Err(_name) => {
            let found = resolver.resolve(host, port).await;
            first(alternating(found.map_err(DialError::Resolve)?)?).await
        }
    };
    let socket = socket.map_err(DialError::Connect)?;
    // Without it small requests wait for GT's acknowledgement; with an error it just is so.
    let _ = socket.set_nodelay(true);
    Ok(socket)
}

/// The addresses with the families taking turns, beginning with that of the first.
fn alternating(found: Vec<SocketAddr>) -> Result<VecDeque<SocketAddr>, DialError> {
    let Some(best) = found.first().copied() else {
        let none = io::Error::new(io::ErrorKind::NotFound, "it has no address");
        return Err(DialError::Resolve(none));
    };
    let (same, other): (VecDeque<_>, VecDeque<_>) = found
        .into_iter()
        .take(MOST_ADDRESSES)
        .partition(|address| address.is_ipv4() == best.is_ipv4());
    let mut turns = VecDeque::with_capacity(same.len() + other.len());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    loop {
        match (same.next(), other.next()) {
            (None, None) => return Ok(turns),
            (one, two) => turns.extend(one.into_iter().chain(two)),
        }
    }
}

/// The first address that takes a connection.
async fn first(mut addresses: VecDeque<SocketAddr>) -> io::Result<TcpStream> {
    // Ends the attempts that are still under way when it is dropped.
    let mut attempts = JoinSet::new();
    let mut last = io::Error::from(io::ErrorKind::NotConnected);
    loop {
        if let Some(address) = addresses.pop_front() {
            attempts.spawn_local(TcpStream::connect(address));
        }
        let next = attempts.join_next();
        let ended = if addresses.is_empty() {
            next.await
        } else {
            match timeout(HEAD_START, next).await {
                Ok(ended) => ended,
                Err(_elapsed) => continue,
            }
        };
        match ended {
            Some(Ok(Ok(socket))) => return Ok(socket),
            Some(Ok(Err(error))) => last = error,
            Some(Err(panicked)) => last = io::Error::other(panicked),
            None if addresses.is_empty() => return Err(last),
            None => {}
        }
    }
}

/// What RFC 8305 recommends: a live address answers sooner, a person does not notice it.
const HEAD_START: Duration = Duration::from_millis(250);
/// All of them are tried within one wait: more would not have their turn.
const MOST_ADDRESSES: usize = 16;

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;

    use super::*;
    use crate::upstream::resolve::{Resolve, Resolving};

    #[derive(Debug)]
    struct Fixed(Vec<SocketAddr>);

    impl Resolve for Fixed {
        fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> Resolving<'a> {
            Box::pin(async { Ok(self.0.clone()) })
        }
    }

    fn dialled(addresses: &[SocketAddr]) -> Result<SocketAddr, DialError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let resolver = Fixed(addresses.to_vec());
        LocalSet::new().block_on(&runtime, async {
            let socket = dial(&resolver, "gt.example", 1).await?;
            Ok(socket.peer_addr().unwrap())
        })
    }

    async fn bound(backlog: u32) -> std::net::TcpListener {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        socket.listen(backlog).unwrap().into_std().unwrap()
    }

    fn listeners(backlog: u32) -> (std::net::TcpListener, SocketAddr) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(bound(backlog));
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn families_take_turns_beginning_with_the_best() {
        let parse = |text: &&str| text.parse::<SocketAddr>().unwrap();
        let found = ["[::1]:1", "[::2]:1", "10.0.0.1:1", "[::3]:1", "10.0.0.2:1"];
        let turns = alternating(found.iter().map(parse).collect()).unwrap();
        let expected = ["[::1]:1", "10.0.0.1:1", "[::2]:1", "10.0.0.2:1", "[::3]:1"];
        assert_eq!(turns, expected.iter().map(parse).collect::<Vec<_>>());
    }

    #[test]
    fn an_address_that_refuses_is_passed_over() {
        let (closed, refuses) = listeners(1);
        drop(closed);
        let (_open, takes) = listeners(1);
        assert_eq!(dialled(&[refuses, takes]).unwrap(), takes);
        assert!(matches!(
            dialled(&[refuses]),
            Err(DialError::Connect(error)) if error.kind() == io::ErrorKind::ConnectionRefused
        ));
    }

    /// A listener whose backlog is full answers nothing at all, as a dead address does.
    #[cfg(target_os = "linux")]
    #[test]
    fn an_address_that_says_nothing_costs_a_moment() {
        let (_full, silent) = listeners(0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut waiting = Vec::new();
        runtime.block_on(async {
            let connect = || timeout(HEAD_START, TcpStream::connect(silent));
            while let Ok(connected) = connect().await {
                waiting.push(connected.unwrap());
                assert!(waiting.len() < 100, "its backlog never fills");
            }
        });
        let (_open, takes) = listeners(1);
        assert_eq!(dialled(&[silent, takes]).unwrap(), takes);
    }

    #[test]
    fn a_name_without_an_address_is_not_a_host_that_refuses() {
        assert!(matches!(dialled(&[]), Err(DialError::Resolve(_))));
    }
}
