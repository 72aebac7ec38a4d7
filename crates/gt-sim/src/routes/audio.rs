//! `POST /v1/audio/transcriptions` and `/v1/audio/speech`.

use serde_json::json;

use crate::answer;
use crate::failure::Answer;
use crate::fields::one_of;
use crate::form::FilePart;
use crate::inbound::Inbound;
use crate::key::Scope;
use crate::refusal::Refusal;
use crate::routes::Call;
use crate::tenant::Modality;

/// Says which file it heard, by name, length and hash: enough to see that every byte arrived.
pub(crate) async fn transcribe(call: &Call<'_>, inbound: &mut Inbound) -> Answer {
    call.access.inference()?;
    call.access.scope(Scope::Transcribe)?;
    let form = inbound.form(call.headers).await?;
    let model = form
        .text("model")?
        .ok_or_else(|| Refusal::field("model", "`model` is required"))?;
    let file = form.file()?;
    let format = one_of(
        "response_format",
        form.text("response_format")?,
        &["json", "text", "verbose_json"],
    )?;
    call.access.model(
        &call.shared.tenant.published,
        model,
        Modality::Transcriptions,
    )?;
    let text = transcript(file);
    Ok(match format {
        "text" => answer::bytes("text/plain; charset=utf-8", text),
        "verbose_json" => answer::json(&json!({
            "task": "transcribe", "language": form.text("language")?.unwrap_or("english"), "duration": 1.0, "text": text,
            "segments": [{"id": 0, "start": 0.0, "end": 1.0, "text": text}],
        })),
        _ => answer::json(&json!({"text": text})),
    })
}

/// Silence, its length growing with the text.
pub(crate) async fn speak(call: &Call<'_>, inbound: &mut Inbound) -> Answer {
    call.access.inference()?;
    call.access.scope(Scope::Speech)?;
    let fields = inbound.json(call.headers).await?;
    let words = fields
        .text("input")?
        .split_whitespace()
        .count()
        .clamp(1, WORDS);
    fields.optional_text("voice")?;
    let format = fields.word(
        "response_format",
        &["mp3", "wav", "pcm", "flac", "opus", "aac"],
    )?;
    call.model(&fields, Modality::Speech)?;
    Ok(match format {
        "mp3" => answer::bytes("audio/mpeg", silent_mp3(words)),
        "wav" => answer::bytes("audio/wav", silent_wav(words)),
        "pcm" => answer::bytes("audio/pcm", vec![0; words * WORD]),
        "flac" => answer::bytes("audio/flac", labelled(b"fLaC", words)),
        "opus" => answer::bytes("audio/opus", labelled(b"OggS", words)),
        _ => answer::bytes("audio/aac", labelled(b"\xff\xf1", words)),
    })
}

fn transcript(file: &FilePart) -> String {
    let short: String = file.sha256.chars().take(16).collect();
    format!(
        "I heard {}, {} bytes, sha256 {short}.",
        file.name, file.length
    )
}

/// Frames of 417 bytes: MPEG 1 layer III, 128 kbit/s, 44.1 kHz, with nothing in them.
fn silent_mp3(words: usize) -> Vec<u8> {
    let mut frame = vec![0; 417];
    frame.splice(..4, [0xff, 0xfb, 0x90, 0x00]);
    frame.repeat(words * 8)
}

/// RIFF, 16 bit mono at 24 kHz.
fn silent_wav(words: usize) -> Vec<u8> {
    let length = u32::try_from(words * WORD).unwrap_or(u32::MAX - 36);
    let mut out = b"RIFF".to_vec();
    out.extend((36 + length).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    out.extend(24_000_u32.to_le_bytes());
    out.extend(48_000_u32.to_le_bytes());
    out.extend(b"\x02\0\x10\0data");
    out.extend(length.to_le_bytes());
    out.resize(out.len() + words * WORD, 0);
    out
}

/// A format's first bytes and zeros: to be told apart, not to be played.
fn labelled(magic: &[u8], words: usize) -> Vec<u8> {
    let mut out = magic.to_vec();
    out.resize(magic.len() + words * WORD, 0);
    out
}

/// Fifth of a second of 16 bit samples at 24 kHz.
const WORD: usize = 9_600;

/// More silence serves nobody: a megabyte.
const WORDS: usize = 100;
