//! Every route of GT under the policy `full`, before the simulator, byte for byte; and what is said
//! of routes GT does not have.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use signalbox_gt_sim::{Key, Scope, Simulator, Tenant};

use crate::harness::{Answer, Ask, Client, Gate, Gt, Reply, Seen, component};

const FULL: &str = include_str!("../../../plugins/runbooks/full.yaml");
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\r\n--c\r\n\xff";

/// The simulator with the GT keys of the test's host.
fn simulator() -> SocketAddr {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let tenant =
                Tenant::demo_with_keys("gtak_inference", "gtak_upload", "gtak_conversation")
                    .dataset("briefs")
                    .key(
                        Key::upload("upload", "gtak_upload")
                            .scopes([Scope::DatasetsWrite])
                            .datasets(["briefs"]),
                    );
            let simulator = Simulator::bind(([127, 0, 0, 1], 0).into(), tenant)
                .await
                .unwrap();
            tell.send(simulator.local_addr()).unwrap();
            simulator.run(std::future::pending()).await;
        });
    });
    told.recv().unwrap()
}

/// A host under the policy `full` before a simulator, and every answer as the simulator gave it.
struct Tapped {
    gt: Gt,
    gate: Gate,
    answers: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Tapped {
    fn new() -> Self {
        let (simulator, answers) = (simulator(), Arc::<Mutex<Vec<Vec<u8>>>>::default());
        let kept = Arc::clone(&answers);
        let gt = Gt::answering(move |seen, reply| relay(simulator, seen, reply, &kept));
        let gate = Gate::builder(gt.address)
            .policy("default", component(FULL))
            .start();
        Self { gt, gate, answers }
    }

    /// What the client got and what GT had answered.
    fn send(&self, ask: &Ask) -> (Answer, Answer) {
        let answer = self.gate.send(ask);
        let raw = self
            .answers
            .lock()
            .unwrap()
            .pop()
            .expect("GT was not asked");
        (answer, Answer::read(&raw))
    }
}

/// Asks the simulator what the host asked, and gives its answer back bit by bit.
fn relay(simulator: SocketAddr, seen: &Seen, reply: &mut Reply<'_>, kept: &Mutex<Vec<Vec<u8>>>) {
    let mut socket = TcpStream::connect(simulator).unwrap();
    let mut request = format!("{}\r\nconnection: close\r\n", seen.line);
    for (name, value) in &seen.headers {
        if name != "transfer-encoding" && name != "content-length" {
            request += &format!("{name}: {value}\r\n");
        }
    }
    request += &format!("content-length: {}\r\n\r\n", seen.body.len());
    socket.write_all(request.as_bytes()).unwrap();
    socket.write_all(&seen.body).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    kept.lock().unwrap().push(answer.clone());
    for piece in answer.chunks(11) {
        reply.raw(piece);
    }
    reply.hang_up();
}

fn form(target: &str, fields: &[(&str, &[u8])]) -> Ask {
    let mut body = Vec::new();
    for (disposition, content) in fields {
        body.extend(
            format!("--form-7\r\ncontent-disposition: form-data; {disposition}\r\n\r\n")
                .into_bytes(),
        );
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--form-7--\r\n");
    Ask::post(target)
        .header("content-type", "multipart/form-data; boundary=form-7")
        .body(&body)
}

/// The answer's bytes are GT's but for the name of the model, and so are its type and its ids.
fn assert_same(ask: &Ask, (got, given): &(Answer, Answer), model: Option<&str>) {
    let line = String::from_utf8_lossy(&ask.head()).into_owned();
    assert_eq!(
        (got.status, given.status),
        (200, 200),
        "{line}{:?}",
        got.text()
    );
    let expected = match model {
        Some(model) => given
            .text()
            .replace(
                "\"model\":\"support-agent\"",
                &format!("\"model\":\"{model}\""),
            )
            .into_bytes(),
        None => given.body.clone(),
    };
    assert!(
        got.body == expected,
        "{line}{}",
        String::from_utf8_lossy(&got.body)
    );
    for name in [
        "content-type",
        "x-request-id",
        "x-gt-conversation-id",
        "cache-control",
    ] {
        assert_eq!(got.header(name), given.header(name), "{name} of {line}");
    }
}

#[test]
fn every_native_route_answers_as_gt_does_but_for_the_model() {
    let tapped = Tapped::new();
    for base in ["/api/tenant/v1", ""] {
        let chat = |more: &str| {
            Ask::post(&format!("{base}/chat/completions")).json(&format!(
                r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"hello \u00e9"}}]{more}}}"#
            ))
        };
        let tools = r#","tools":[{"type":"function","function":{"name":"pick","parameters":{"type":"object","properties":{"model":{"type":"string"}}}}}],"tool_choice":"required""#;
        let embeddings = |format: &str| {
            Ask::post(&format!("{base}/embeddings")).json(&format!(
                r#"{{"input":["a","b"],"model":"text-embedding-3-small","encoding_format":"{format}"}}"#
            ))
        };
        for (ask, model) in [
            (chat(""), "gpt-4o"),
            (chat(tools), "gpt-4o"),
            (chat(r#","stream":true"#), "gpt-4o"),
            (
                chat(r#","stream":true,"stream_options":{"include_usage":true}"#),
                "gpt-4o",
            ),
            (chat(&format!(r#"{tools},"stream":true"#)), "gpt-4o"),
            (embeddings("float"), "text-embedding-3-small"),
            (embeddings("base64"), "text-embedding-3-small"),
        ] {
            let answers = tapped.send(&ask);
            assert!(answers.1.text().contains("\"model\":\"support-agent\""));
            assert_same(&ask, &answers, Some(model));
        }
        for format in ["mp3", "wav", "pcm", "flac", "opus", "aac"] {
            let ask = Ask::post(&format!("{base}/audio/speech")).json(&format!(
                r#"{{"input":"say this","model":"tts-1","voice":"alloy","response_format":"{format}"}}"#
            ));
            let answers = tapped.send(&ask);
            assert!(
                answers
                    .0
                    .header("content-type")
                    .unwrap()
                    .starts_with("audio/")
            );
            assert_same(&ask, &answers, None);
        }
        // The model first, last and between: it is found in any place.
        let model: (&str, &[u8]) = ("name=\"model\"", b"whisper-1");
        let file: (&str, &[u8]) = ("name=\"file\"; filename=\"a.wav\"", PNG);
        for format in ["json", "text", "verbose_json"] {
            let format: (&str, &[u8]) = ("name=\"response_format\"", format.as_bytes());
            for fields in [
                [model, file, format],
                [file, format, model],
                [format, model, file],
            ] {
                let ask = form(&format!("{base}/audio/transcriptions"), &fields);
                let answers = tapped.send(&ask);
                assert!(answers.0.text().contains(&format!("{} bytes", PNG.len())));
                assert_same(&ask, &answers, None);
            }
        }
        for format in ["url", "b64_json"] {
            let ask = Ask::post(&format!("{base}/images/generations")).json(&format!(
                r#"{{"prompt":"a signal box","model":"dall-e-3","response_format":"{format}"}}"#
            ));
            assert_same(&ask, &tapped.send(&ask), None);
        }
    }
}

#[test]
fn a_conversation_is_made_filled_polled_and_continued() {
    let tapped = Tapped::new();
    let ask = Ask::post("/v1/conversations").json(r#"{"title":"T","model":"gpt-4o"}"#);
    let answers = tapped.send(&ask);
    assert_same(&ask, &answers, Some("gpt-4o"));
    let conversation = answers.0.header("x-gt-conversation-id").unwrap().to_owned();
    assert!(
        answers
            .0
            .text()
            .contains(&format!("\"id\":\"{conversation}\""))
    );

    let file = [("name=\"file\"; filename=\"a.png\"", PNG)];
    let ask = form("/v1/conversations/files", &file).header("x-gt-conversation-id", &conversation);
    let answers = tapped.send(&ask);
    assert_same(&ask, &answers, None);
    let uploaded: serde_json::Value = serde_json::from_str(answers.0.text()).unwrap();
    assert_eq!(uploaded["bytes"], PNG.len());
    let file = uploaded["id"].as_str().unwrap();

    for (path, status) in [
        ("/v1/files", "processing"),
        ("/uploads", "processing"),
        ("/api/tenant/uploads", "ready"),
        ("/api/tenant/v1/files", "ready"),
    ] {
        let ask = Ask::get(&format!("{path}/{file}"));
        let answers = tapped.send(&ask);
        assert_same(&ask, &answers, None);
        assert!(
            answers
                .0
                .text()
                .contains(&format!("\"status\":\"{status}\"")),
            "{path}"
        );
    }

    let ask = Ask::chat("gpt-4o")
        .json(r#"{"messages":[{"role":"user","content":"hi"}],"model":"gpt-4o"}"#)
        .header("x-gt-conversation-id", &conversation);
    let answers = tapped.send(&ask);
    assert_same(&ask, &answers, Some("gpt-4o"));
    assert!(answers.0.text().contains("turn 1 of this conversation"));
}

#[test]
fn a_dataset_upload_answers_as_gt_does() {
    let tapped = Tapped::new();
    // The one key uploads and polls with the same GT key. The other also has conversations, and of
    // its two GT keys the upload key alone knows the file.
    for (key, asked) in [("upload", 1), ("all", 2)] {
        let file = [("name=\"file\"; filename=\"a.png\"", PNG)];
        let ask = form("/v1/datasets/briefs/files", &file).key(key);
        let answers = tapped.send(&ask);
        assert_same(&ask, &answers, None);
        let uploaded: serde_json::Value = serde_json::from_str(answers.0.text()).unwrap();
        let id = uploaded["id"].as_str().unwrap();
        let before = tapped.gt.seen().len();
        let ask = Ask::get(&format!("/v1/uploads/{id}")).key(key);
        assert_same(&ask, &tapped.send(&ask), None);
        assert_eq!(tapped.gt.seen().len() - before, asked, "{key}");
    }
    let (got, given) = tapped.send(&Ask::get("/v1/files/nobodys"));
    assert_eq!((got.status, given.status), (404, 404));
    assert_eq!(got.body, given.body);
}

#[test]
fn speech_streams_with_its_type_and_not_a_byte_changed() {
    let gt = Gt::answering(|_, reply| {
        reply.raw(
            b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n",
        );
        for byte in 0..=255_u8 {
            reply.raw(&[b"1\r\n", &[byte][..], b"\r\n"].concat());
        }
        reply.last_chunk();
    });
    let gate = Gate::builder(gt.address)
        .policy("default", component(FULL))
        .start();
    let answer = gate.send(&Ask::post("/v1/audio/speech").json(r#"{"model":"tts-1","input":"x"}"#));
    assert_eq!(answer.header("content-type"), Some("audio/mpeg"));
    assert_eq!(answer.body, (0..=255).collect::<Vec<u8>>());
}

#[test]
fn images_that_name_a_model_are_restamped() {
    let gt = Gt::answering(|_, reply| {
        reply.json(
            200,
            r#"{"created":1,"model":"support-agent","data":[{"b64_json":"AA==","model":"inner"}]}"#,
        );
    });
    let gate = Gate::builder(gt.address)
        .policy("default", component(FULL))
        .start();
    let ask = Ask::post("/v1/images/generations").json(r#"{"model":"dall-e-3","prompt":"x"}"#);
    assert_eq!(
        gate.send(&ask).text(),
        r#"{"created":1,"model":"dall-e-3","data":[{"b64_json":"AA==","model":"inner"}]}"#
    );
}

#[test]
fn a_route_gt_lacks_is_answered_with_what_to_do() {
    let gt = Gt::chatty();
    let gate = Gate::builder(gt.address)
        .policy("default", component(FULL))
        .start();
    for (method, path, says) in [
        ("POST", "/responses", "openai.chat("),
        ("GET", "/responses/resp_1", "Use Responses API"),
        ("POST", "/completions", "POST /v1/chat/completions"),
        ("GET", "/files", "POST /v1/datasets/{id}/files"),
        ("POST", "/files", "GET /v1/files/{id}"),
        ("GET", "/files/file-1/content", "no OpenAI Files API"),
        ("POST", "/uploads", "no OpenAI Files API"),
        ("POST", "/assistants", "X-GT-Conversation-Id"),
        ("POST", "/threads/runs", "X-GT-Conversation-Id"),
        (
            "POST",
            "/audio/translations",
            "POST /v1/audio/transcriptions",
        ),
        ("POST", "/images/edits", "POST /v1/images/generations"),
        ("POST", "/vector_stores", "POST /v1/datasets/{id}/files"),
        ("POST", "/moderations", "guardrails"),
        ("GET", "/batches", "one by one"),
        ("POST", "/fine_tuning/jobs", "GET /v1/models"),
        ("POST", "/realtime/sessions", "no Realtime API"),
        ("GET", "/conversations/conv_1", "neither lists"),
    ] {
        for base in ["/api/tenant/v1", "/api/tenant", "/v1", ""] {
            let ask = Ask::plain(method, &format!("{base}{path}")).key("all");
            let ask = if method == "POST" {
                ask.json("{}")
            } else {
                ask
            };
            let answer = gate.send(&ask);
            assert_eq!(
                answer.refusal(),
                (404, "unknown_route".to_owned()),
                "{base}{path}"
            );
            assert!(
                message(&answer).contains(says),
                "{path}: {}",
                message(&answer)
            );
            assert!(message(&answer).contains(&format!("{method} /v1{path}")));
        }
    }
    assert_eq!(gt.seen().len(), 0);
}

#[test]
fn a_method_gt_lacks_is_answered_with_those_there_are_and_what_to_do() {
    let gate = Gate::builder(Gt::chatty().address)
        .policy("default", component(FULL))
        .start();
    for (method, path, allow, says) in [
        ("GET", "/chat/completions", "POST", "stored completions"),
        ("GET", "/embeddings", "POST", "takes POST"),
        ("POST", "/models", "GET", "GT's own workspace"),
        ("DELETE", "/models/gpt-4o", "GET", "GT's own workspace"),
        ("GET", "/conversations", "POST", "neither lists"),
        ("DELETE", "/files/file-1", "GET", "no OpenAI Files API"),
        ("PATCH", "/audio/speech", "POST", "takes POST"),
    ] {
        for base in ["/api/tenant/v1", "/api/tenant", "/v1", ""] {
            let answer = gate.send(&Ask::plain(method, &format!("{base}{path}")).key("all"));
            assert_eq!(
                answer.refusal(),
                (405, "method_not_allowed".to_owned()),
                "{base}{path}"
            );
            assert_eq!(answer.header("allow"), Some(allow));
            assert!(
                message(&answer).contains(says),
                "{path}: {}",
                message(&answer)
            );
        }
    }
}

fn message(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    body["error"]["message"].as_str().unwrap().to_owned()
}

impl Answer {
    /// An answer as it came over a connection of its own.
    fn read(raw: &[u8]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let raw = raw.to_vec();
        thread::spawn(move || listener.accept().unwrap().0.write_all(&raw));
        Client::connect(address).answer()
    }
}
