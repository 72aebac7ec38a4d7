//! Several GT hosts of one tenant, names that move, and a pool that has its bounds.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use signalbox_host::config::{HealthCheck, UpstreamUrl};
use signalbox_host::{Resolve, Resolving};

use crate::harness::{Ask, Gate, GateBuilder, Gt, within};

fn url(host: &str) -> UpstreamUrl {
    UpstreamUrl::parse(&format!("http://{host}/api/tenant")).unwrap()
}

fn before(addresses: &[SocketAddr]) -> GateBuilder {
    let urls = addresses.iter().map(|it| url(&it.to_string())).collect();
    Gate::builder(addresses[0]).config(|config| config.upstream.urls = urls)
}

/// Where nobody listens.
fn nobody() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Answers only when it is told to.
fn waiting() -> (Gt, mpsc::Sender<()>) {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let gt = Gt::answering(move |_, reply| {
        may_go_on.lock().unwrap().recv().unwrap();
        reply.json(200, "{}");
    });
    (gt, go_on)
}

fn is_used(gate: &Gate, address: SocketAddr) -> bool {
    let line = format!("signalbox_upstream_used{{host=\"{address}\"}} 1\n");
    gate.handle.metrics().contains(&line)
}

fn reason(gate: &Gate, part: &str) -> Option<String> {
    gate.handle.status().reasons.get(part).cloned()
}

#[test]
fn a_request_goes_to_the_host_with_the_fewest() {
    let (busy, go_on) = waiting();
    let free = Gt::chatty();
    let gate = before(&[busy.address, free.address]).start();
    let mut first = gate.connect();
    first.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| busy.seen().len() == 1));
    for _ in 0..5 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert_eq!((busy.seen().len(), free.seen().len()), (1, 5));
    go_on.send(()).unwrap();
    assert_eq!(first.answer().status, 200);
    let host = free.address.to_string();
    assert!(
        free.seen()
            .iter()
            .all(|seen| seen.header("host") == Some(&host))
    );
}

#[test]
fn hosts_with_equally_many_take_turns() {
    let (a, b) = (Gt::chatty(), Gt::chatty());
    let gate = before(&[a.address, b.address]).start();
    for _ in 0..6 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert_eq!((a.seen().len(), b.seen().len()), (3, 3));
}

#[test]
fn a_host_that_is_not_there_costs_no_request_and_is_left_out() {
    let (dead, gt) = (nobody(), Gt::chatty());
    let gate = before(&[dead, gt.address]).start();
    let upload = Ask::post("/v1/datasets/briefs/files").body(&vec![b'x'; 1 << 20]);
    assert_eq!(
        gate.send(&upload).status,
        200,
        "nothing of it was sent before"
    );
    for _ in 0..9 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert_eq!(gt.seen().len(), 10);
    assert!(!is_used(&gate, dead) && is_used(&gate, gt.address));
    let left_out =
        format!("signalbox_upstream_left_out_total{{host=\"{dead}\",cause=\"connect\"}} ");
    assert!(gate.handle.metrics().contains(&left_out));
    let reason = reason(&gate, "upstream 1").unwrap();
    assert!(reason.contains("is it running"), "{reason}");
    assert!(
        !reason.contains(&dead.to_string()),
        "readiness is for everybody"
    );
    let status = gate.handle.status();
    let used: Vec<bool> = status.upstreams.iter().map(|it| it.used).collect();
    assert_eq!((status.status, used), ("degraded", vec![false, true]));
}

#[test]
fn a_host_that_is_back_is_used_again() {
    let place = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let other = Gt::chatty();
    let gate = before(&[address, other.address]).start();
    for _ in 0..2 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert!(!is_used(&gate, address));
    let back = Gt::at(address);
    assert!(within(|| {
        gate.send(&Ask::chat("gpt-4o"));
        !back.seen().is_empty()
    }));
    assert!(is_used(&gate, address));
    assert_eq!(reason(&gate, "upstream 1"), None);
}

#[test]
fn what_a_host_lost_is_not_asked_of_another_and_three_times_is_too_often() {
    let losing = Gt::answering(|_, reply| reply.hang_up());
    let other = Gt::chatty();
    let gate = before(&[losing.address, other.address]).start();
    let mut lost = 0;
    assert!(within(|| {
        lost += usize::from(gate.send(&Ask::chat("gpt-4o")).status == 502);
        !is_used(&gate, losing.address)
    }));
    assert_eq!((lost, losing.seen().len()), (3, 3));
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
}

#[test]
fn where_no_host_is_there_all_are_tried() {
    let (one, two) = (nobody(), nobody());
    let gate = before(&[one, two]).start();
    for _ in 0..3 {
        let answer = gate.send(&Ask::chat("gpt-4o"));
        assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
        assert_eq!(answer.header("x-should-retry"), Some("true"));
    }
    let used = [one, two].map(|address| is_used(&gate, address));
    assert!(used.contains(&true), "the last one is never left out");
    let why = reason(&gate, "upstream 1").unwrap();
    assert!(why.contains("right?: Connection refused"), "{why}");
}

#[test]
fn a_health_check_that_fails_says_why() {
    let other = Gt::chatty();
    let gate = before(&[nobody(), other.address])
        .config(|config| {
            let mut check = HealthCheck::default();
            check.interval = Duration::from_millis(20).into();
            config.upstream.health = Some(check);
        })
        .start();
    let why = || reason(&gate, "upstream 1").unwrap_or_default();
    assert!(within(|| why().contains("right?: Connection refused")));
    assert!(
        why().starts_with("it fails its health check: "),
        "{}",
        why()
    );
}

#[test]
fn hosts_are_asked_how_they_are() {
    let is_well = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_well);
    let gt = Gt::answering(move |seen, reply| {
        let is_check = seen.line.starts_with("GET /api/tenant/v1/models ");
        let status = if told.load(Ordering::SeqCst) || !is_check {
            401
        } else {
            500
        };
        reply.json(status, "{}");
    });
    let other = Gt::chatty();
    let gate = before(&[gt.address, other.address])
        .config(|config| {
            let mut check = HealthCheck::default();
            check.interval = Duration::from_millis(20).into();
            config.upstream.health = Some(check);
        })
        .start();
    assert!(within(|| !is_used(&gate, gt.address)));
    let asked = gt.seen().into_iter().next().unwrap();
    assert_eq!(asked.header("authorization"), Some("Bearer gtak_inference"));
    let reason = || reason(&gate, "upstream 1");
    let failing = "it fails its health check: it answers with the status 500";
    assert!(within(|| reason().as_deref() == Some(failing)));
    for _ in 0..4 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert!(gt.seen().iter().all(|seen| seen.line.starts_with("GET ")));
    is_well.store(true, Ordering::SeqCst);
    assert!(within(|| is_used(&gate, gt.address) && reason().is_none()));
}

/// A resolver whose answer the test changes.
#[derive(Debug, Default)]
struct Names {
    now: Mutex<Option<SocketAddr>>,
    asked: AtomicUsize,
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move {
            assert!(host.ends_with("gt.example") && port == 80);
            self.asked.fetch_add(1, Ordering::SeqCst);
            let now = *self.now.lock().unwrap();
            now.map(|address| vec![address])
                .ok_or_else(|| io::Error::other("no name server answers"))
        })
    }
}

fn named(hosts: &[&str], names: &Arc<Names>) -> GateBuilder {
    let urls = hosts.iter().map(|host| url(host)).collect();
    let names = Arc::clone(names);
    Gate::builder(nobody()).config(|config| {
        config.upstream.urls = urls;
        config.upstream.resolver = names;
    })
}

#[test]
fn a_gt_that_moves_is_followed() {
    let (old, new) = (Gt::chatty(), Gt::chatty());
    let names = Arc::new(Names::default());
    *names.now.lock().unwrap() = Some(old.address);
    let gate = named(&["gt.example"], &names)
        .config(|config| config.times.upstream_max_age = Duration::from_millis(200).into())
        .start();
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    assert_eq!(old.only().header("host"), Some("gt.example"));
    *names.now.lock().unwrap() = Some(new.address);
    // A connection that is used all the time is given up all the same.
    assert!(within(|| {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
        !new.seen().is_empty()
    }));
}

#[test]
fn a_name_is_looked_up_for_new_connections_alone() {
    let gt = Gt::chatty();
    let names = Arc::new(Names::default());
    *names.now.lock().unwrap() = Some(gt.address);
    let gate = named(&["gt.example"], &names).start();
    for _ in 0..5 {
        assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200);
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
}

#[test]
fn name_servers_that_fail_do_not_speak_against_a_host_that_answers() {
    let (gt, go_on) = waiting();
    let names = Arc::new(Names::default());
    *names.now.lock().unwrap() = Some(gt.address);
    let gate = named(&["a.gt.example", "b.gt.example"], &names).start();
    let mut open = [gate.connect(), gate.connect()];
    for client in &mut open {
        client.write(&Ask::chat("gpt-4o").bytes());
    }
    assert!(within(|| gt.seen().len() == 2));
    *names.now.lock().unwrap() = None;
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (502, "upstream_unreachable".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("true"));
    assert!(gate.handle.status().upstreams.iter().all(|host| host.used));
    let reason = reason(&gate, "upstream 1").unwrap();
    assert!(reason.contains("name servers"), "{reason}");
    for client in &mut open {
        go_on.send(()).unwrap();
        go_on.send(()).unwrap();
        assert_eq!(client.answer().status, 200);
    }
    go_on.send(()).unwrap();
    assert_eq!(gate.send(&Ask::chat("gpt-4o")).status, 200, "on a kept one");
}

#[test]
fn a_full_pool_is_waited_for() {
    let (gt, go_on) = waiting();
    let gate = Gate::builder(gt.address)
        .config(|config| config.limits.upstream_connections = 1)
        .start();
    let mut clients = [gate.connect(), gate.connect(), gate.connect()];
    for client in &mut clients {
        client.write(&Ask::chat("gpt-4o").bytes());
    }
    for _ in 0..3 {
        go_on.send(()).unwrap();
    }
    for client in &mut clients {
        assert_eq!(client.answer().status, 200);
    }
    assert!(gt.seen().iter().all(|seen| seen.connection == 0));
}

#[test]
fn a_pool_that_stays_full_is_overload_and_the_place_of_one_that_left_is_free() {
    let (gt, go_on) = waiting();
    let gate = Gate::builder(gt.address)
        .config(|config| {
            config.limits.upstream_connections = 1;
            config.times.connect = Duration::from_millis(100).into();
        })
        .start();
    let mut first = gate.connect();
    first.write(&Ask::chat("gpt-4o").bytes());
    assert!(within(|| gt.seen().len() == 1));
    let answer = gate.send(&Ask::chat("gpt-4o"));
    assert_eq!(answer.refusal(), (503, "overloaded".to_owned()));
    assert_eq!(answer.header("x-should-retry"), Some("true"));
    assert!(answer.header("retry-after").is_some());
    assert_eq!(gt.seen().len(), 1);
    drop(first);
    assert!(within(|| gate.handle.requests() == 0));
    go_on.send(()).unwrap();
    go_on.send(()).unwrap();
    assert!(within(|| gate.send(&Ask::chat("gpt-4o")).status == 200));
}
