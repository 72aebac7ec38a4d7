//! Two thousand streams at once, and every way in which a client or GT can behave badly: nothing is
//! left afterwards, no connection stays, memory is as before, and every request is counted once.

mod clients;
mod gt;
mod stage;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signalbox_harness::{
    gate::key_entry,
    served::{Place, Served, document},
    wait_for,
};
use tokio::{net::TcpListener, sync::mpsc as tasks, task::JoinSet};

use clients::{KEY, Saw};
use stage::{Act, Stage, counted};

/// What each of so many requests of a kind must see, and how each must be counted.
type Row = (&'static str, usize, Saw, Counted);

/// An outcome's labels, as far as they are fixed.
type Counted = &'static [&'static str];

const FORWARDED: Counted = &["outcome=\"forwarded\"", "code=\"ok\""];
const BROKEN: Counted = &["outcome=\"broken\""];
const ABANDONED: Counted = &["outcome=\"abandoned\""];
const FAILED: Counted = &["outcome=\"failed\""];

/// The host in a process of its own, with GT and the clients here.
struct Play {
    host: Served,
    _place: Place,
    clients: tasks::UnboundedSender<Vec<(String, SocketAddr, Arc<Stage>)>>,
    saw: mpsc::Receiver<Vec<(String, Saw)>>,
    stages: tasks::UnboundedSender<Arc<Stage>>,
}

impl Play {
    fn new(times: &str) -> Self {
        raise_the_limit_of_files();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let gt = listener.local_addr().expect("a bound socket");
        let (clients, stages, saw) = in_a_thread(listener);
        let place = Place::before(gt, "default: soak.yaml", &format!("times: {{{times}}}\n"));
        place.write("soak.yaml", document("gpt-4o"));
        let rest =
            "preset: chat-client, models: all, limits: {concurrent: unlimited, streams: unlimited}";
        place.write(
            "keys.yaml",
            format!("keys:\n{}", key_entry("soak", KEY, rest)),
        );
        Self {
            host: place.serve(),
            _place: place,
            clients,
            saw,
            stages,
        }
    }

    /// Sends every request of these rows at once.
    fn begin(&self, rows: &[Row]) -> Arc<Stage> {
        let stage = Arc::new(Stage::new());
        self.stages
            .send(Arc::clone(&stage))
            .expect("the thread runs");
        let all = rows.iter().flat_map(|(kind, count, ..)| {
            let one = |n| (format!("{kind}-{n}"), self.host.host, Arc::clone(&stage));
            (0..*count).map(one).collect::<Vec<_>>()
        });
        self.clients.send(all.collect()).expect("the thread runs");
        stage
    }

    /// Waits for the last client, and says which of them saw what they should not.
    fn check_what_was_seen(&self, rows: &[Row]) {
        let saw = self.saw.recv().expect("every client ends");
        let mut seen = BTreeMap::<_, usize>::new();
        for (id, saw) in saw {
            *seen
                .entry((stage::kind_of(&id).to_owned(), saw))
                .or_default() += 1;
        }
        let expected = rows
            .iter()
            .map(|(kind, count, saw, _)| (((*kind).to_owned(), *saw), *count));
        assert_eq!(seen, expected.collect());
    }

    /// Waits until nothing is open any more, and nothing held.
    fn wait_for_nothing(&self) {
        for gauge in [
            "signalbox_requests_open",
            "signalbox_streams_open",
            "signalbox_connections_open{",
            "signalbox_held_bytes{",
        ] {
            wait_for(gauge, || (self.host.metric(&[gauge]) == 0.0).then_some(()));
        }
        wait_for("answers of the policy", || {
            (self.host.metric(&["signalbox_policy_open_answers"]) == 0.0).then_some(())
        });
    }

    fn outcomes(&self, labels: &[&str]) -> f64 {
        self.host
            .metric(&[&["signalbox_requests_total"], labels].concat())
    }

    /// Every request was counted once, each under its own outcome; `rounds` times these.
    fn check_what_was_counted(&self, rows: &[Row], rounds: usize) {
        let mut expected = BTreeMap::<Counted, usize>::new();
        for (_, count, _, counted) in rows {
            *expected.entry(counted).or_default() += count * rounds;
        }
        let total = expected.values().sum::<usize>();
        let counted = expected
            .keys()
            .map(|labels| (*labels, self.outcomes(labels) as usize));
        assert_eq!(counted.collect::<BTreeMap<_, _>>(), expected);
        assert_eq!(self.outcomes(&[]) as usize, total);
    }
}

/// GT and all clients on one thread with one runtime.
#[expect(
    clippy::type_complexity,
    reason = "three ends of three channels, taken apart at once"
)]
fn in_a_thread(
    listener: std::net::TcpListener,
) -> (
    tasks::UnboundedSender<Vec<(String, SocketAddr, Arc<Stage>)>>,
    tasks::UnboundedSender<Arc<Stage>>,
    mpsc::Receiver<Vec<(String, Saw)>>,
) {
    let (clients, mut to_ask) = tasks::unbounded_channel::<Vec<(String, SocketAddr, Arc<Stage>)>>();
    let (stages, mut on_stage) = tasks::unbounded_channel::<Arc<Stage>>();
    let (tell, saw) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime starts").block_on(async move {
            listener.set_nonblocking(true).expect("a socket takes it");
            let mut servers = JoinSet::new();
            while let Some(stage) = on_stage.recv().await {
                // GT goes on where it was, before another play.
                servers.shutdown().await;
                let again = listener.try_clone().expect("a socket has another end");
                let again = TcpListener::from_std(again).expect("a socket of this runtime");
                servers.spawn(gt::serve(again, stage));
                let Some(asks) = to_ask.recv().await else {
                    return;
                };
                let mut asked = JoinSet::new();
                for (id, gate, stage) in asks {
                    asked.spawn(async move { (id.clone(), clients::ask(id, gate, stage).await) });
                }
                if tell.send(asked.join_all().await).is_err() {
                    return;
                }
            }
        });
    });
    (clients, stages, saw)
}

/// Both ends of every connection here, or both ends in the host, and some to spare.
fn raise_the_limit_of_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = 3 * STREAMS as u64;
    let enough = limit.maximum.is_none_or(|maximum| maximum >= wanted);
    assert!(
        enough,
        "this needs {wanted} open files at a time: raise `ulimit -Hn`"
    );
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, raised).expect("within what the system allows");
    }
}

const STREAMS: usize = 2_000;

/// Two thousand, of every kind.
const STREAMING: &[Row] = &[
    ("s:finish", 1_000, Saw::Whole(200), FORWARDED),
    ("s:slow", 100, Saw::Whole(200), FORWARDED),
    ("s:leave", 300, Saw::Nothing, ABANDONED),
    ("s:endless", 100, Saw::Nothing, ABANDONED),
    ("s:short", 200, Saw::Broken, BROKEN),
    ("s:reset", 200, Saw::Broken, BROKEN),
    ("s:garbage", 100, Saw::Broken, BROKEN),
];

/// Memory of the host in one round.
#[derive(Clone, Copy)]
struct Memory {
    before: u64,
    open: u64,
    /// While a hundred clients do not read what GT sends.
    blocked: u64,
}

fn a_round_of_streams(play: &Play) -> Memory {
    let before = play.host.resident();
    let stage = play.begin(STREAMING);
    let all =
        |counter: &std::sync::atomic::AtomicUsize| (counted(counter) == STREAMS).then_some(());
    wait_for("every first event", || all(&stage.opened));
    let open = play.host.resident();
    assert_eq!(
        play.host.metric(&["signalbox_streams_open"]) as usize,
        STREAMS
    );
    assert_eq!(
        play.host.metric(&["signalbox_requests_open"]) as usize,
        STREAMS
    );
    stage.begin(Act::Tick);
    wait_for("every second event", || all(&stage.ticked));
    stage.begin(Act::End);
    wait_for("all but the slow", || {
        (counted(&stage.done) == STREAMS - 100).then_some(())
    });
    let blocked = play.host.resident();
    stage.begin(Act::Resume);
    play.check_what_was_seen(STREAMING);
    play.wait_for_nothing();
    // Who left took the request to GT along.
    wait_for("GT to hear of it", || {
        (counted(&stage.cancelled) == 400).then_some(())
    });
    Memory {
        before,
        open,
        blocked,
    }
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the figure is worth showing whenever this runs"
)]
fn two_thousand_streams_come_and_go_and_leave_nothing() {
    let play = Play::new("upstream_idle: 1s");
    // What the first rounds' ends take is not given back: over eight rounds 159, 187, 195, 199, 200,
    // 196, 196 and 196 MiB, and on one busy core it takes a few more to get there. A leak of one
    // stream's memory never does.
    let mut rounds = vec![a_round_of_streams(&play), a_round_of_streams(&play)];
    let grown = loop {
        let before = rounds[rounds.len() - 1].open;
        let round = a_round_of_streams(&play);
        rounds.push(round);
        let grown = round.open.saturating_sub(before);
        if grown < 16 << 20 || rounds.len() == MOST_ROUNDS {
            break grown;
        }
    };
    play.check_what_was_counted(STREAMING, rounds.len());
    let (first, last) = (rounds[0], rounds[rounds.len() - 1]);
    let a_stream = first.open.saturating_sub(first.before) / STREAMS as u64;
    println!(
        "memory: {} KiB a stream ({} MiB before, {} MiB with {STREAMS} streams, {} MiB in round {})",
        a_stream >> 10,
        first.before >> 20,
        first.open >> 20,
        last.open >> 20,
        rounds.len(),
    );
    // Two connections with their tasks and buffers, measured at 50 KiB. A body held whole, or a
    // buffer that has grown to what it may, is far beyond.
    assert!(a_stream < 128 << 10, "{a_stream} bytes a stream");
    for round in &rounds {
        // A hundred clients that do not read leave two megabytes each at GT. What is here are the
        // buffers between the two sockets, measured at 400 KiB, and what others left behind.
        let held = round.blocked.saturating_sub(round.open);
        assert!(
            held < 80 << 20,
            "{held} bytes more while clients do not read"
        );
    }
    assert!(
        grown < 16 << 20,
        "{grown} bytes more from one round to the next, after {MOST_ROUNDS} rounds"
    );
}

const MOST_ROUNDS: usize = 8;

/// GT's lies and lapses, and clients that send slowly or not at all.
const ANSWERS: &[Row] = &[
    ("plain", 100, Saw::Whole(200), FORWARDED),
    ("writer", 200, Saw::Whole(200), FORWARDED),
    ("surplus", 25, Saw::Whole(200), FORWARDED),
    ("twice", 25, Saw::Whole(200), FORWARDED),
    ("continues", 25, Saw::Whole(200), FORWARDED),
    ("long", 25, Saw::Broken, BROKEN),
    ("silent", 25, Saw::Broken, BROKEN),
    ("garbage", 25, Saw::Whole(502), FAILED),
    ("lengths", 25, Saw::Whole(502), FAILED),
    ("switch", 25, Saw::Whole(502), FAILED),
    ("close", 25, Saw::Whole(502), FAILED),
    ("reset", 25, Saw::Whole(502), FAILED),
    ("endless", 25, Saw::Whole(502), FAILED),
    ("stall", 25, Saw::Whole(504), FAILED),
    ("gone", 25, Saw::Nothing, ABANDONED),
];

#[test]
fn lies_lapses_and_slow_senders_are_each_counted_and_leave_nothing() {
    let play = Play::new("first_byte: 10s, answer_idle: 10s, upstream_idle: 1s");
    let stage = play.begin(ANSWERS);
    let all = ANSWERS.iter().map(|row| row.1).sum::<usize>();
    let writers = ANSWERS
        .iter()
        .filter(|row| row.0 == "writer")
        .map(|row| row.1);
    let others = all - writers.sum::<usize>();
    let wait = |what, counter| wait_for(what, || (counted(counter) == others).then_some(()));
    wait("GT to be asked", &stage.asked);
    stage.begin(Act::End);
    wait("everybody else", &stage.done);
    stage.begin(Act::Resume);
    play.check_what_was_seen(ANSWERS);
    play.wait_for_nothing();
    play.check_what_was_counted(ANSWERS, 1);
}
