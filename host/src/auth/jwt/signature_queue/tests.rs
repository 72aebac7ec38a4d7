//! Who waits for what, and what is checked how often.

use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;

use super::fair_queue::tests::line;
use super::*;

/// A signature whose check waits for a word from the test.
struct Word {
    id: u32,
    verdict: Mutex<mpsc::Receiver<bool>>,
}

impl Signature for Word {
    type Id = u32;

    fn id(&self) -> u32 {
        self.id
    }

    fn check(&self, _on: &SignatureThread) -> bool {
        let verdict = self.verdict.lock().unwrap();
        verdict.recv().expect("the test says")
    }
}

/// A signature, and what says whether it is right.
fn word(id: u32) -> (mpsc::Sender<bool>, Word) {
    let (say, verdict) = mpsc::channel();
    let verdict = Mutex::new(verdict);
    (say, Word { id, verdict })
}

/// A signature about which was spoken.
fn spoken(id: u32, is_right: bool) -> Word {
    let (say, word) = word(id);
    say.send(is_right).unwrap();
    word
}

fn queue(waiting: usize, longest_wait: Duration) -> SignatureQueue<Word> {
    let limits = QueueLimits {
        threads: 1,
        waiting,
        longest_wait,
    };
    SignatureQueue::start(limits, SignatureMetrics::default()).unwrap()
}

fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

/// Lets a future go as far as it goes.
async fn begin<F: Future + Unpin>(future: &mut F) {
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut *future).poll(context);
        assert!(polled.is_pending(), "there was nothing to wait for");
        Poll::Ready(())
    })
    .await;
}

/// Until the thread has taken what waited.
fn taken(queue: &SignatureQueue<Word>, left: usize) {
    while queue.queue.lock().waiting.len() > left {
        thread::yield_now();
    }
}

/// Until nothing is kept of what was checked.
fn forgotten(queue: &SignatureQueue<Word>) {
    while !queue.queue.lock().pending.is_empty() {
        thread::yield_now();
    }
}

const LONG: Duration = Duration::from_secs(600);

#[test]
fn each_hears_what_came_of_its_own() {
    let queue = queue(10, LONG);
    run(async {
        for (id, is_right) in [(1, true), (2, false), (1, false)] {
            let checked = queue.check(line(0, 0), spoken(id, is_right)).await;
            assert_eq!(checked, Ok(is_right));
        }
    });
    assert_eq!(queue.queue.metrics.checked.get(), 3);
    forgotten(&queue);
}

#[test]
fn requests_with_one_token_share_a_check() {
    let queue = queue(10, LONG);
    run(async {
        let (say, first) = word(1);
        let mut first = pin!(queue.check(line(0, 0), first));
        begin(&mut first).await;
        taken(&queue, 0);
        // Under way, and of another address: its own signature is never looked at.
        let mut second = pin!(queue.check(line(1, 0), word(1).1));
        begin(&mut second).await;
        say.send(true).unwrap();
        assert_eq!((first.await, second.await), (Ok(true), Ok(true)));
    });
    assert_eq!(queue.queue.metrics.checked.get(), 1);
}

#[test]
fn whoever_is_gone_is_not_checked_for_and_holds_up_nobody() {
    let queue = queue(10, LONG);
    run(async {
        let (say, held) = word(1);
        let mut held = pin!(queue.check(line(0, 0), held));
        begin(&mut held).await;
        taken(&queue, 0);
        for id in 2..6 {
            let mut gone = Box::pin(queue.check(line(0, 0), word(id).1));
            begin(&mut gone).await;
        }
        assert_eq!(queue.queue.lock().waiting.len(), 0);
        let mut stays = pin!(queue.check(line(0, 0), spoken(6, true)));
        begin(&mut stays).await;
        say.send(false).unwrap();
        assert_eq!((held.await, stays.await), (Ok(false), Ok(true)));
    });
    assert_eq!(queue.queue.metrics.checked.get(), 2);
    forgotten(&queue);
}

#[test]
fn one_of_two_with_the_same_token_may_go() {
    let queue = queue(10, LONG);
    run(async {
        let (say, held) = word(1);
        let mut held = pin!(queue.check(line(0, 0), held));
        begin(&mut held).await;
        taken(&queue, 0);
        let mut gone = Box::pin(queue.check(line(0, 0), spoken(2, true)));
        begin(&mut gone).await;
        let mut stays = pin!(queue.check(line(1, 0), word(2).1));
        begin(&mut stays).await;
        drop(gone);
        say.send(true).unwrap();
        assert_eq!((held.await, stays.await), (Ok(true), Ok(true)));
    });
}

#[test]
fn a_full_queue_refuses_the_crowd_and_nobody_else() {
    let queue = queue(2, LONG);
    run(async {
        let (say, held) = word(1);
        let mut held = pin!(queue.check(line(0, 0), held));
        begin(&mut held).await;
        taken(&queue, 0);
        let mut first = pin!(queue.check(line(0, 0), spoken(2, false)));
        begin(&mut first).await;
        let mut second = pin!(queue.check(line(0, 0), spoken(3, false)));
        begin(&mut second).await;
        let third = queue.check(line(0, 0), spoken(4, false)).await;
        assert_eq!(third, Err(Unchecked::Full), "the crowd is its own");
        let mut honest = pin!(queue.check(line(0, 1), spoken(5, true)));
        begin(&mut honest).await;
        assert_eq!(second.await, Err(Unchecked::Full), "it makes way");
        say.send(true).unwrap();
        assert_eq!((first.await, honest.await), (Ok(false), Ok(true)));
        assert_eq!(held.await, Ok(true));
    });
    forgotten(&queue);
}

#[test]
fn nobody_waits_longer_than_the_longest_wait() {
    let queue = queue(10, Duration::ZERO);
    let (say, word) = word(1);
    assert_eq!(run(queue.check(line(0, 0), word)), Err(Unchecked::Late));
    let _ = say.send(true);
}

#[test]
fn a_check_that_fails_is_told_and_the_next_one_is_made() {
    let queue = queue(10, LONG);
    run(async {
        let (say, word) = word(1);
        drop(say);
        assert_eq!(queue.check(line(0, 0), word).await, Err(Unchecked::Lost));
        let next = queue.check(line(0, 0), spoken(2, true)).await;
        assert_eq!(next, Ok(true));
    });
}
