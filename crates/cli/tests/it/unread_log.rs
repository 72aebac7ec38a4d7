//! A log that nobody reads.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{host::Folder, signalbox::command};

/// Far more lines than a pipe holds, on one connection.
const REQUESTS: usize = 2_000;

#[test]
fn a_log_that_nobody_reads_stops_no_request_and_no_end() {
    let folder = Folder::new();
    let config = folder.configure("", "times: {readiness_off: 1ms, drain: 1s}\n");
    let mut child = command(&["serve", "--config", &config])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Read as far as the address, and then never again; the pipe stays open.
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let address: SocketAddr = loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0);
        if let Some(address) = line.strip_prefix("listening on http://") {
            break address.trim().parse().unwrap();
        }
    };
    let mut client = TcpStream::connect(address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut answers = BufReader::new(client.try_clone().unwrap());
    for _ in 0..REQUESTS {
        write!(client, "GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(answers.read_line(&mut line).unwrap() > 0, "it answers");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        answers.read_exact(&mut vec![0; length]).unwrap();
    }
    drop((client, answers));
    let pid = child.id().to_string();
    let told = Command::new("kill").args(["-s", "TERM", &pid]).status();
    assert!(told.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(log);
}
