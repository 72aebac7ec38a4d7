//! Embeddings, audio and images.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{Ask, Sim, refused, with};

async fn embed(sim: &mut Sim, extra: Value) -> Value {
    let body = with(json!({"model": "support-agent"}), extra);
    sim.post("gtak_i", "/v1/embeddings", body).await.ok()
}

fn floats(embedding: &Value) -> Vec<f32> {
    embedding
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap() as f32)
        .collect()
}

#[tokio::test]
async fn embeddings_are_eight_floats_of_unit_length() {
    let mut sim = Sim::start().await;
    let answer = embed(
        &mut sim,
        json!({"input": ["hello world", "other", "hello world"]}),
    )
    .await;
    let data = answer["data"].as_array().unwrap();
    let vectors: Vec<_> = data
        .iter()
        .map(|entry| floats(&entry["embedding"]))
        .collect();
    assert_eq!((vectors.len(), vectors[0].len()), (3, 8));
    assert!((vectors[1].iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
    assert_eq!(vectors[0], vectors[2]);
    assert_ne!(vectors[0], vectors[1]);
    assert_eq!(data[2]["index"], 2);
    assert_eq!(answer["model"], "support-agent");
    assert_eq!(
        answer["usage"],
        json!({"prompt_tokens": 5, "total_tokens": 5})
    );
}

#[tokio::test]
async fn base64_holds_the_same_floats() {
    let mut sim = Sim::start().await;
    let plain = embed(
        &mut sim,
        json!({"input": "hello", "encoding_format": "float"}),
    )
    .await;
    let encoded = embed(
        &mut sim,
        json!({"input": ["hello"], "encoding_format": "base64"}),
    )
    .await;
    let bytes = STANDARD
        .decode(encoded["data"][0]["embedding"].as_str().unwrap())
        .unwrap();
    let decoded: Vec<f32> = bytes
        .chunks(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect();
    assert_eq!(decoded, floats(&plain["data"][0]["embedding"]));
}

#[tokio::test]
async fn tokens_are_input_and_dimensions_may_be_fewer() {
    let mut sim = Sim::start().await;
    let one = embed(&mut sim, json!({"input": [1, 2, 3]})).await;
    let many = embed(
        &mut sim,
        json!({"input": [[1, 2, 3], [4]], "dimensions": 3}),
    )
    .await;
    assert_eq!(one["usage"]["prompt_tokens"], 3);
    assert_eq!(many["data"].as_array().unwrap().len(), 2);
    assert_eq!(floats(&many["data"][0]["embedding"]).len(), 3);
}

#[tokio::test]
async fn a_json_media_request_with_a_wrong_field_names_it() {
    let mut sim = Sim::start().await;
    for (path, wrong, field) in [
        ("/v1/embeddings", json!({}), "input"),
        ("/v1/embeddings", json!({"input": ""}), "input"),
        (
            "/v1/embeddings",
            json!({"input": "x", "encoding_format": "int8"}),
            "encoding_format",
        ),
        (
            "/v1/embeddings",
            json!({"input": "x", "dimensions": 9}),
            "dimensions",
        ),
        (
            "/v1/embeddings",
            json!({"input": "x", "model": null}),
            "model",
        ),
        ("/v1/audio/speech", json!({}), "input"),
        (
            "/v1/audio/speech",
            json!({"input": "x", "voice": 1}),
            "voice",
        ),
        (
            "/v1/audio/speech",
            json!({"input": "x", "response_format": "midi"}),
            "response_format",
        ),
        ("/v1/images/generations", json!({}), "prompt"),
        (
            "/v1/images/generations",
            json!({"prompt": "x", "n": 11}),
            "n",
        ),
        (
            "/v1/images/generations",
            json!({"prompt": "x", "response_format": "gif"}),
            "response_format",
        ),
    ] {
        let body = with(json!({"model": "support-agent"}), wrong.clone());
        let answer = sim.post("gtak_i", path, body).await;
        assert_eq!(
            answer.refusal(),
            refused(400, "invalid_value", Some(field)),
            "{path} {wrong}"
        );
    }
}

fn transcription(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Ask<'static> {
    Ask::new("POST", "/v1/audio/transcriptions")
        .key("gtak_i")
        .form(fields, file)
}

#[tokio::test]
async fn a_transcription_tells_what_was_heard() {
    let mut sim = Sim::start().await;
    // The hash is that of `sha256sum` for these three bytes.
    let heard = "I heard a.wav, 3 bytes, sha256 ba7816bf8f01cfea.";
    let model = ("model", "support-agent");
    let answer = sim
        .send(transcription(&[model], Some(("a.wav", b"abc"))))
        .await;
    assert_eq!(answer.ok(), json!({"text": heard}));
    let text = sim
        .send(transcription(
            &[model, ("response_format", "text")],
            Some(("a.wav", b"abc")),
        ))
        .await;
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(text.body, heard.as_bytes());
    let fields = [
        model,
        ("response_format", "verbose_json"),
        ("language", "welsh"),
    ];
    let verbose = sim
        .send(transcription(&fields, Some(("a.wav", b"abc"))))
        .await
        .ok();
    assert_eq!(
        (&verbose["text"], &verbose["language"]),
        (&json!(heard), &json!("welsh"))
    );
}

#[tokio::test]
async fn a_transcription_needs_a_well_formed_form_with_model_and_file() {
    let mut sim = Sim::start().await;
    let file = Some(("a.wav", b"abc".as_slice()));
    for (request, expected) in [
        (
            transcription(&[], file),
            refused(400, "invalid_value", Some("model")),
        ),
        (
            transcription(&[("model", "support-agent")], None),
            refused(400, "invalid_value", Some("file")),
        ),
        (
            transcription(&[("model", "x")], file),
            refused(404, "model_not_found", Some("model")),
        ),
        (
            transcription(&[("model", "gt-small")], file),
            refused(400, "model_not_supported", Some("model")),
        ),
        (
            transcription(
                &[("model", "support-agent"), ("response_format", "srt")],
                file,
            ),
            refused(400, "invalid_value", Some("response_format")),
        ),
        (
            transcription(&[("model", "a"), ("model", "a")], file),
            refused(400, "invalid_body", None),
        ),
    ] {
        assert_eq!(sim.send(request).await.refusal(), expected);
    }
    let ask = || Ask::new("POST", "/v1/audio/transcriptions").key("gtak_i");
    for (request, expected) in [
        (
            ask().body("multipart/form-data; boundary=x", "nothing"),
            refused(400, "invalid_body", None),
        ),
        (
            ask().body("multipart/form-data", "--x--"),
            refused(415, "unsupported_media_type", None),
        ),
        (
            ask().json(&json!({"model": "support-agent"})),
            refused(415, "unsupported_media_type", None),
        ),
    ] {
        assert_eq!(sim.send(request).await.refusal(), expected);
    }
}

#[tokio::test]
async fn speech_has_the_type_and_the_first_bytes_of_its_format() {
    let mut sim = Sim::start().await;
    for (format, content_type, magic) in [
        (Value::Null, "audio/mpeg", b"\xff\xfb".as_slice()),
        (json!("mp3"), "audio/mpeg", b"\xff\xfb"),
        (json!("wav"), "audio/wav", b"RIFF"),
        (json!("pcm"), "audio/pcm", b"\0\0"),
        (json!("flac"), "audio/flac", b"fLaC"),
        (json!("opus"), "audio/opus", b"OggS"),
        (json!("aac"), "audio/aac", b"\xff\xf1"),
    ] {
        let body =
            json!({"model": "support-agent", "input": "two words", "response_format": format});
        let answer = sim.post("gtak_i", "/v1/audio/speech", body).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, content_type)
        );
        assert!(answer.body.starts_with(magic), "{format}");
        if format == "wav" {
            let declared = u32::from_le_bytes(answer.body[4..8].try_into().unwrap());
            assert_eq!(declared as usize, answer.body.len() - 8);
            assert_eq!(answer.body.len(), 44 + 2 * 9600);
        }
    }
}

#[tokio::test]
async fn images_are_pngs_in_either_form() {
    let mut sim = Sim::start().await;
    let mut images = Vec::new();
    for (format, field, prefix) in [
        (Value::Null, "url", "data:image/png;base64,"),
        (json!("url"), "url", "data:image/png;base64,"),
        (json!("b64_json"), "b64_json", ""),
    ] {
        let body = json!({"model": "support-agent", "prompt": "a boat", "n": 2, "response_format": format});
        let answer = sim
            .post("gtak_i", "/v1/images/generations", body)
            .await
            .ok();
        let data = answer["data"].as_array().unwrap();
        assert_eq!(data.len(), 2);
        assert_ne!(data[0], data[1]);
        let encoded = data[0][field]
            .as_str()
            .unwrap()
            .strip_prefix(prefix)
            .unwrap()
            .to_owned();
        assert!(
            STANDARD
                .decode(&encoded)
                .unwrap()
                .starts_with(b"\x89PNG\r\n\x1a\n")
        );
        images.push(encoded);
    }
    images.dedup();
    assert_eq!(images.len(), 1, "the same prompt gives the same image");
}
