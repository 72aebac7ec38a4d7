//! What is remembered of decisions, a bounded ring in memory, and what is logged: one line for a
//! decision when it is made, one for its request when it has ended.
//!
//! A record is {id, time, policy, generation, digest, facts, decision, cause, micros}, and usage when
//! the answer has ended and said it. It holds no
//! secret and no prompt: header values and query values are hashed unless the operator listed the
//! header, ids of files and conversations are hashed, and so is every word a client sent that does
//! not look like one. A record is `/decisions/{id}` on the admin listener while it is among the last.

mod access;
mod access_line;
mod noted;
mod redactor;
mod token_shape;
mod written;

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use access::Access;
use access::network;
pub(crate) use access::{method, protocol};
pub use access_line::{AccessFields, AccessLine};
use noted::Noted;
pub use noted::SharedFields;
pub(crate) use signalbox_gate::{
    Conclusion, Decider, DecisionId, PlanNotes, Record as Entry, RecordFacts as Facts,
};

use crate::config::{ClientAddress, RecordSettings};
use redactor::Redactor;
use written::{Record, Said};

use crate::observe::spent::Spent;

/// The last decisions.
#[derive(Debug)]
pub(crate) struct DecisionLog {
    slots: Box<[Mutex<Option<Record>>]>,
    next: AtomicUsize,
    shown: Redactor,
    is_logged: bool,
    is_access_logged: bool,
    client_address: ClientAddress,
}

impl DecisionLog {
    /// An empty ring of the size the operator wants.
    #[must_use]
    pub(crate) fn new(settings: &RecordSettings) -> Self {
        Self {
            slots: (0..settings.keep).map(|_| Mutex::new(None)).collect(),
            next: AtomicUsize::new(0),
            shown: Redactor::new(settings.headers.clone()),
            is_logged: settings.log,
            is_access_logged: settings.access,
            client_address: settings.client_address,
        }
    }

    /// Remembers a decision, and says where.
    pub(crate) fn add(&self, entry: &Entry<'_>) -> Option<usize> {
        self.keep(|record| record.fill(entry, &self.shown))
    }

    /// Remembers a decision of a plan. What it says beside its id and its times is written for the
    /// first request of the plan and shared by those that follow.
    pub(crate) fn add_planned(&self, entry: &Entry<'_>, notes: &PlanNotes) -> Option<usize> {
        let Some(noted) = notes.get_or_leave(Noted::default) else {
            return self.add(entry);
        };
        self.keep(|record| {
            let said = || Arc::new(Said::of(entry, &self.shown));
            record.share(entry, noted.record.get_or_init(said));
        })
    }

    /// Remembers with a decision what its request took, and whether GT was asked for that, if that
    /// record is still there.
    pub(crate) fn ended(
        &self,
        (place, id): (usize, DecisionId),
        spent: Option<Spent>,
        asks_usage: bool,
    ) {
        if let Some(slot) = self.slots.get(place)
            && let Ok(mut slot) = slot.try_lock()
            && let Some(record) = slot.as_mut().filter(|record| record.id == id)
        {
            (record.spent, record.asks_usage) = (spent, asks_usage);
        }
    }

    /// Writes a record over the oldest. Never waits: if somebody reads the very slot, the ring goes
    /// without.
    fn keep(&self, write: impl FnOnce(&mut Record)) -> Option<usize> {
        let is_logged = self.is_logged
            && tracing::enabled!(target: "signalbox::decision", tracing::Level::INFO);
        if self.slots.is_empty() && !is_logged {
            return None;
        }
        // A ring of no slots has none to give.
        let place = self
            .next
            .fetch_add(1, Relaxed)
            .checked_rem(self.slots.len());
        let slot = place.and_then(|place| self.slots.get(place));
        // Out of its slot, the record that stood there is nobody else's: its memory is used again.
        let old = slot.and_then(|slot| slot.try_lock().ok()?.take());
        let mut record = old.unwrap_or_default();
        write(&mut record);
        if is_logged {
            record.log();
        }
        if let Some(slot) = slot
            && let Ok(mut slot) = slot.try_lock()
        {
            *slot = Some(record);
        }
        place
    }

    /// Whether anybody reads of requests that have ended.
    #[must_use]
    pub(crate) fn logs_access(&self) -> bool {
        self.is_access_logged
            && tracing::enabled!(target: "signalbox::access", tracing::Level::INFO)
    }

    /// A path as it may be written down.
    pub(crate) fn shown_path(&self, path: &str) -> String {
        let mut text = String::new();
        self.shown.path(path, &mut text);
        text
    }

    /// A model's name as it may be written down.
    pub(crate) fn shown_model(&self, facts: &signalbox_gate::Facts, name: &str) -> String {
        self.shown.model(name, facts.is_model_listed()).into_owned()
    }

    /// A client's address as far as it may be written down.
    pub(crate) fn shown_address(&self, address: IpAddr) -> Option<String> {
        match self.client_address {
            ClientAddress::Whole => Some(address.to_string()),
            ClientAddress::Network => Some(network(address).to_string()),
            ClientAddress::Hashed => Some(self.shown.address(address)),
            ClientAddress::Hidden => None,
        }
    }

    /// Writes one line of a request that has ended.
    pub(crate) fn log_access(&self, access: &Access<'_>) {
        access.log(&self.shown, self.client_address);
    }

    /// A decision of the last ones, as JSON.
    #[must_use]
    pub(crate) fn find(&self, id: DecisionId) -> Option<serde_json::Value> {
        self.slots.iter().find_map(|slot| {
            let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            let record = slot.as_ref().filter(|record| record.id == id)?;
            serde_json::to_value(record).ok()
        })
    }
}

#[cfg(test)]
mod tests;
