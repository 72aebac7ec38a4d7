//! Tests of what is logged, and of a log that nobody reads.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, mpsc},
};

use signalbox_host::LostLines;

use super::*;

/// Keeps what is written; holds it up while the other side has not let it go.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Blocks at the first write until it is told to go on.
struct Stopped(Kept, Option<mpsc::Receiver<()>>, mpsc::Sender<()>);

impl Write for Stopped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.is_empty()
            && let Some(go_on) = self.1.take()
        {
            self.2.send(()).unwrap();
            go_on.recv().unwrap();
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_are_written_in_order_before_the_end() {
    let kept = Kept::default();
    let (lines, flush) = Lines::start(kept.clone()).unwrap();
    let expected: String = (0..1_000).map(|n| format!("line {n}\n")).collect();
    for line in expected.split_inclusive('\n') {
        (&lines).write_all(line.as_bytes()).unwrap();
    }
    drop(flush);
    assert_eq!(kept.text(), expected);
}

#[test]
fn a_log_that_nobody_reads_loses_lines_and_counts_them() {
    let kept = Kept::default();
    let (go_on, may_go_on) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let (lines, flush) = Lines::with_room(Stopped(kept.clone(), Some(may_go_on), tell), 4).unwrap();
    (&lines).write_all(b"first\n").unwrap();
    told.recv().unwrap();
    let before = LostLines::so_far();
    for n in 0..10 {
        (&lines)
            .write_all(format!("line {n}\n").as_bytes())
            .unwrap();
    }
    assert_eq!(LostLines::so_far() - before, 6);
    go_on.send(()).unwrap();
    drop(flush);
    assert_eq!(kept.text(), "first\nline 0\nline 1\nline 2\nline 3\n");
}

#[test]
fn what_is_logged_after_the_end_is_lost_and_counted() {
    let kept = Kept::default();
    let (lines, flush) = Lines::start(kept.clone()).unwrap();
    (&lines).write_all(b"last\n").unwrap();
    drop(flush);
    let before = LostLines::so_far();
    (&lines).write_all(b"late\n").unwrap();
    assert_eq!(LostLines::so_far() - before, 1);
    assert_eq!(kept.text(), "last\n");
}

#[test]
fn lines_of_many_threads_are_whole_and_each_threads_in_order() {
    let kept = Kept::default();
    let (lines, flush) = Lines::start(kept.clone()).unwrap();
    let logs = |thread: usize| {
        let lines = lines.clone();
        move || {
            for n in 0..500 {
                let line = format!("{thread} {n}\n");
                (&lines).write_all(line.as_bytes()).unwrap();
            }
        }
    };
    let threads: Vec<_> = (0..4).map(|n| std::thread::spawn(logs(n))).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    drop(flush);
    for thread in 0..4 {
        let its = format!("{thread} ");
        let text = kept.text();
        let numbers = text.lines().filter_map(|line| line.strip_prefix(&its));
        assert!(numbers.map(|n| n.parse::<usize>().unwrap()).eq(0..500));
    }
    assert_eq!(kept.text().lines().count(), 2_000);
}

#[test]
fn an_end_does_not_wait_for_a_reader_that_never_comes() {
    let (never, may_go_on) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let stopped = Stopped(Kept::default(), Some(may_go_on), tell);
    let (lines, flush) = Lines::with_room(stopped, 1).unwrap();
    (&lines).write_all(b"first\n").unwrap();
    told.recv().unwrap();
    (&lines).write_all(b"second\n").unwrap();
    drop(flush);
    drop(never);
}

#[test]
fn of_other_crates_nothing_below_info_is_logged_whatever_the_filter_says() {
    for reader in [Reader::Machine, Reader::Person] {
        let kept = Kept::default();
        let (lines, flush) = Lines::start(kept.clone()).unwrap();
        let everything = EnvFilter::new("trace,h2=trace,hyper=trace,rustls=debug");
        tracing::subscriber::with_default(subscriber(reader, everything, lines), || {
            tracing::trace!(target: "h2::codec", "secret 1");
            tracing::debug!(target: "hyper::proto", "secret 2");
            tracing::debug!(target: "rustls::client", "secret 3");
            tracing::trace!(target: "opentelemetry_sdk", "secret 4");
            tracing::info!(target: "h2::codec", "shown 1");
            tracing::warn!(target: "hyper", "shown 2");
            tracing::trace!(target: "signalbox_host::trail", "shown 3");
            tracing::debug!(target: "signalbox::access", "shown 4");
        });
        drop(flush);
        let text = kept.text();
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(text.matches("shown").count(), 4, "{text}");
    }
}
