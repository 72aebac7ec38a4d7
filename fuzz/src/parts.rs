//! A multipart body as a lenient reader takes it: split at its boundary, names taken from whatever
//! looks like a disposition.

/// What separates the parts of the targets' bodies.
pub const BOUNDARY: &str = "b-1";
const DELIMITER: &[u8] = b"\r\n--b-1";

/// One part: its name, and where its value stands.
#[derive(Debug)]
pub struct Part {
    pub name: String,
    pub value: std::ops::Range<usize>,
}

/// The parts of a body that was found to be in order.
pub fn parts(body: &[u8]) -> Vec<Part> {
    let borders = borders(body);
    let mut parts = Vec::new();
    for pair in borders.windows(2) {
        let (start, end) = (pair[0] + DELIMITER.len() - 2, pair[1] - 2);
        let part = &body[start..end.max(start)];
        let blank = part.windows(4).position(|window| window == b"\r\n\r\n");
        let blank = blank.expect("a part has a blank line after its headers");
        let head = String::from_utf8_lossy(&part[..blank]).into_owned();
        parts.push(Part {
            name: name(&head).expect("a part has a name"),
            value: start + blank + 4..end,
        });
    }
    parts
}

/// Where `CRLF--boundary` stands, counted from two bytes before the body.
fn borders(body: &[u8]) -> Vec<usize> {
    let framed = [b"\r\n", body].concat();
    let windows = framed.windows(DELIMITER.len());
    let found = windows
        .enumerate()
        .filter(|(_, window)| *window == DELIMITER);
    found.map(|(at, _)| at).collect()
}

/// How often a line begins with the dashed boundary, to readers who take any line end for one.
pub fn lines_that_begin_a_part(body: &[u8]) -> usize {
    let dashed = &DELIMITER[2..];
    let starts = (0..body.len()).filter(|at| *at == 0 || matches!(body[at - 1], b'\r' | b'\n'));
    starts.filter(|at| body[*at..].starts_with(dashed)).count()
}

/// How many there are to those who take CRLF alone.
pub fn strict_lines_that_begin_a_part(body: &[u8]) -> usize {
    borders(body).len()
}

fn name(head: &str) -> Option<String> {
    let lines = head.split("\r\n");
    let mut dispositions = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    });
    let value = dispositions.next()?;
    assert!(dispositions.next().is_none(), "two dispositions");
    let lower = value.to_ascii_lowercase();
    let at = lower.match_indices("name=").find(|(at, _)| {
        let before = lower[..*at].chars().next_back();
        matches!(before, Some(' ' | ';' | '\t'))
    })?;
    let rest = &value[at.0 + 5..];
    let name = match rest.strip_prefix('"') {
        Some(rest) => rest.split('"').next(),
        None => rest.split(';').next().map(str::trim),
    };
    name.map(ToOwned::to_owned)
}
