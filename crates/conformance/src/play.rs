//! One exchange after the other, before a scripted GT.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use super::{
    Door, PATIENCE,
    client::Client,
    format::{Exchange, Expected, Step, Version},
    gt::Gt,
    message::Sends,
    normal,
    progress::Progress,
};

/// How long GT is waited for once the client has its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Until a hang can be told; if it was not asked by then, the exchange cannot be played.
    Full,
    /// The same where the client was answered as the file says. Elsewhere GT is asked no more.
    WhereAsExpected,
    /// A moment: GT may not be asked at all, or a person waits who writes down what comes.
    Short,
}

/// A door with GT behind it.
#[derive(Debug)]
pub struct Stage {
    door: Box<dyn Door>,
    gt: Gt,
    component: fn(&str) -> Vec<u8>,
}

impl Stage {
    /// A door that was started before this GT. `component` gives the component of a document that is swapped in.
    #[must_use]
    pub fn new(door: Box<dyn Door>, gt: Gt, component: fn(&str) -> Vec<u8>) -> Self {
        Self {
            door,
            gt,
            component,
        }
    }

    /// Whether the door keeps records.
    #[must_use]
    pub fn keeps_records(&self) -> bool {
        self.door.keeps_records()
    }

    /// Plays an exchange: its steps, each with what came of it.
    ///
    /// # Errors
    /// If something came that belongs to no answer and no request, or did not come at all.
    pub fn play(&self, exchange: &Exchange, version: Version) -> Result<Vec<Step>, String> {
        let played = self.play_with(exchange, version, Patience::Full);
        played.map_err(|why| why.to_string())
    }

    /// The same at a door that may do what no answer allows.
    pub(super) fn try_play(
        &self,
        exchange: &Exchange,
        version: Version,
        patience: Patience,
    ) -> Result<Vec<Step>, Unplayable> {
        let played = AssertUnwindSafe(|| self.play_with(exchange, version, patience));
        catch_unwind(played).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.unwrap_or_else(|| "it cannot be played".to_owned());
            Err(Unplayable::Hangs(text))
        })
    }

    fn play_with(
        &self,
        exchange: &Exchange,
        version: Version,
        patience: Patience,
    ) -> Result<Vec<Step>, Unplayable> {
        let mut client = Some(self.connect(version));
        let steps = exchange.steps.iter();
        let played = steps.map(|step| self.step(&mut client, step, version, patience));
        let played = played.collect::<Result<_, _>>()?;
        ends(client)?;
        self.nothing_more()?;
        Ok(played)
    }

    /// Ends the door.
    ///
    /// # Errors
    /// If GT was sent something that belongs to no exchange.
    pub fn close(self) -> Result<(), String> {
        drop(self.door);
        unexpected(&self.gt).map_err(|why| why.to_string())
    }

    fn connect(&self, version: Version) -> Client {
        Client::connect(self.door.address(), version)
    }

    fn step(
        &self,
        connection: &mut Option<Client>,
        step: &Step,
        version: Version,
        patience: Patience,
    ) -> Result<Step, Unplayable> {
        if let Some(swap) = &step.swap {
            let component = (self.component)(&swap.document);
            self.door.swap(&swap.policy, &component);
        }
        let mut played = step.clone();
        if step.send.is_none() && step.raw.is_empty() {
            return Ok(played);
        }
        let progress = Arc::new(Progress::default());
        self.gt.expects(&step.gt, &progress);
        let client = connection
            .as_mut()
            .ok_or_else(|| Unplayable::Hangs("the client has left".to_owned()))?;
        let (sends, gone_on) = (Sends::of(step), Arc::clone(&progress));
        let (came, meanwhile) = thread::scope(|scope| {
            let talking = scope.spawn(move || client.play(&sends, &gone_on));
            let meanwhile = self.meanwhile(step, &progress, version, patience);
            progress.change(|step| step.meanwhile_is_over = true);
            (talking.join().expect("the client's thread ends"), meanwhile)
        });
        played.meanwhile = meanwhile?;
        if step.leave_at.is_some() {
            *connection = None;
        }
        let as_expected = step.then.as_ref().is_some_and(|then| {
            let expected = then.client_saw.iter().map(|answer| answer.status);
            expected.eq(came.iter().map(|came| came.status))
        });
        // A client may have its answer before GT gets to read what it was sent.
        let waits = match patience {
            Patience::Full => PATIENCE,
            Patience::WhereAsExpected if as_expected => PATIENCE,
            Patience::Short if as_expected => A_MOMENT,
            Patience::WhereAsExpected | Patience::Short => Duration::ZERO,
        };
        let is_asked = progress.comes_within(waits, |state| state.seen.len() >= step.gt.len());
        let unused = self.gt.unused(&progress);
        if !is_asked && waits == PATIENCE {
            let what = format!("GT was not asked {unused} times it waited for");
            return Err(Unplayable::Hangs(what));
        }
        let gt_saw = progress.seen();
        let client_saw = came.into_iter().map(|came| {
            let (mut answer, decision) = normal::answer(came);
            let record = |id: &String| Some(normal::record(self.door.record(id)?, id));
            answer.record = decision.as_ref().and_then(record);
            answer
        });
        played.then = Some(Expected {
            gt_saw,
            client_saw: client_saw.collect(),
        });
        Ok(played)
    }

    /// What happens on other connections once the answer has begun.
    fn meanwhile(
        &self,
        step: &Step,
        progress: &Progress,
        version: Version,
        patience: Patience,
    ) -> Result<Vec<Step>, Unplayable> {
        if step.meanwhile.is_empty() {
            return Ok(Vec::new());
        }
        progress.until("the answer to begin", |step| step.has_begun);
        let steps = step.meanwhile.iter().map(|step| {
            let mut client = Some(self.connect(version));
            let played = self.step(&mut client, step, version, patience)?;
            ends(client)?;
            Ok(played)
        });
        steps.collect()
    }

    fn nothing_more(&self) -> Result<(), Unplayable> {
        unexpected(&self.gt)
    }
}

fn ends(client: Option<Client>) -> Result<(), Unplayable> {
    client
        .map_or(Ok(()), Client::ends)
        .map_err(Unplayable::Hangs)
}

fn unexpected(gt: &Gt) -> Result<(), Unplayable> {
    let more = gt.unexpected();
    if more.is_empty() {
        Ok(())
    } else {
        Err(Unplayable::SentMore(more))
    }
}

/// Why nothing can be said of an exchange but this.
#[derive(Debug)]
pub(super) enum Unplayable {
    /// GT was sent requests that nobody expected.
    SentMore(Vec<String>),
    /// Something did not come, or came beside the answers.
    Hangs(String),
}

impl fmt::Display for Unplayable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SentMore(more) => write!(formatter, "GT was sent more than that: {more:?}"),
            Self::Hangs(what) => formatter.write_str(what),
        }
    }
}

const A_MOMENT: Duration = Duration::from_secs(2);
