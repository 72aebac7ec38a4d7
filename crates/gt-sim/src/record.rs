//! What was asked: the newest requests with the beginning of their bodies, in bounded memory.

use std::collections::VecDeque;
use std::sync::Mutex;

use http::request::Parts;

use crate::lock::lock;

/// A request as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The target of the request line, with its query.
    pub target: String,
    /// Names in lower case, in the order received; a repeated name stands where it was first.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The first MiB of the body.
    pub body: Vec<u8>,
    /// The length of the whole body so far.
    pub body_length: u64,
    /// SHA-256 of the whole body, in hex; empty until it has been read to its end.
    pub body_sha256: String,
    /// The id of the key, once it was accepted.
    pub key: Option<String>,
}

impl Recorded {
    /// The one value of a header; `None` if there is none, or several, or it is not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        if values.next().is_some() {
            None
        } else {
            std::str::from_utf8(value).ok()
        }
    }

    /// Whether the body was read to its end.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.body_sha256.is_empty()
    }

    fn new(head: &Parts) -> Self {
        let headers = head.headers.iter();
        Self {
            method: head.method.to_string(),
            target: head.uri.to_string(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            ..Self::default()
        }
    }
}

/// The newest requests. A request is known by its number, so one that was forgotten is simply not found.
#[derive(Debug)]
pub(crate) struct Recorder {
    requests: usize,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    list: VecDeque<Recorded>,
    first_number: u64,
    kept_bytes: usize,
}

impl Recorder {
    pub(crate) fn new(requests: usize) -> Self {
        Self {
            requests,
            entries: Mutex::default(),
        }
    }

    pub(crate) fn begin(&self, head: &Parts) -> u64 {
        let mut entries = lock(&self.entries);
        if self.requests > 0 {
            entries.list.push_back(Recorded::new(head));
        } else {
            entries.first_number += 1;
        }
        while entries.list.len() > self.requests {
            entries.forget_oldest();
        }
        (entries.first_number + entries.list.len() as u64).saturating_sub(1)
    }

    pub(crate) fn body(&self, number: u64, chunk: &[u8]) {
        let mut entries = lock(&self.entries);
        let Some(entry) = entries.entry(number) else {
            return;
        };
        entry.body_length += chunk.len() as u64;
        let kept = chunk.len().min(BODY_LIMIT.saturating_sub(entry.body.len()));
        entry
            .body
            .extend_from_slice(chunk.get(..kept).unwrap_or_default());
        entries.kept_bytes += kept;
        while entries.kept_bytes > TOTAL_LIMIT {
            entries.forget_oldest();
        }
    }

    pub(crate) fn end(&self, number: u64, sha256: String) {
        if let Some(entry) = lock(&self.entries).entry(number) {
            entry.body_sha256 = sha256;
        }
    }

    pub(crate) fn identified(&self, number: u64, key: &str) {
        if let Some(entry) = lock(&self.entries).entry(number) {
            entry.key = Some(key.to_owned());
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        lock(&self.entries).list.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut entries = lock(&self.entries);
        while !entries.list.is_empty() {
            entries.forget_oldest();
        }
    }
}

impl Entries {
    fn entry(&mut self, number: u64) -> Option<&mut Recorded> {
        let index = number.checked_sub(self.first_number)?;
        self.list.get_mut(usize::try_from(index).ok()?)
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.list.pop_front() {
            self.first_number += 1;
            self.kept_bytes -= oldest.body.len();
        }
    }
}

/// Enough for every body a test looks into; larger ones are compared by their hash.
const BODY_LIMIT: usize = 1 << 20;

/// A simulator left running holds no more than this.
const TOTAL_LIMIT: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Parts {
        http::Request::get("/x").body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_the_newest_requests_are_kept() {
        let recorder = Recorder::new(2);
        let numbers = [(); 3].map(|()| recorder.begin(&head()));
        for (number, body) in numbers.into_iter().zip(["a", "b", "c"]) {
            recorder.body(number, body.as_bytes());
        }
        let bodies: Vec<_> = recorder.all().into_iter().map(|entry| entry.body).collect();
        assert_eq!(bodies, [b"b", b"c"]);
    }

    #[test]
    fn a_body_is_kept_to_its_limit_and_counted_beyond() {
        let recorder = Recorder::new(1);
        let number = recorder.begin(&head());
        recorder.body(number, &vec![7; BODY_LIMIT - 1]);
        recorder.body(number, &[8; 3]);
        let entry = recorder.all().remove(0);
        assert_eq!(
            (entry.body.len(), entry.body_length),
            (BODY_LIMIT, BODY_LIMIT as u64 + 2)
        );
    }

    #[test]
    fn all_bodies_together_are_bounded() {
        let recorder = Recorder::new(1000);
        for _ in 0..70 {
            recorder.body(recorder.begin(&head()), &vec![7; BODY_LIMIT]);
        }
        assert_eq!(recorder.all().len(), TOTAL_LIMIT / BODY_LIMIT);
    }

    #[test]
    fn a_request_cleared_while_in_flight_is_not_confused_with_the_next() {
        let recorder = Recorder::new(10);
        let before = recorder.begin(&head());
        recorder.clear();
        recorder.begin(&head());
        recorder.body(before, b"late");
        assert_eq!(recorder.all().remove(0).body, b"");
    }

    #[test]
    fn with_nothing_to_keep_nothing_is_kept() {
        let recorder = Recorder::new(0);
        recorder.body(recorder.begin(&head()), b"x");
        assert_eq!(recorder.all(), []);
    }
}
