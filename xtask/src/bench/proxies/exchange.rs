//! What is asked, and what a right answer holds.

use std::{fs, path::PathBuf};

use super::scratch::Scratch;

/// A request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    /// A chat of 230 bytes, answered with 275.
    Chat,
    /// The same, answered with 500 events in one stream.
    Events,
    /// A chat of one megabyte.
    LongChat,
    /// A short text, answered with one megabyte of numbers.
    Embeddings,
}

impl Exchange {
    /// Names files and, in headings, anchors; nothing for the one that is meant if nothing is said.
    pub(super) fn slug(self) -> &'static str {
        match self {
            Self::Chat => "",
            Self::Events => "-events",
            Self::LongChat => "-long-chat",
            Self::Embeddings => "-embeddings",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Chat => "",
            Self::Events => ", 500 events in one answer",
            Self::LongChat => ", 1 MB of chat",
            Self::Embeddings => ", 1 MB of embeddings",
        }
    }

    /// Where it is asked, if not where a contender has its chats.
    pub(super) fn path(self) -> Option<&'static str> {
        match self {
            Self::Embeddings => Some("/v1/embeddings"),
            Self::Chat | Self::Events | Self::LongChat => None,
        }
    }

    /// The upstream tells by it what it is to answer.
    pub(super) fn accept(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Chat | Self::LongChat | Self::Embeddings => "application/json",
        }
    }

    /// What the answer holds, however a proxy spells the JSON around it.
    pub(super) fn answer(self) -> &'static str {
        match self {
            Self::Chat | Self::LongChat => "Hello! How can I help you today?",
            Self::Events => "data: [DONE]",
            Self::Embeddings => "\"total_tokens\":5}",
        }
    }

    /// Writes the body for a contender that knows the model by this name.
    pub(super) fn write_body(
        self,
        contender: &str,
        model: &str,
        scratch: &Scratch,
    ) -> anyhow::Result<PathBuf> {
        let text = match self {
            Self::Chat => {
                let filled = scratch.fill("chat.json", "chat.json", &[("MODEL", model)])?;
                // Without the line's end that the file has.
                fs::read_to_string(filled)?.trim_end().to_owned()
            }
            Self::Events => chat(model, "Count to five hundred.", ",\"stream\":true"),
            Self::LongChat => chat(model, &SENTENCE.repeat(MEGABYTE / SENTENCE.len()), ""),
            Self::Embeddings => {
                format!("{{\"model\":\"{model}\",\"input\":\"How do gates work?\"}}")
            }
        };
        let path = scratch
            .folder()
            .join(format!("{contender}{}.json", self.slug()));
        fs::write(&path, text)?;
        Ok(path)
    }
}

/// Writes the answers that are too long for the upstream's configuration.
pub(super) fn write_answers(scratch: &Scratch) -> anyhow::Result<()> {
    let event = |delta: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\
             \"model\":\"gt-small\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{delta}\"}},\
             \"finish_reason\":null}}]}}\n\n"
        )
    };
    let mut events: String = (1..EVENTS)
        .map(|number| event(&format!(" {number}")))
        .collect();
    events.push_str("data: [DONE]\n\n");
    fs::write(scratch.folder().join("events.txt"), events)?;
    let numbers: Vec<String> = (0..NUMBERS)
        .map(|at: u32| format!("-0.{:09}", at.wrapping_mul(2_654_435_761) % 1_000_000_000))
        .collect();
    let embeddings = format!(
        "{{\"object\":\"list\",\"model\":\"gt-small\",\"data\":[{{\"object\":\"embedding\",\"index\":0,\
         \"embedding\":[{}]}}],\"usage\":{{\"prompt_tokens\":5,\"total_tokens\":5}}}}",
        numbers.join(",")
    );
    Ok(fs::write(
        scratch.folder().join("embeddings.json"),
        embeddings,
    )?)
}

fn chat(model: &str, question: &str, more: &str) -> String {
    format!(
        "{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"{question}\"}}]{more}}}"
    )
}

/// With the last one, which says that there are no more.
const EVENTS: u32 = 500;
const MEGABYTE: usize = 1 << 20;
/// Of thirteen bytes each: a megabyte.
const NUMBERS: u32 = 80_660;
const SENTENCE: &str =
    r#"A signal box keeps two trains from being on one track at once, \"whatever\" they want.\n"#;
