//! What grows, and how it is made to.

use std::{thread, time::Duration};

use signalbox_harness::{
    http::{Ask, Open},
    keep_alive::Line,
    wait_for,
};

use super::{
    axis::{Axis, Fallible, Memory, Point},
    host::{Host, KEY, answered, chat, policy},
};

type Measure = fn() -> Fallible<Axis>;

/// Every axis by its name.
pub(crate) const ALL: [(&str, Measure); 7] = [
    ("connections", connections),
    ("bodies", bodies),
    ("models", models),
    ("lists", lists),
    ("keys", keys),
    ("generations", generations),
    ("streams", streams),
];

pub(crate) fn names() -> String {
    ALL.map(|(name, _)| name).join(", ")
}

/// A size, asked for on some connections.
fn point(size: usize, host: &Host, lines: &mut [Line], ask: &Ask, count: usize) -> Fallible<Point> {
    Ok(Point {
        size: size as u64,
        processor_us: host.cost(lines, ask, count)?,
        resident: host.served.resident(),
    })
}

fn connections() -> Fallible<Axis> {
    let host = Host::start(&policy(10), 1);
    let ask = chat("Hello", "");
    let mut lines = Vec::new();
    let mut points = Vec::new();
    for size in [1, 10, 100, 1_000, 5_000, 10_000] {
        while lines.len() < size {
            let mut line = host.line();
            answered(&mut line, &ask)?;
            lines.push(line);
        }
        points.push(point(size, &host, &mut lines, &ask, 2_000)?);
    }
    Ok(Axis {
        name: "connections",
        title: "Connections that are kept, asked in turn",
        unit: "connections",
        of: "a small chat",
        points,
    })
}

fn bodies() -> Fallible<Axis> {
    let host = Host::start(&policy(10), 1);
    let mut lines = [host.line()];
    let mut points = Vec::new();
    for size in [1 << 10, 10 << 10, 100 << 10, 1 << 20, 10 << 20, 30 << 20] {
        let ask = chat(&"All quiet on the line. ".repeat(size / 23), "");
        let requests = ((64_usize << 20) / size).clamp(10, 2_000);
        let mut point = point(size, &host, &mut lines, &ask, requests)?;
        point.processor_us /= f64::from(u32::try_from(size)?) / f64::from(1 << 20);
        points.push(point);
    }
    Ok(Axis {
        name: "bodies",
        title: "Bodies",
        unit: "bytes",
        of: "a megabyte of chat",
        points,
    })
}

fn models() -> Fallible<Axis> {
    by_models(
        "models",
        "Models of a policy",
        "a small chat",
        &chat("Hello", ""),
        2_000,
    )
}

fn lists() -> Fallible<Axis> {
    let ask = Ask::get("/v1/models").key(KEY);
    by_models(
        "lists",
        "Names in a list of models",
        "a list of all",
        &ask,
        50,
    )
}

fn by_models(
    name: &'static str,
    title: &'static str,
    of: &'static str,
    ask: &Ask,
    requests: usize,
) -> Fallible<Axis> {
    let mut points = Vec::new();
    for size in [10, 100, 1_000, 10_000, 50_000, 100_000] {
        let host = Host::start(&policy(size), 1);
        let mut lines = [host.line()];
        points.push(point(size, &host, &mut lines, ask, requests)?);
    }
    Ok(Axis {
        name,
        title,
        unit: "models",
        of,
        points,
    })
}

fn keys() -> Fallible<Axis> {
    let mut points = Vec::new();
    for size in [10, 100, 1_000, 10_000, 100_000] {
        let host = Host::start(&policy(10), size);
        let mut lines = [host.line()];
        points.push(point(size, &host, &mut lines, &chat("Hello", ""), 2_000)?);
    }
    Ok(Axis {
        name: "keys",
        title: "Keys in the keyring",
        unit: "keys",
        of: "a small chat",
        points,
    })
}

/// A stream on each generation keeps all of them.
fn generations() -> Fallible<Axis> {
    let host = Host::start(&policy(10), 1);
    let ask = chat("Hello", "");
    let mut lines = [host.line()];
    let mut streams = vec![stream(&host)];
    let mut points = Vec::new();
    for size in [1, 2, 4, 8, 16, 32] {
        while streams.len() < size {
            let number = streams.len() + 1;
            // One model more: another policy.
            host.place.write("policy.yaml", policy(10 + number));
            host.served.signal("-HUP");
            let live = format!("default@{number}");
            wait_for("the next generation", || {
                let answer = host.served.ask(&ask);
                (answer.header("x-signalbox-policy") == Some(&live)).then_some(())
            });
            streams.push(stream(&host));
        }
        points.push(point(size, &host, &mut lines, &ask, 2_000)?);
    }
    Ok(Axis {
        name: "generations",
        title: "Generations of a policy, each kept by a stream",
        unit: "generations",
        of: "a small chat",
        points,
    })
}

fn streams() -> Fallible<Axis> {
    let host = Host::start(&policy(10), 1);
    let mut lines = [host.line()];
    let mut open = Vec::new();
    let mut points = Vec::new();
    for size in [1, 10, 100, 500, 1_000, 2_000] {
        while open.len() < size {
            open.push(stream(&host));
        }
        points.push(point(size, &host, &mut lines, &chat("Hello", ""), 2_000)?);
    }
    Ok(Axis {
        name: "streams",
        title: "Streams that are open",
        unit: "streams",
        of: "a small chat",
        points,
    })
}

/// A stream that has begun and goes on as long as anybody measures.
fn stream(host: &Host) -> Open {
    let slow =
        ",\"stream\":true,\"metadata\":{\"gt_sim_chunks\":\"1000\",\"gt_sim_pause_ms\":\"60000\"}";
    let mut open = chat("Hello", slow).open(host.served.host);
    let _head = open.until("data: ");
    open
}

/// What is held by whom.
pub(crate) fn memory() -> Fallible<Memory> {
    let host = Host::start(&policy(10), 1);
    let mut lines = vec![host.line()];
    let ask = chat("Hello", "");
    let _warm = host.cost(&mut lines, &ask, 500)?;
    thread::sleep(MINUTE / 30);
    let (before, idle) = (host.processor_us()?, host.served.resident());
    thread::sleep(MINUTE / 6);
    let idle_processor = (host.processor_us()? - before) / (MINUTE / 6).as_secs_f64() / 1e4;
    for _ in 0..COUNT {
        let mut line = host.line();
        answered(&mut line, &ask)?;
        lines.push(line);
    }
    let with_connections = host.served.resident();
    let streams: Vec<Open> = (0..COUNT).map(|_| stream(&host)).collect();
    let most = host.served.resident();
    drop((lines, streams));
    thread::sleep(MINUTE);
    let left = host.served.resident();
    let held = |more: u64, less: u64| more.saturating_sub(less) / COUNT;
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let given_back = 100.0 * most.saturating_sub(left) as f64 / most.saturating_sub(idle) as f64;
    Ok(Memory {
        idle,
        connection: held(with_connections, idle),
        stream: held(most, with_connections),
        given_back,
        idle_processor,
    })
}

const COUNT: u64 = 2_000;
const MINUTE: Duration = Duration::from_secs(60);
