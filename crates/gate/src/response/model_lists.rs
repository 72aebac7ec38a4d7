//! Lists of models that were made once, and are shown again.
//!
//! A catalogue of fifty thousand names takes milliseconds to look through and megabytes to write, and
//! gives the same bytes each time: they are made once for a generation and a key, and shared.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use http::Response;
use signalbox_http::models;
use signalbox_http::refusal::Refusal;
use signalbox_policy::ListMode;
use signalbox_runtime::Generation;

use crate::auth::keyring::Key;
use crate::body::budget::{Budget, Holding, Reservation};
use crate::response::{head, models::names};

/// The lists that are kept. Together they take at most a quarter of the budget of held memory.
#[derive(Debug, Default)]
pub(crate) struct ModelLists {
    kept: Mutex<VecDeque<Kept>>,
    holding: Arc<Holding>,
}

#[derive(Debug)]
struct Kept {
    generation: u64,
    key: Weak<Key>,
    list: Arc<ModelList>,
    _room: Reservation,
}

/// What a key is shown.
#[derive(Debug)]
pub(crate) struct ModelList {
    /// In ascending order.
    names: Vec<String>,
    body: Bytes,
}

impl ModelLists {
    /// What a policy's own catalogue shows a key.
    pub(crate) fn of(
        &self,
        budget: &Arc<Budget>,
        generation: &Generation,
        key: &Arc<Key>,
    ) -> Arc<ModelList> {
        let is_it = |kept: &&Kept| {
            kept.generation == generation.number() && std::ptr::eq(kept.key.as_ptr(), &**key)
        };
        let found = self
            .kept()
            .iter()
            .find(is_it)
            .map(|kept| Arc::clone(&kept.list));
        if let Some(list) = found {
            return list;
        }
        // Nobody else waits for it; who asks at the same time makes it as well.
        let shown = names(&key.caller, generation, &ListMode::Catalogue, None);
        let list = Arc::new(ModelList::new(shown));
        let mut kept = self.kept();
        // A key that is gone is asked for by nobody, and what is behind it in memory may be another's.
        // Another generation's list for this key is asked for by nobody either.
        kept.retain(|kept| kept.key.strong_count() > 0 && !std::ptr::eq(kept.key.as_ptr(), &**key));
        while kept.len() >= MOST_KEPT {
            kept.pop_front();
        }
        let mut room = budget.reserve(&self.holding, list.size());
        while room.is_err() && kept.pop_front().is_some() {
            room = budget.reserve(&self.holding, list.size());
        }
        if let Ok(room) = room {
            kept.push_back(Kept {
                generation: generation.number(),
                key: Arc::downgrade(key),
                list: Arc::clone(&list),
                _room: room,
            });
        }
        list
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ModelList {
    /// A list of these names, in this order.
    pub(crate) fn new(mut names: Vec<String>) -> Self {
        let body = models::render_list(names.iter().map(String::as_str)).into();
        names.sort_unstable();
        Self { names, body }
    }

    /// The list, or the one model that was asked for.
    pub(crate) fn answer(&self, id: Option<&str>) -> Result<Response<Bytes>, Refusal> {
        let Some(id) = id else {
            return Ok(head::json(self.body.clone()));
        };
        match self.names.binary_search_by(|name| name.as_str().cmp(id)) {
            Ok(_found) => Ok(head::json(models::render_one(id).into())),
            Err(_place) => Err(Refusal::model_not_found(id)),
        }
    }

    fn size(&self) -> u64 {
        let names = self
            .names
            .iter()
            .map(|name| name.len() + size_of::<String>());
        (names.sum::<usize>() + self.body.len()) as u64
    }
}

/// Lists kept at a time: keys that list models often are few.
const MOST_KEPT: usize = 64;
