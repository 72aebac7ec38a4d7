//! Exchanges as text: sections between which a line has `--` alone.

use http::Request;
use http::request::Parts;

/// The first sections of a script; those it lacks are empty.
pub fn sections<const COUNT: usize>(input: &[u8]) -> [&[u8]; COUNT] {
    let mut left = input;
    [(); COUNT].map(|()| {
        let mark = left.windows(4).position(|bytes| bytes == b"\n--\n");
        let (section, after) = match mark {
            Some(at) => (&left[..at], &left[at + 4..]),
            None => (left, &[][..]),
        };
        left = after;
        section
    })
}

/// The lines of a section that is text.
pub fn lines(section: &[u8]) -> impl Iterator<Item = &str> {
    let text = std::str::from_utf8(section).unwrap_or_default();
    text.lines()
}

/// `METHOD URI`, then `name: value`.
pub fn head(section: &[u8]) -> Option<Parts> {
    let mut lines = lines(section);
    let (method, uri) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(uri);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request = request.header(name, value.trim());
    }
    Some(request.body(()).ok()?.into_parts().0)
}
