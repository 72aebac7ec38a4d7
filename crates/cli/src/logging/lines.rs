//! Lines on their way out, written by a thread of their own.
//!
//! A reader that is slow, or a terminal that is stopped, must not stop requests: whoever logs puts
//! its line behind those that wait and goes on. All that wait are one text, which the thread takes as
//! a whole: a line costs one copy, and neither memory nor a system call of its own. What does not fit
//! is lost and counted, and the log says so when there is room again.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use signalbox_host::LostLines;
use tracing_subscriber::fmt::MakeWriter;

/// Where lines are put.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    shared: Arc<Shared>,
    room: usize,
}

/// Waits, when it is dropped, until what waits is written; for a moment at most.
#[derive(Debug)]
pub(crate) struct Flush {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// For the thread that writes.
    come: Condvar,
    /// For whoever waits until all is written.
    ended: Condvar,
}

/// Lines that are not written yet.
#[derive(Debug, Default)]
struct Waiting {
    text: Vec<u8>,
    lines: usize,
    /// The thread that writes has nothing to do.
    is_idle: bool,
    /// No line comes any more.
    is_over: bool,
    /// The last line is written.
    has_ended: bool,
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
        let shared = Arc::<Shared>::default();
        let writer = Arc::clone(&shared);
        thread::Builder::new()
            .name("signalbox-log".to_owned())
            .spawn(move || write_out(out, &writer))?;
        let flush = Flush {
            shared: Arc::clone(&shared),
        };
        Ok((Self { shared, room }, flush))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there are lines and exchanges them for an empty text; tells whether they are the
    /// last. After a while there may be none.
    fn take(&self, text: &mut Vec<u8>) -> bool {
        let mut waiting = self.lock();
        waiting.is_idle = true;
        let has_none = |waiting: &mut Waiting| waiting.lines == 0 && !waiting.is_over;
        let mut waiting = self
            .come
            .wait_timeout_while(waiting, LOOK, has_none)
            .map_or_else(|poisoned| poisoned.into_inner().0, |(waiting, _)| waiting);
        waiting.is_idle = false;
        waiting.lines = 0;
        mem::swap(&mut waiting.text, text);
        waiting.is_over
    }

    /// Lets lines come together for a moment, unless there will be no more.
    fn pause(&self) {
        let is_on = |waiting: &mut Waiting| !waiting.is_over;
        drop(self.come.wait_timeout_while(self.lock(), PAUSE, is_on));
    }
}

impl Write for &Lines {
    /// Takes a whole line, or loses it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.shared.lock();
        if waiting.lines >= self.room || waiting.is_over {
            LostLines::count();
            return Ok(line.len());
        }
        waiting.text.extend_from_slice(line);
        waiting.lines += 1;
        let is_idle = mem::take(&mut waiting.is_idle);
        drop(waiting);
        // Waking it costs more than a line does: once for all that come together.
        if is_idle {
            self.shared.come.notify_one();
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
        let mut waiting = self.shared.lock();
        waiting.is_over = true;
        self.shared.come.notify_one();
        let is_writing = |waiting: &mut Waiting| !waiting.has_ended;
        let ended = &self.shared.ended;
        drop(ended.wait_timeout_while(waiting, PATIENCE, is_writing));
    }
}

/// Writes what comes, all that waits at once, until the end.
fn write_out(mut out: impl Write, shared: &Shared) {
    let mut told = LostLines::so_far();
    let mut text = Vec::new();
    loop {
        let is_over = shared.take(&mut text);
        // A log that nobody can write to is no reason to stop.
        let _ = out.write_all(&text).and_then(|()| out.flush());
        text.clear();
        text.shrink_to(MOST_KEPT);
        if is_over {
            shared.lock().has_ended = true;
            shared.ended.notify_all();
            return;
        }
        let lost = LostLines::so_far();
        if lost > told {
            tracing::warn!(lines = lost - told, "lines of the log were lost");
            told = lost;
        }
        shared.pause();
    }
}

/// A quarter of a second of a busy host; 3 MiB.
const MOST_LINES: usize = 8_192;
/// What two texts may keep of their memory.
const MOST_KEPT: usize = 256 << 10;
/// How long lines come together. The thread wakes two hundred times a second under any load: a thousand
/// times took 2 % of a core.
const PAUSE: Duration = Duration::from_millis(5);
/// How often lost lines are looked for while nothing is logged.
const LOOK: Duration = Duration::from_secs(1);
/// For the last lines of a process.
const PATIENCE: Duration = Duration::from_secs(1);
