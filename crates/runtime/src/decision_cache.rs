//! Decisions that were made before. A trusted policy is a pure function of what it is told, so the same
//! question has the same answer for as long as its generation lives.
//!
//! A hash only finds the place: what is kept there answers a question that equals its own in every part,
//! all of the caller included. A question is kept when it is asked twice with no other new one at its
//! place between: what never comes again costs a hash, and no memory.

use std::{
    hash::{BuildHasher, Hash, Hasher, RandomState},
    mem,
    sync::LazyLock,
};

use signalbox_policy::{
    Caller, Decision, Forward, HeaderBuf, ListMode, Names, Refusal, Request, RequestedModel,
};

use crate::RequestBuf;

/// Questions and answers of one generation on one thread.
#[derive(Debug, Default)]
pub(crate) struct DecisionCache {
    /// Empty until there is the first question.
    places: Box<[Place]>,
}

#[derive(Debug, Default)]
struct Place {
    /// The hash of the last question that had no answer here.
    missed: u64,
    kept: Option<Box<Kept>>,
}

#[derive(Debug)]
struct Kept {
    hash: u64,
    question: RequestBuf,
    answer: Decision,
}

impl DecisionCache {
    /// The answer this question had before.
    pub(crate) fn get(&self, question: &Request<'_>, hash: QuestionHash) -> Option<Decision> {
        let kept = self.places.get(hash.place())?.kept.as_ref()?;
        let is_it = kept.hash == hash.0 && kept.question.is(question);
        is_it.then(|| kept.answer.clone())
    }

    /// Keeps an answer, if its question is one that comes again.
    pub(crate) fn put(&mut self, question: &Request<'_>, hash: QuestionHash, answer: &Decision) {
        if self.places.is_empty() {
            self.places = (0..PLACES).map(|_| Place::default()).collect();
        }
        let Some(place) = self.places.get_mut(hash.place()) else {
            return;
        };
        let is_second = mem::replace(&mut place.missed, hash.0) == hash.0;
        if is_second && size(question) + size_of_answer(answer) <= LARGEST {
            place.kept = Some(Box::new(Kept {
                hash: hash.0,
                question: RequestBuf::from(question),
                answer: answer.clone(),
            }));
        }
    }
}

/// Where a question is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuestionHash(u64);

impl QuestionHash {
    /// Of all but the caller's lists, which come with its id. The hash is the process's own, so that
    /// nobody can choose whose place theirs is.
    pub(crate) fn of(question: &Request<'_>) -> Self {
        static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        let mut hasher = STATE.build_hasher();
        question.method.hash(&mut hasher);
        question.path.hash(&mut hasher);
        question.query.hash(&mut hasher);
        question.content_type.hash(&mut hasher);
        for header in question.headers {
            header.value.hash(&mut hasher);
        }
        question.caller.id.hash(&mut hasher);
        if let RequestedModel::Named(name) = question.model {
            name.hash(&mut hasher);
        }
        mem::discriminant(&question.model).hash(&mut hasher);
        Self(hasher.finish())
    }

    fn place(self) -> usize {
        // Less than what it is divided by.
        usize::try_from(self.0 % PLACES).unwrap_or_default()
    }
}

fn size(question: &Request<'_>) -> usize {
    let Request {
        method,
        path,
        query,
        content_type,
        headers,
        caller,
        model,
    } = question;
    let Caller {
        id,
        purposes: _,
        scopes,
        labels,
        models,
        published,
        datasets,
    } = caller;
    let headers: usize = headers
        .iter()
        .map(|it| it.name.len() + it.value.len() + size_of::<HeaderBuf>())
        .sum();
    let names = |names: &Names| match names {
        Names::All => 0,
        Names::Only(names) => texts(names),
    };
    let model = match model {
        RequestedModel::Unread | RequestedModel::Absent => 0,
        RequestedModel::Named(name) => name.len(),
    };
    let lists = names(models) + names(published) + names(datasets) + texts(scopes) + pairs(labels);
    let words = [query, content_type].map(|text| text.map_or(0, str::len));
    method.len() + path.len() + words[0] + words[1] + headers + id.len() + lists + model
}

fn size_of_answer(answer: &Decision) -> usize {
    match answer {
        Decision::ReadModel => 0,
        Decision::ListModels(ListMode::Only(names)) => texts(names),
        Decision::ListModels(ListMode::Catalogue | ListMode::Upstream) => 0,
        Decision::Refuse(Refusal {
            status: _,
            code,
            message,
            param,
            reason,
        }) => code.len() + message.len() + param.as_ref().map_or(0, String::len) + reason.len(),
        Decision::Forward(forward) => {
            let Forward {
                route,
                parameters,
                query,
                model,
                restamp,
                set_headers,
                drop_headers,
                labels,
            } = forward;
            let words = [query, model, restamp].map(|text| text.as_ref().map_or(0, String::len));
            let headers = set_headers.iter().map(|it| it.name.len() + it.value.len());
            route.len()
                + pairs(parameters)
                + words.iter().sum::<usize>()
                + headers.sum::<usize>()
                + texts(drop_headers)
                + pairs(labels)
        }
    }
}

/// Of many small ones each counts for what it takes beside its text.
fn texts(texts: &[String]) -> usize {
    texts
        .iter()
        .map(|text| text.len() + size_of::<String>())
        .sum()
}

fn pairs(pairs: &[(String, String)]) -> usize {
    let one =
        |(name, value): &(String, String)| name.len() + value.len() + size_of::<(String, String)>();
    pairs.iter().map(one).sum()
}

/// Questions a thread keeps of a generation: together some 1.2 MiB at most, mostly a tenth of that.
const PLACES: u64 = 256;
/// What a question and its answer may take in bytes to be kept, beside some hundred of their own.
const LARGEST: usize = 4 << 10;

#[cfg(test)]
mod tests;
