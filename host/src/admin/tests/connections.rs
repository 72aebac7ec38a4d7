//! Many connections at a time, and who of them is answered.

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use super::*;

/// A connection that stays open between its requests.
struct Kept(BufReader<TcpStream>);

impl Kept {
    fn new(admin: &AdminThread) -> Self {
        let stream = TcpStream::connect(admin.local_addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// The status of an answer; none if the connection was closed in place of it.
    fn ask(&mut self, path: &str, headers: &str) -> Option<u16> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        self.0.get_mut().write_all(head.as_bytes()).ok()?;
        let mut line = String::new();
        self.0.read_line(&mut line).ok()?;
        let status = line.split(' ').nth(1)?.parse().unwrap();
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        self.0.read_exact(&mut vec![0; length]).unwrap();
        Some(status)
    }
}

#[test]
fn pollers_without_a_token_do_not_keep_an_operator_out() {
    let (admin, _everything) = start(config());
    let poll = || {
        let mut poller = Kept::new(&admin);
        assert_eq!(poller.ask("/healthz", ""), Some(200));
        poller
    };
    let mut pollers: Vec<_> = (0..MANY).map(|_| poll()).collect();
    let mut operator = Kept::new(&admin);
    assert_eq!(operator.ask("/status", VIEW), Some(200));
    pollers.extend((0..MANY).map(|_| poll()));
    assert_eq!(operator.ask("/status", VIEW), Some(200));
    let mut ask = |which: usize| pollers[which].ask("/healthz", "");
    assert_eq!((ask(0), ask(2 * MANY - 1)), (None, Some(200)));
}

#[test]
fn connections_that_say_nothing_do_not_keep_an_operator_out() {
    let (admin, _everything) = start(config());
    let connect = |_| TcpStream::connect(admin.local_addr()).unwrap();
    let _silent: Vec<_> = (0..MANY).map(connect).collect();
    let mut operator = Kept::new(&admin);
    assert_eq!(operator.ask("/status", VIEW), Some(200));
    let _more: Vec<_> = (0..MANY).map(connect).collect();
    assert_eq!(Kept::new(&admin).ask("/healthz", ""), Some(200));
    assert_eq!(operator.ask("/status", OPERATE), Some(200));
}

#[test]
fn a_token_that_is_not_valid_is_no_token() {
    let (admin, _everything) = start(config());
    let mut guess = Kept::new(&admin);
    let guessed = "authorization: Bearer guessed\r\n";
    assert_eq!(guess.ask("/status", guessed), Some(401));
    let _pollers: Vec<_> = (0..MANY)
        .map(|_| {
            let mut poller = Kept::new(&admin);
            assert_eq!(poller.ask("/healthz", guessed), Some(200));
            poller
        })
        .collect();
    assert_eq!(guess.ask("/status", guessed), None);
}

#[test]
fn any_number_of_operators_is_answered() {
    let (admin, _everything) = start(config());
    let mut operators = Vec::new();
    for _ in 0..MANY {
        let mut operator = Kept::new(&admin);
        assert_eq!(operator.ask("/status", VIEW), Some(200));
        operators.push(operator);
    }
    assert_eq!(Kept::new(&admin).ask("/healthz", ""), Some(200));
}

/// More than there are places.
const MANY: usize = 100;
/// For an answer that does not come.
const PATIENCE: Duration = Duration::from_secs(60);
