//! Values of headers, as checks and policies read them.

use std::ops::Deref;

use http::{HeaderMap, HeaderName, HeaderValue};

/// The values of a header, one per line of the head. Most headers come once or not at all: only what
/// comes more often takes memory of its own.
#[derive(Clone, Debug, Default)]
pub struct HeaderValues<'a>(Lines<'a>);

#[derive(Clone, Debug, Default)]
enum Lines<'a> {
    #[default]
    None,
    One([&'a [u8]; 1]),
    Many(Vec<&'a [u8]>),
}

impl<'a> HeaderValues<'a> {
    /// Adds the value of one more line.
    fn add(&mut self, value: &'a HeaderValue) {
        let value = value.as_bytes();
        self.0 = match std::mem::take(&mut self.0) {
            Lines::None => Lines::One([value]),
            Lines::One([first]) => Lines::Many(vec![first, value]),
            Lines::Many(mut all) => {
                all.push(value);
                Lines::Many(all)
            }
        };
    }
}

impl<'a> Deref for HeaderValues<'a> {
    type Target = [&'a [u8]];

    fn deref(&self) -> &Self::Target {
        match &self.0 {
            Lines::None => &[],
            Lines::One(one) => one,
            Lines::Many(all) => all,
        }
    }
}

/// The values of a header, one per line of the head, to be kept.
#[derive(Debug, Default)]
pub(crate) enum FieldLines {
    #[default]
    None,
    One(HeaderValue),
    Many(Vec<HeaderValue>),
}

impl FieldLines {
    /// Adds the value of one more line.
    pub(crate) fn add(&mut self, value: &HeaderValue) {
        match self {
            Self::None => *self = Self::One(value.clone()),
            Self::One(first) => *self = Self::Many(vec![first.clone(), value.clone()]),
            Self::Many(all) => all.push(value.clone()),
        }
    }

    pub(crate) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(crate) fn first(&self) -> Option<&HeaderValue> {
        self.all().first()
    }

    pub(crate) fn all(&self) -> &[HeaderValue] {
        match self {
            Self::None => &[],
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(all) => all,
        }
    }

    pub(crate) fn values(&self) -> HeaderValues<'_> {
        let mut values = HeaderValues::default();
        self.all().iter().for_each(|value| values.add(value));
        values
    }
}

/// The values of a header, one per line of the head.
#[must_use]
pub fn values(headers: &HeaderMap, name: HeaderName) -> HeaderValues<'_> {
    let mut values = HeaderValues::default();
    headers
        .get_all(name)
        .iter()
        .for_each(|value| values.add(value));
    values
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn every_line_is_a_value_in_its_order() {
        let mut headers = HeaderMap::new();
        for (count, line) in ["a", "", "b, c", "a"].into_iter().enumerate() {
            assert_eq!(values(&headers, header::HOST).len(), count);
            headers.append(header::HOST, HeaderValue::from_static(line));
        }
        let lines: [&[u8]; 4] = [b"a", b"", b"b, c", b"a"];
        assert_eq!(values(&headers, header::HOST)[..], lines);
        assert!(values(&headers, header::ACCEPT).is_empty());
    }
}
