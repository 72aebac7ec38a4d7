//! The command under measurement, and its one client.

use std::{fs, time::Duration};

use signalbox_harness::{
    http::Ask,
    keep_alive::Line,
    served::{Place, Served},
};

use super::axis::Fallible;

/// A host that runs, with its folder.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) place: Place,
    pub(crate) served: Served,
}

impl Host {
    /// One worker, and no limit where growth ends.
    pub(crate) fn start(policy: &str, keys: usize) -> Self {
        let place = Place::new("default: policy.yaml", LIMITS);
        place.write("policy.yaml", policy);
        let other = |number: usize| {
            let digest = format!("{number:064x}");
            format!(
                "  - {{id: key-{number}, sha256: \"{digest}\", policy: default, preset: chat-client, models: all}}\n"
            )
        };
        let others: String = (1..keys).map(other).collect();
        place.write("keys.yaml", format!("keys:\n{others}"));
        place.key("bench", KEY, "default");
        let served = place.serve();
        Self { place, served }
    }

    pub(crate) fn line(&self) -> Line {
        Line::new(self.served.host)
    }

    /// Microseconds of processor time that all threads have spent so far.
    pub(crate) fn processor_us(&self) -> Fallible<f64> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.served.process.id()))? {
            let spent = fs::read_to_string(thread?.path().join("schedstat"))?;
            let spent = spent.split_whitespace().next().unwrap_or_default();
            nanoseconds += spent.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds).as_secs_f64() * 1e6)
    }

    /// Processor time of each of so many requests: the median of batches, since pages and caches are
    /// cold in the first.
    pub(crate) fn cost(&self, lines: &mut [Line], ask: &Ask, requests: usize) -> Fallible<f64> {
        let per_batch = requests.div_ceil(BATCHES);
        let mut turn = 0;
        let mut costs = Vec::new();
        for _ in 0..BATCHES {
            let before = self.processor_us()?;
            for _ in 0..per_batch {
                turn = (turn + 1) % lines.len();
                let line = lines.get_mut(turn).ok_or("no connection")?;
                answered(line, ask)?;
            }
            let spent = self.processor_us()? - before;
            costs.push(spent / f64::from(u32::try_from(per_batch)?));
        }
        costs.sort_by(f64::total_cmp);
        costs
            .get(BATCHES / 2)
            .copied()
            .ok_or_else(|| "no batch".into())
    }
}

/// Asks, and wants to hear 200.
pub(crate) fn answered(line: &mut Line, ask: &Ask) -> Fallible<()> {
    let answer = line.ask(ask).map_err(|broken| broken.0)?;
    match answer.status {
        200 => Ok(()),
        status => Err(format!("{status}: {}", answer.text()).into()),
    }
}

/// A chat about `content`.
pub(crate) fn chat(content: &str, more: &str) -> Ask {
    let body = format!(
        "{{\"model\":\"team-0\",\"messages\":[{{\"role\":\"user\",\"content\":\"{content}\"}}]{more}}}"
    );
    Ask::json("/v1/chat/completions", body).key(KEY)
}

/// A document of so many models.
pub(crate) fn policy(models: usize) -> String {
    let names: String = (0..models)
        .map(|model| format!("  team-{model}: {{published: support-agent, for: [chat]}}\n"))
        .collect();
    format!(
        "policy: growth\n\
         routes:\n\
         \x20 GET /v1/models: {{verdict: native}}\n\
         \x20 POST /v1/chat/completions: {{verdict: native, scope: \"inference:chat\", model: json}}\n\
         models:\n{names}"
    )
}

pub(crate) const KEY: &str = "gtak_growth";
const BATCHES: usize = 5;
const LIMITS: &str = "workers: 1\n\
    key_limits: {streams: 4096, concurrent: 4096}\n\
    limits: {connections: 12000, connections_per_client: 12000}\n";
