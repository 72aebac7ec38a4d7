//! The `date` of answers, which RFC 9110 asks of a server with a clock.

use std::cell::RefCell;

use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// Says when the answer was made, unless it says so itself.
pub(super) fn stamp(headers: &mut HeaderMap) {
    if headers.contains_key(header::DATE) {
        return;
    }
    if let Some(date) = now() {
        headers.insert(header::DATE, date);
    }
}

/// The date of this second.
pub(super) fn now() -> Option<HeaderValue> {
    let now = Timestamp::now().as_second();
    LAST.with_borrow_mut(|last| match last {
        Some((second, date)) if *second == now => Some(date.clone()),
        _ => {
            let date = date_at(now)?;
            *last = Some((now, date.clone()));
            Some(date)
        }
    })
}

fn date_at(second: i64) -> Option<HeaderValue> {
    let time = Timestamp::from_second(second).ok()?;
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&time);
    date.ok()?.parse().ok()
}

thread_local! {
    /// The last date of this worker: it is written once a second.
    static LAST: RefCell<Option<(i64, HeaderValue)>> = const { RefCell::new(None) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_rfc_9110_has_it() {
        assert_eq!(
            date_at(784_111_777).unwrap(),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
    }

    #[test]
    fn an_answer_keeps_its_own_date() {
        let mut headers = HeaderMap::new();
        stamp(&mut headers);
        assert!(headers.contains_key(header::DATE));
        let own = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
        headers.insert(header::DATE, own.clone());
        stamp(&mut headers);
        assert_eq!(headers[header::DATE], own);
    }
}
