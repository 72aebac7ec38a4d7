//! What a header map cannot do by itself.

use http::{HeaderMap, HeaderName};

/// Removes the headers whose names are not kept. The last header takes the place of one that is
/// removed, so the order of what stays may change.
///
/// A few are removed at a time, so that no list of them is needed.
pub(crate) fn retain(headers: &mut HeaderMap, keeps: impl Fn(&HeaderName) -> bool) {
    loop {
        let mut few = [const { None }; FEW];
        let mut places = few.iter_mut();
        let mut is_last_turn = true;
        for name in headers.keys().filter(|name| !keeps(name)) {
            match places.next() {
                Some(place) => *place = Some(name.clone()),
                None => {
                    is_last_turn = false;
                    break;
                }
            }
        }
        for name in few.iter().flatten() {
            headers.remove(name);
        }
        if is_last_turn {
            return;
        }
    }
}

/// Most heads have no more that do not stay.
const FEW: usize = 8;

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_not_kept_is_gone_with_each_of_its_lines() {
        for count in [0, 1, 7, 8, 9, 16, 17, 100] {
            let mut headers = HeaderMap::new();
            for line in 0..count {
                let kept = HeaderName::try_from(format!("kept-{line}")).unwrap();
                let other = HeaderName::try_from(format!("other-{line}")).unwrap();
                headers.insert(kept, HeaderValue::from(line));
                headers.append(&other, HeaderValue::from_static("a"));
                headers.append(other, HeaderValue::from_static("b"));
            }
            retain(&mut headers, |name| name.as_str().starts_with("kept-"));
            assert_eq!(headers.len(), count);
            for line in 0..count {
                assert_eq!(headers[format!("kept-{line}")], HeaderValue::from(line));
            }
        }
    }
}
