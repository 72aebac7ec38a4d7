use super::*;

const WHOLE: &str = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nsupport-agent\r\n\
    --b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".wav\"\r\ncontent-type: audio/wav\r\n\r\n\
    one\r\n--bee\r\ntwo\r\n--b--\r\n";

fn read(body: &str, piece: usize) -> Result<Form, Refusal> {
    let mut form = Form::new("b");
    for chunk in body.as_bytes().chunks(piece) {
        form.push(chunk)?;
    }
    form.finish()?;
    Ok(form)
}

#[test]
fn a_form_is_read_the_same_however_it_is_cut() {
    // `\r\n--bee` begins like a delimiter, so the boundary must not be a prefix of content: another body for that.
    let body = WHOLE.replace("--bee", "--Bee");
    let expected = FilePart {
        name: "a \"b\".wav".to_owned(),
        length: 15,
        sha256: hex(&Sha256::digest(b"one\r\n--Bee\r\ntwo")),
    };
    for piece in 1..=body.len() {
        let form = read(&body, piece).unwrap();
        assert_eq!(form.file().unwrap(), &expected, "{piece}");
        assert_eq!(form.text("model").unwrap(), Some("support-agent"));
        assert_eq!(form.text("prompt").unwrap(), None);
    }
}

#[test]
fn a_list_comes_once_for_each_item() {
    let item = |value: &str| {
        format!(
            "--b\r\ncontent-disposition: form-data; name=\"timestamp_granularities[]\"\r\n\r\n{value}\r\n"
        )
    };
    let body = format!("{}{}{WHOLE}", item("word"), item("segment"));
    let form = read(&body.replace("--bee", "--Bee"), 7).unwrap();
    assert_eq!(form.text("model").unwrap(), Some("support-agent"));
}

#[test]
fn what_the_grammar_does_not_allow_is_refused() {
    let file =
        |disposition: &str| format!("--b\r\ncontent-disposition: {disposition}\r\n\r\nx\r\n--b--");
    let model = "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nx\r\n";
    for body in [
        WHOLE.to_owned(),
        format!("preamble\r\n{}", file("form-data; name=\"a\"")),
        file("form-data; name=\"a\"").replace("\r\n", "\n"),
        file("form-data; name=a b"),
        file("form-data; name="),
        file("form-data"),
        file("form-data; name=\"a\"; name=\"b\""),
        file("form-data; name=\"a\" junk"),
        file("attachment; name=\"a\""),
        file("form-data; name=\"a\r\n"),
        file("form-data; name=\"file\""),
        file("form-data; name=\"model\"; filename=\"x\""),
        file("form-data; name=\"a\"\r\ncontent-disposition: form-data; name=\"b\""),
        "--b\r\n\r\nx\r\n--b--".to_owned(),
        format!("{model}{model}--b--"),
        format!("{model}--b"),
        format!("{model}--b--\r\nmore"),
        format!("{model}--b--\r\n\r"),
        format!("{model}--b--\r\n\r\n\r\n"),
        model.to_owned(),
        String::new(),
        format!("--b\r\nx: {}", "y".repeat(HEAD_LIMIT)),
        file("form-data; name=\"a\"").replace(
            "\r\nx\r\n",
            &format!("\r\n{}\r\n", "x".repeat(FIELD_LIMIT + 1)),
        ),
    ] {
        for piece in [1, body.len().max(1)] {
            assert!(read(&body, piece).is_err(), "{body}");
        }
    }
}

#[test]
fn a_file_name_outside_ascii_may_come_encoded() {
    let body = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename*=utf-8''caf%C3%A9.txt\r\n\r\n\r\n--b--";
    let form = read(body, 7).unwrap();
    assert_eq!(form.file().unwrap().name, "utf-8''caf%C3%A9.txt");
    assert_eq!(form.file().unwrap().length, 0);
}

#[test]
fn what_some_clients_write_is_taken_too() {
    let body = b"--b\r\ncontent-disposition: form-data; name=model\r\n\r\nx\r\n\
        --b\r\ncontent-disposition: form-data; name=file; filename=\"caf\xe9.txt\"\r\n\r\n\r\n--b--\r\n\r\n";
    let mut form = Form::new("b");
    form.push(body).unwrap();
    form.finish().unwrap();
    assert_eq!(form.text("model").unwrap(), Some("x"));
    assert_eq!(form.file().unwrap().name, "caf\u{fffd}.txt");
}
