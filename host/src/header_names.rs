//! Names of headers, known again by their bytes.
//!
//! Clients and GT send the same names with each message. To find out what a name is costs more than to
//! compare it, and one that no standard knows costs an allocation.

use std::cell::RefCell;

use http::HeaderName;
use http::header::InvalidHeaderName;

/// The name these bytes are.
///
/// # Errors
/// As [`HeaderName::from_bytes`].
pub(crate) fn header_name(bytes: &[u8]) -> Result<HeaderName, InvalidHeaderName> {
    KNOWN.with_borrow_mut(|known| known.find_or_put(bytes))
}

thread_local! {
    static KNOWN: RefCell<KnownNames> = RefCell::default();
}

/// The names that came last, each at the one place its bytes give it.
struct KnownNames(Box<[Option<Known>]>);

/// A name, and how it came.
struct Known {
    bytes: [u8; LONGEST],
    length: usize,
    name: HeaderName,
}

impl KnownNames {
    fn find_or_put(&mut self, bytes: &[u8]) -> Result<HeaderName, InvalidHeaderName> {
        let Some(place) = self.0.get_mut(place(bytes)) else {
            return HeaderName::from_bytes(bytes);
        };
        if let Some(known) = place
            && known.bytes.get(..known.length) == Some(bytes)
        {
            return Ok(known.name.clone());
        }
        let name = HeaderName::from_bytes(bytes)?;
        let mut kept = [0; LONGEST];
        if let Some(room) = kept.get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
            *place = Some(Known {
                bytes: kept,
                length: bytes.len(),
                name: name.clone(),
            });
        }
        Ok(name)
    }
}

impl Default for KnownNames {
    fn default() -> Self {
        Self((0..PLACES).map(|_| None).collect())
    }
}

/// Where a name is kept. Few of those that are usual share a place, and those only cost more.
fn place(bytes: &[u8]) -> usize {
    let [first, .., last] = bytes else { return 0 };
    (usize::from(*first) * 7 + usize::from(*last) + bytes.len() * 9) % PLACES
}

const PLACES: usize = 128;
/// No usual name is longer.
const LONGEST: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_what_its_bytes_are_whatever_came_before(
            names in vec("(host|Host|HOST|x-[a-c]{1,2}|[a-z]{30,34}|\\PC{0,3}|x y|)", 1..40),
        ) {
            let mut known = KnownNames::default();
            for name in &names {
                let (ours, theirs) = (known.find_or_put(name.as_bytes()), HeaderName::from_bytes(name.as_bytes()));
                prop_assert_eq!(ours.ok(), theirs.ok());
            }
        }
    }
}
