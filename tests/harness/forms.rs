//! Forms as clients write them: the files of `tests/clients/forms`.
//!
//! A file has where its form is from, the content type, an empty line, and the body. A line ends with
//! CRLF in the body, and `\xEF` stands for this one byte. The model is `whisper-1`, once.

use std::fs;

use crate::root;

/// One form.
#[derive(Clone, Debug)]
pub struct ClientForm {
    /// The name of its file.
    pub name: String,
    /// The content type it is sent with.
    pub kind: String,
    /// The bytes before and after the model.
    pub around: [Vec<u8>; 2],
}

impl ClientForm {
    /// What the client asks for.
    pub const MODEL: &str = "whisper-1";

    /// The body that asks for this model.
    #[must_use]
    pub fn body(&self, model: &str) -> Vec<u8> {
        let [before, after] = &self.around;
        [before, model.as_bytes(), after].concat()
    }
}

/// All of them.
///
/// # Panics
/// If a file is not as said above.
#[must_use]
pub fn client_forms() -> Vec<ClientForm> {
    let folder = root().join("tests/clients/forms");
    let entries = fs::read_dir(&folder).expect("the forms lie in the repository");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            let text = fs::read_to_string(path).expect("a form is text");
            parse(&name, &text)
        })
        .collect()
}

fn parse(name: &str, text: &str) -> ClientForm {
    let (head, body) = text.split_once("\n\n").expect("an empty line");
    let (source, kind) = head.split_once('\n').expect("two lines before it");
    assert!(source.starts_with("# "), "{name}: where is it from?");
    let mut around = body.split(ClientForm::MODEL).map(bytes);
    let form = ClientForm {
        name: name.to_owned(),
        kind: kind.to_owned(),
        around: [(); 2].map(|()| around.next().expect("a model")),
    };
    assert!(around.next().is_none(), "{name}: one model");
    form
}

fn bytes(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.collect::<Vec<_>>().join(&b"\r\n"[..])
}
