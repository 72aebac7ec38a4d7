//! Going past strings without a look at what they say.

use crate::stride::{Quotes, stride};

/// Moves `rest` past the closing quote of a string, and says whether it was there.
#[inline]
pub(super) fn skip_string(rest: &mut &[u8], escaped: &mut bool) -> bool {
    let mut here = *rest;
    if *escaped && let Some((_, after)) = here.split_first() {
        *escaped = false;
        here = after;
    }
    let ended = loop {
        let (_, tail) = here.split_at(stride::<Quotes>(here));
        match tail {
            [b'"', after @ ..] => {
                here = after;
                break true;
            }
            [_, _, after @ ..] => here = after,
            _ => {
                *escaped |= !tail.is_empty();
                here = &[];
                break false;
            }
        }
    };
    *rest = here;
    ended
}
