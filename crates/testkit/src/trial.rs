//! Looking for a request that breaks a law, and shrinking it.

use std::time::{Duration, Instant};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use signalbox_cases::Decider;

use crate::{Broken, Law, LawReport, LawResult, TestRequest, Words, check, requests};

/// How a policy is tried. The same trial of the same policy finds the same.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What the requests are drawn by.
    pub seed: u64,
    /// How many are drawn at least.
    pub requests: usize,
    /// How long more are drawn; what is found in that time depends on the machine.
    pub time: Duration,
    /// The laws that are looked at.
    pub laws: Vec<Law>,
}

impl Default for Trial {
    /// 256 requests, all laws, the seed 0.
    fn default() -> Self {
        Self {
            seed: 0,
            requests: 256,
            time: Duration::ZERO,
            laws: Law::ALL.to_vec(),
        }
    }
}

/// Asks a policy requests that are made of these words, until there are enough of them or every law is broken.
pub fn try_laws(policy: &impl Decider, words: &Words, trial: &Trial) -> LawReport {
    let mut runner = runner(trial.seed);
    let strategy = requests(words);
    let began = Instant::now();
    let (mut drawn, mut left, mut broken) = (0, trial.laws.clone(), Vec::new());
    while !left.is_empty() && (drawn < trial.requests || began.elapsed() < trial.time) {
        // Nothing is filtered: there always is a next one.
        let Ok(mut tree) = strategy.new_tree(&mut runner) else {
            break;
        };
        drawn += 1;
        if let Err(found) = check(policy, &tree.current(), &left) {
            left.retain(|law| *law != found.law);
            broken.push(shrink(policy, &mut tree, *found));
        }
    }
    let result = |law: &Law| LawResult {
        law: *law,
        broken: broken.iter().find(|it| it.law == *law).cloned(),
    };
    LawReport {
        seed: trial.seed,
        requests: drawn,
        results: trial.laws.iter().map(result).collect(),
    }
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(seed.to_le_bytes()) {
        *to = from;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, rng)
}

/// The plainest request on the way that breaks the same law.
fn shrink(
    policy: &impl Decider,
    tree: &mut impl ValueTree<Value = TestRequest>,
    mut found: Broken,
) -> Broken {
    let law = [found.law];
    let mut steps = 0..MOST_STEPS;
    while steps.next().is_some() && tree.simplify() {
        loop {
            if let Err(plainer) = check(policy, &tree.current(), &law) {
                found = *plainer;
                break;
            }
            if steps.next().is_none() || !tree.complicate() {
                return found;
            }
        }
    }
    found
}

/// Of a policy that takes all its time for each question, shrinking still ends.
const MOST_STEPS: usize = 1_000;
