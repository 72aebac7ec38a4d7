//! One exchange after the other, before a scripted GT.

use std::{sync::Arc, thread};

use super::{
    Door, Open,
    client::Client,
    fixture::{Fixture, Guests},
    format::{Exchange, Expected, Step, Topic, Version},
    gt::Gt,
    message::Sends,
    normal,
    progress::Progress,
};

/// A door with GT behind it.
#[derive(Debug)]
pub struct Stage {
    door: Box<dyn Door>,
    gt: Gt,
}

impl Stage {
    /// Starts a door with the fixture of a topic.
    #[must_use]
    pub fn open(topic: &Topic, guests: &Guests, open: Open<'_>) -> Self {
        let gt = Gt::start();
        let fixture = Fixture::new(&topic.configuration, gt.address(), guests);
        Self {
            door: open(&fixture),
            gt,
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
        let mut client = Some(self.connect(version));
        let steps = exchange.steps.iter();
        let played = steps.map(|step| self.step(&mut client, step, version));
        let played = played.collect::<Result<_, _>>()?;
        client.map_or(Ok(()), Client::ends)?;
        self.nothing_more()?;
        Ok(played)
    }

    /// Ends the door.
    ///
    /// # Errors
    /// If GT was sent something that belongs to no exchange.
    pub fn close(self) -> Result<(), String> {
        drop(self.door);
        unexpected(&self.gt)
    }

    fn connect(&self, version: Version) -> Client {
        Client::connect(self.door.address(), version)
    }

    fn step(
        &self,
        connection: &mut Option<Client>,
        step: &Step,
        version: Version,
    ) -> Result<Step, String> {
        if let Some(swap) = &step.swap {
            let component = Fixture::document(&swap.document);
            self.door.swap(&swap.policy, &component);
        }
        let mut played = step.clone();
        if step.send.is_none() && step.raw.is_empty() {
            return Ok(played);
        }
        let progress = Arc::new(Progress::default());
        self.gt.expects(&step.gt, &progress);
        let client = connection.as_mut().ok_or("the client has left")?;
        let (sends, gone_on) = (Sends::of(step), Arc::clone(&progress));
        let (came, meanwhile) = thread::scope(|scope| {
            let talking = scope.spawn(move || client.play(&sends, &gone_on));
            let meanwhile = self.meanwhile(step, &progress, version);
            progress.change(|step| step.meanwhile_is_over = true);
            (talking.join().expect("the client's thread ends"), meanwhile)
        });
        played.meanwhile = meanwhile?;
        if step.leave_at.is_some() {
            *connection = None;
        }
        // A client may have its answer before GT gets to read what it was sent.
        let is_asked = progress.comes_to(|state| state.seen.len() >= step.gt.len());
        let unused = self.gt.unused(&progress);
        if !is_asked {
            return Err(format!("GT was not asked {unused} times it waited for"));
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
    ) -> Result<Vec<Step>, String> {
        if step.meanwhile.is_empty() {
            return Ok(Vec::new());
        }
        progress.until("the answer to begin", |step| step.has_begun);
        let steps = step.meanwhile.iter().map(|step| {
            let mut client = Some(self.connect(version));
            let played = self.step(&mut client, step, version)?;
            client.map_or(Ok(()), Client::ends)?;
            Ok(played)
        });
        steps.collect()
    }

    fn nothing_more(&self) -> Result<(), String> {
        unexpected(&self.gt)
    }
}

fn unexpected(gt: &Gt) -> Result<(), String> {
    match &*gt.unexpected() {
        [] => Ok(()),
        more => Err(format!("GT was sent more than that: {more:?}")),
    }
}
