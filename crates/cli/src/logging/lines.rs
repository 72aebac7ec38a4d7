//! Lines on their way out, written by a thread of their own.
//!
//! A reader that is slow, or a terminal that is stopped, must not stop requests: whoever logs puts
//! its line into a bounded queue and goes on. What does not fit is lost and counted, and the log
//! says so when there is room again.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use signalbox_host::LostLines;
use tracing_subscriber::fmt::MakeWriter;

/// Where lines are put.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    queue: SyncSender<Item>,
}

/// Waits, when it is dropped, until what waits is written; for a moment at most.
#[derive(Debug)]
pub(crate) struct Flush {
    queue: SyncSender<Item>,
    ended: Receiver<()>,
}

#[derive(Debug)]
enum Item {
    Line(Box<[u8]>),
    End,
}

impl Lines {
    /// Starts the thread that writes to `out`.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<(Self, Flush)> {
        Self::with_room(out, MOST_LINES)
    }

    pub(super) fn with_room(
        out: impl Write + Send + 'static,
        room: usize,
    ) -> io::Result<(Self, Flush)> {
        let (queue, waiting) = sync_channel(room);
        let (end, ended) = sync_channel(1);
        thread::Builder::new()
            .name("signalbox-log".to_owned())
            .spawn(move || {
                write_out(out, &waiting);
                // Nobody waits if logging goes on to the end.
                let _ = end.try_send(());
            })?;
        let lines = Self {
            queue: queue.clone(),
        };
        Ok((lines, Flush { queue, ended }))
    }
}

impl Write for &Lines {
    /// Takes a whole line, or loses it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.queue.try_send(Item::Line(line.into())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => LostLines::count(),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while let Err(TrySendError::Full(_)) = self.queue.try_send(Item::End) {
            if Instant::now() >= deadline {
                return;
            }
            thread::sleep(PAUSE);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let _ = self.ended.recv_timeout(left);
    }
}

/// Writes what comes, all that waits at once, until the end.
fn write_out(mut out: impl Write, waiting: &Receiver<Item>) {
    let mut told = LostLines::so_far();
    let mut text = Vec::new();
    loop {
        let mut is_over = match waiting.recv_timeout(LOOK) {
            Ok(item) => take(item, &mut text),
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        while !is_over && text.len() < MOST_AT_ONCE {
            match waiting.try_recv() {
                Ok(item) => is_over = take(item, &mut text),
                Err(_empty) => break,
            }
        }
        // A log that nobody can write to is no reason to stop.
        let _ = out.write_all(&text).and_then(|()| out.flush());
        text.clear();
        if is_over {
            return;
        }
        let lost = LostLines::so_far();
        if lost > told {
            tracing::warn!(lines = lost - told, "lines of the log were lost");
            told = lost;
        }
        // Whoever logs meanwhile need not wake this thread, which would cost it more than its line.
        thread::sleep(PAUSE);
    }
}

fn take(item: Item, text: &mut Vec<u8>) -> bool {
    match item {
        Item::Line(line) => {
            text.extend_from_slice(&line);
            false
        }
        Item::End => true,
    }
}

/// A quarter of a second of a busy host; 3 MiB.
const MOST_LINES: usize = 8_192;
const MOST_AT_ONCE: usize = 64 << 10;
/// Lines are written a moment after they are logged.
const PAUSE: Duration = Duration::from_millis(1);
/// How often lost lines are looked for while nothing is logged.
const LOOK: Duration = Duration::from_secs(1);
/// For the last lines of a process.
const PATIENCE: Duration = Duration::from_secs(1);
