//! Nothing reaches GT as something the policy did not see: requests that two servers could read in
//! two ways, byte for byte, before the real host, with a recorder behind it that takes no excuse.

mod corpus;
mod frames;
mod http2;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
};

use serde_json::Value;
use signalbox_harness::{
    DEADLINE,
    gate::{GT_INFERENCE, Gate, Setup},
    http::{Answer, Ask},
    recorder::{Recorder, Wired},
};

use corpus::{Case, Expected, cases};

/// The gate before the recorder.
struct Place {
    gate: Gate,
    gt: Recorder,
}

impl Place {
    fn new() -> Self {
        let gt = Recorder::start();
        let gate = Setup::demo()
            .upstream(gt.address())
            .config("records: {keep: 4096}\n")
            .start();
        Self { gate, gt }
    }

    /// Sends a case in these pieces, and says what is wrong with what came of it.
    fn judge(&self, case: &Case, pieces: &[&[u8]]) -> Result<(), String> {
        // What a case before this one did wrong is its own.
        drop(self.gt.take());
        let answers = self.answers(case, pieces)?;
        let told = answers.iter().map(of_answer).collect::<Vec<_>>();
        let wanted = case
            .answers
            .iter()
            .filter(|one| **one != [Expected::Nothing]);
        let fits = told.len() <= case.answers.len()
            && case.answers.iter().enumerate().all(|(at, allowed)| {
                let one = told.get(at).copied().unwrap_or(Expected::Nothing);
                allowed.contains(&one)
            });
        if !fits {
            let wanted = wanted.collect::<Vec<_>>();
            return Err(format!("{told:?} is not {wanted:?}: {answers:?}"));
        }
        self.reached(&answers)
    }

    /// Every answer, until the gate closes; it must close once the client has.
    fn answers(&self, case: &Case, pieces: &[&[u8]]) -> Result<Vec<Answer>, String> {
        let mut stream = TcpStream::connect(self.gate.address()).expect("the gate listens");
        stream.set_nodelay(true).expect("a socket takes it");
        stream
            .set_read_timeout(Some(DEADLINE))
            .expect("a socket takes it");
        for piece in pieces {
            // A refusal may come, and the connection end, before all is sent.
            drop(stream.write_all(piece));
        }
        let mut received = Vec::new();
        let mut has_left = case.leaves;
        if has_left {
            drop(stream.shutdown(Shutdown::Write));
        }
        loop {
            let (answers, rest) = parsed(&received);
            if !has_left && answers.len() >= case.answers.len() {
                has_left = true;
                drop(stream.shutdown(Shutdown::Write));
            }
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer) {
                Ok(0) if rest.is_empty() => return Ok(answers),
                // It closes over what was not read: what it said before is all there.
                Err(error)
                    if rest.is_empty() && error.kind() == std::io::ErrorKind::ConnectionReset =>
                {
                    return Ok(answers);
                }
                Ok(0) => return Err(format!("half an answer: {}", String::from_utf8_lossy(rest))),
                Ok(length) => received.extend(buffer.iter().take(length)),
                Err(error) => return Err(format!("silence ({error}) after {answers:?}")),
            }
        }
    }

    /// What reached GT is what was answered from there, and what the policy saw.
    fn reached(&self, answers: &[Answer]) -> Result<(), String> {
        let forwarded = answers
            .iter()
            .filter(|answer| of_answer(answer) == Expected::Forwarded)
            .collect::<Vec<_>>();
        let wired = self.gt.take();
        if wired.len() != forwarded.len() {
            return Err(format!("GT got {wired:#?} for {forwarded:?}"));
        }
        for (wired, answer) in wired.iter().zip(forwarded) {
            is_plain(wired)?;
            self.was_decided(wired, answer)?;
        }
        Ok(())
    }

    /// The decision record is of this request.
    fn was_decided(&self, wired: &Wired, answer: &Answer) -> Result<(), String> {
        let id = answer.header("x-signalbox-decision").ok_or("no decision")?;
        let record = self
            .gate
            .admin(&Ask::get(&format!("/decisions/{id}")))
            .json();
        let body: Value = serde_json::from_slice(&wired.body).map_err(|error| error.to_string())?;
        let facts = &record["facts"];
        let same = facts["method"] == wired.method.as_str()
            && wired.target.strip_prefix("/api/tenant") == facts["path"].as_str()
            && facts["model"]["name"] == "gpt-4o"
            && record["decision"]["model"] == body["model"]
            && answer.json()["for"] == wired.header("x-request-id").unwrap_or_default();
        if same {
            return Ok(());
        }
        Err(format!(
            "{wired:?} is not what was decided: {record} for {answer:?}"
        ))
    }
}

/// The whole answers in these bytes, and what follows them. What asks to go on is none.
fn parsed(bytes: &[u8]) -> (Vec<Answer>, &[u8]) {
    let (mut answers, mut rest) = (Vec::new(), bytes);
    while let Some((answer, after)) = Answer::parse(rest) {
        answers.push(answer);
        rest = after;
    }
    (answers, rest)
}

fn of_answer(answer: &Answer) -> Expected {
    match answer.status {
        200 if answer.json().get("for").is_some() => Expected::Forwarded,
        status => {
            assert!(
                status == 200 || !answer.refusal().1.is_empty(),
                "{answer:?}"
            );
            Expected::Own(status)
        }
    }
}

/// A request as the host builds them: its own frame, its own key, and no header it does not know.
fn is_plain(wired: &Wired) -> Result<(), String> {
    let known = [
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-request-id",
    ];
    let mut names = wired
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect::<Vec<_>>();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    let is_known = |name: &&str| known.contains(name);
    let key = wired.header("authorization");
    let expected = format!("Bearer {GT_INFERENCE}");
    let body = br#"{"model":"support-agent","messages":[]}"#;
    let flaw = match () {
        () if names.len() != count => "a header came twice",
        () if !names.iter().all(is_known) => "a header nobody listed",
        () if key.as_deref() != Some(&expected) => "not the host's own key",
        () if wired.body != body => "another body",
        () if wired.target != "/api/tenant/v1/chat/completions" => "another target",
        () => return Ok(()),
    };
    Err(format!("{flaw}: {wired:?}"))
}

#[test]
fn what_two_servers_could_read_in_two_ways_reaches_gt_in_one() {
    let place = Place::new();
    let cases = cases();
    let wrong = cases
        .iter()
        .filter_map(|case| {
            let wrong = place.judge(case, &[&case.bytes]).err()?;
            Some(format!("{}: {wrong}", case.name))
        })
        .collect::<Vec<_>>();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn two_pieces_are_read_as_one() {
    let place = Place::new();
    for case in cases().into_iter().filter(|case| case.is_cut) {
        for at in 1..case.bytes.len() {
            let (first, second) = case.bytes.split_at(at);
            if let Err(wrong) = place.judge(&case, &[first, second]) {
                panic!("{} cut at {at}: {wrong}", case.name);
            }
        }
    }
}
