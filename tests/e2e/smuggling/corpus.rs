//! The corpus as a file: see the head of `requests.txt`.

/// One case: bytes, and what is answered.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// What may come, answer by answer.
    pub(super) answers: Vec<Vec<Expected>>,
    /// Whether the client closes its side when it has sent all.
    pub(super) leaves: bool,
    /// Whether it is sent in every two pieces.
    pub(super) is_cut: bool,
}

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// None, and the connection ends.
    Nothing,
    /// 200, from GT.
    Forwarded,
    /// The gate's own, with this status.
    Own(u16),
}

/// Every case; each request in order carries its name as `x-request-id`.
pub(super) fn cases() -> Vec<Case> {
    let text = include_str!("requests.txt");
    let blocks = text.split("\n== ").skip(1);
    blocks
        .enumerate()
        .map(|(at, block)| case(at, block))
        .collect()
}

fn case(at: usize, block: &str) -> Case {
    let mut lines = block.lines();
    let mut case = Case {
        name: lines.next().unwrap_or_default().to_owned(),
        bytes: Vec::new(),
        answers: Vec::new(),
        leaves: false,
        is_cut: false,
    };
    for line in lines {
        let (mark, rest) = line.split_at(line.len().min(1));
        match mark {
            "" | "#" => {}
            "=" => case.answers = rest.split_whitespace().map(expected).collect(),
            "~" => case.leaves = true,
            "%" => case.is_cut = true,
            ">" => {
                // An empty line has no space either.
                let text = rest.strip_prefix(' ').unwrap_or(rest);
                case.bytes.extend(unescaped(text));
                case.bytes.extend(b"\r\n");
            }
            "|" => case
                .bytes
                .extend(unescaped(rest.strip_prefix(' ').unwrap_or(rest))),
            "@" => case.bytes.extend(macro_of(rest, at)),
            _ => panic!("`{}` has the line `{line}`", case.name),
        }
    }
    assert!(
        !case.answers.is_empty() && !case.bytes.is_empty(),
        "{case:?}"
    );
    case
}

fn expected(words: &str) -> Vec<Expected> {
    let one = |word| match word {
        "-" => Expected::Nothing,
        "200" => Expected::Forwarded,
        "200!" => Expected::Own(200),
        other => Expected::Own(other.parse().expect("a status")),
    };
    words.split('|').map(one).collect()
}

fn macro_of(text: &str, at: usize) -> Vec<u8> {
    let mut words = text.split(' ');
    let all = match words.next().unwrap_or_default() {
        "host" => "host: gate.example\r\n".to_owned(),
        "key" => format!("authorization: Bearer gtak_demo\r\nx-request-id: case-{at}\r\n"),
        "json" => "content-type: application/json\r\n".to_owned(),
        "body" => BODY.to_owned(),
        "sized" => format!("content-length: {}\r\n\r\n{BODY}", BODY.len()),
        "chunks" => format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len()),
        "chat" => {
            let parts = ["host", "key", "json", "sized"].map(|part| macro_of(part, at));
            return [
                &b"POST /v1/chat/completions HTTP/1.1\r\n"[..],
                &parts.concat(),
            ]
            .concat();
        }
        "fill" => {
            let count = words.next().and_then(|count| count.parse::<u32>().ok());
            let name = words.next().expect("a name");
            let lines = (0..count.expect("a count")).map(|n| format!("x-{name}-{n}: 1\r\n"));
            lines.collect()
        }
        other => panic!("there is no `@{other}`"),
    };
    all.into_bytes()
}

/// A line's bytes: escapes resolved, `@long N` filled in.
fn unescaped(text: &str) -> Vec<u8> {
    let text = match text.split_once("@long ") {
        Some((before, rest)) => {
            let (count, after) = rest.split_once(' ').unwrap_or((rest, ""));
            let space = if rest.contains(' ') { " " } else { "" };
            let long = "x".repeat(count.parse().expect("a count"));
            format!("{before}{long}{space}{after}")
        }
        None => text.to_owned(),
    };
    let mut out = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.extend(character.to_string().bytes());
            continue;
        }
        out.push(match characters.next() {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('0') => 0,
            Some('\\') => b'\\',
            Some('x') => {
                let digits = characters.by_ref().take(2).collect::<String>();
                u8::from_str_radix(&digits, 16).expect("two digits")
            }
            other => panic!("there is no escape {other:?}"),
        });
    }
    out
}

const BODY: &str = r#"{"model":"gpt-4o","messages":[]}"#;
