//! The decision pool: bounded, fair between callers, and not to be brought down.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use signalbox_policy::{Decision, RequestedModel};
use signalbox_runtime::{
    DecideError, DecisionPool, Generation, RequestBuf, Runtime, Settings, SubmitError,
};

use crate::guests::{Guest, caller, chat, honest, serve};

/// One thread and room for four.
fn pool() -> DecisionPool {
    let settings = Settings {
        workers: 1,
        decision_threads: 1,
        queue: 4,
        ..Settings::default()
    };
    Runtime::new(settings).unwrap().decision_pool().unwrap()
}

fn generation(guest: &Guest) -> Arc<Generation> {
    serve(guest.load().unwrap())
}

type Outcome = Result<Decision, DecideError>;

/// Submits a request; the outcome comes out of the receiver.
fn ask(
    pool: &DecisionPool,
    generation: &Arc<Generation>,
    who: &str,
) -> Result<Receiver<Outcome>, SubmitError> {
    let (sender, receiver) = channel();
    let caller = caller(who);
    let request = RequestBuf::from(&chat(&caller, RequestedModel::Unread));
    pool.submit(Arc::clone(generation), request, move |outcome| {
        drop(sender.send(outcome));
    })?;
    Ok(receiver)
}

fn wait<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(Duration::from_secs(60)).unwrap()
}

/// Keeps the pool's one thread in a reply until something is sent, or the sender is dropped.
fn hold(pool: &DecisionPool, generation: &Arc<Generation>) -> Sender<()> {
    let (release, released) = channel::<()>();
    let (started, start) = channel();
    let caller = caller("holder");
    let request = RequestBuf::from(&chat(&caller, RequestedModel::Unread));
    let reply = move |_| {
        started.send(()).unwrap();
        let _gone = released.recv();
    };
    pool.submit(Arc::clone(generation), request, reply).unwrap();
    wait(&start);
    release
}

#[test]
fn submitted_request_is_decided() {
    let (pool, generation) = (pool(), generation(&Guest::default()));
    let outcome = wait(&ask(&pool, &generation, "honest").unwrap());
    assert_eq!(outcome, Ok(honest(RequestedModel::Unread)));
}

#[test]
fn caller_over_its_share_and_queue_over_its_length_are_busy() {
    let (pool, generation) = (pool(), generation(&Guest::default()));
    let release = hold(&pool, &generation);
    let waiting: Vec<_> = ["a", "a", "b", "b"]
        .map(|who| ask(&pool, &generation, who).unwrap())
        .into();
    assert_eq!(
        ask(&pool, &generation, "c").unwrap_err(),
        SubmitError::QueueFull
    );
    drop(release);
    for outcome in waiting {
        assert_eq!(wait(&outcome), Ok(honest(RequestedModel::Unread)));
    }
    let release = hold(&pool, &generation);
    let first = [
        ask(&pool, &generation, "a").unwrap(),
        ask(&pool, &generation, "a").unwrap(),
    ];
    assert_eq!(
        ask(&pool, &generation, "a").unwrap_err(),
        SubmitError::CallerShare
    );
    assert!(ask(&pool, &generation, "b").is_ok());
    drop(release);
    for outcome in first {
        assert!(wait(&outcome).is_ok());
    }
}

#[test]
fn caller_whose_requests_keep_failing_is_refused_without_a_call() {
    let (pool, generation) = (pool(), generation(&Guest::code("(unreachable)")));
    for _ in 0..5 {
        assert!(wait(&ask(&pool, &generation, "evil").unwrap()).is_err());
    }
    assert_eq!(
        ask(&pool, &generation, "evil").unwrap_err(),
        SubmitError::CallerFails
    );
    assert!(wait(&ask(&pool, &generation, "honest").unwrap()).is_ok());
}

#[test]
fn panicking_reply_costs_no_thread() {
    let (pool, generation) = (pool(), generation(&Guest::default()));
    let caller = caller("honest");
    let request = RequestBuf::from(&chat(&caller, RequestedModel::Unread));
    pool.submit(Arc::clone(&generation), request, |_| {
        panic!("a reply's own fault")
    })
    .unwrap();
    assert!(wait(&ask(&pool, &generation, "honest").unwrap()).is_ok());
}

#[test]
fn dropped_pool_answers_what_waits_and_ends_its_threads() {
    let (pool, generation) = (pool(), generation(&Guest::default()));
    let release = hold(&pool, &generation);
    let waiting = ask(&pool, &generation, "a").unwrap();
    let dropping = thread::spawn(move || drop(pool));
    assert_eq!(wait(&waiting), Err(DecideError::Closed));
    drop(release);
    dropping.join().unwrap();
    assert_eq!(Arc::strong_count(&generation), 1);
}

#[test]
fn pool_may_be_dropped_by_its_own_reply() {
    let (pool, generation) = (Arc::new(pool()), generation(&Guest::default()));
    let (sender, receiver) = channel();
    let caller = caller("a");
    let request = RequestBuf::from(&chat(&caller, RequestedModel::Unread));
    let (gate, open) = channel::<()>();
    let last = Arc::clone(&pool);
    let reply = move |_| {
        open.recv().unwrap();
        drop(last);
        sender.send(()).unwrap();
    };
    pool.submit(generation, request, reply).unwrap();
    drop(pool);
    gate.send(()).unwrap();
    wait(&receiver);
}
