//! Request targets, canonical, and those a worker has met: the same bytes mean the same for ever.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;

use signalbox_http::path;
use signalbox_http::refusal::Refusal;

use crate::plan::hash::PlaceHash;

/// A request target, canonical.
#[derive(Debug)]
pub(crate) struct Target {
    /// Under `/v1/`.
    pub(crate) path: Box<str>,
    /// As it came, without `?`.
    pub(crate) query: Option<Box<str>>,
    /// The model of `/v1/models/{id}`, which no policy is told.
    pub(crate) model_id: Option<Box<str>>,
}

impl Target {
    /// Reads a target: see [`path::canonical`].
    ///
    /// # Errors
    /// For what two servers could read in two ways.
    pub(crate) fn read(
        written: &str,
        own_host: &dyn Fn(&str) -> bool,
    ) -> Result<Arc<Self>, Refusal> {
        let target = path::canonical(written, own_host)?;
        Ok(Arc::new(Self {
            path: target.path.into(),
            query: target.query.map(Into::into),
            model_id: target.model_id.map(Into::into),
        }))
    }

    /// Reads a target that begins with its path, unless this worker has.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn of_origin(written: &str) -> Result<Arc<Self>, Refusal> {
        thread_local!(static READ: RefCell<ReadTargets> = RefCell::default());
        READ.with_borrow_mut(|read| read.get_or_read(written))
    }

    /// Bytes of its texts.
    pub(crate) fn size(&self) -> usize {
        let Self {
            path,
            query,
            model_id,
        } = self;
        let words = [query, model_id].map(|text| text.as_ref().map_or(0, |text| text.len()));
        path.len() + words.iter().sum::<usize>()
    }

    /// Whether a policy is told the same of both.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let Self {
            path,
            query,
            model_id: _,
        } = other;
        std::ptr::eq(self, other) || (self.path == *path && self.query == *query)
    }
}

/// The targets met last. One is kept when it comes twice with no other new one at its place between:
/// what never comes again costs a hash, and no memory.
#[derive(Default)]
struct ReadTargets(Vec<Place>);

#[derive(Default)]
struct Place {
    missed: u64,
    kept: Option<(Box<str>, Arc<Target>)>,
}

impl ReadTargets {
    fn get_or_read(&mut self, written: &str) -> Result<Arc<Target>, Refusal> {
        if self.0.is_empty() {
            self.0.resize_with(PLACES, Place::default);
        }
        let hash = PlaceHash::of(&written);
        let Some(place) = self.0.get_mut(hash.place(PLACES)) else {
            return Target::read(written, &|_| false);
        };
        if let Some((kept, target)) = &place.kept
            && **kept == *written
        {
            return Ok(Arc::clone(target));
        }
        let target = Target::read(written, &|_| false)?;
        let is_second = mem::replace(&mut place.missed, hash.bits()) == hash.bits();
        if is_second && written.len() <= LONGEST {
            place.kept = Some((written.into(), Arc::clone(&target)));
        }
        Ok(target)
    }
}

/// Targets a worker keeps: with all of the longest a quarter of a mebibyte, mostly a tenth of that.
const PLACES: usize = 128;
const LONGEST: usize = 1 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_kept_when_it_comes_twice_and_is_what_it_would_be_anew() {
        let mut read = ReadTargets::default();
        for written in [
            "/v1/chat/completions",
            "/chat/completions/?a=b",
            "/api/tenant/v1/models/openai%2Fgpt-4o",
            "/v1/uploads/x",
        ] {
            let all = [(); 3].map(|()| read.get_or_read(written).unwrap());
            assert!(!Arc::ptr_eq(&all[0], &all[1]) && Arc::ptr_eq(&all[1], &all[2]));
            let anew = Target::read(written, &|_| false).unwrap();
            assert!(all[2].is(&anew) && all[2].model_id == anew.model_id);
        }
        for wrong in ["/v1/a;b", "v1", "/v1//x", "/v1/x?model=a"] {
            for _ in 0..3 {
                let refused = read.get_or_read(wrong).unwrap_err();
                assert_eq!(refused, Target::read(wrong, &|_| false).unwrap_err());
            }
        }
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let mut read = ReadTargets::default();
        let long = format!("/v1/files?a={}", "x".repeat(LONGEST));
        let all = [(); 3].map(|()| read.get_or_read(&long).unwrap());
        assert!(!Arc::ptr_eq(&all[1], &all[2]));
    }
}
