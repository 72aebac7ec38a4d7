//! Clients that do not install here, whose source says what they send: those requests are replayed.

use super::{
    Asked::{Chat, Embeddings, Models, Stream, WrongScope},
    EVERY_BASE, How, Trial,
};

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        client: "Flowise",
        runbook: "flowise",
        how: How::Source {
            version: "3.1.4",
            read: "nodes/chatmodels/ChatOpenAI/ChatOpenAI.ts",
            requests: "flowise",
        },
        bases: EVERY_BASE,
        asked: &[Chat, Stream, WrongScope],
    },
    Trial {
        client: "AnythingLLM",
        runbook: "anythingllm",
        how: How::Source {
            version: "1.16.0",
            read: "server/utils/AiProviders/genericOpenAi/index.js",
            requests: "anythingllm",
        },
        bases: EVERY_BASE,
        asked: &[Chat, Stream, Embeddings, WrongScope],
    },
    Trial {
        client: "Open WebUI",
        runbook: "open-webui",
        how: How::Source {
            version: "0.12.4",
            read: "backend/open_webui/routers/openai.py",
            requests: "open_webui",
        },
        bases: EVERY_BASE,
        asked: &[Models, Chat, Stream, Embeddings, WrongScope],
    },
    Trial {
        client: "Roo Code",
        runbook: "cline-roo",
        how: How::Source {
            version: "3.52.1",
            read: "src/api/providers/openai.ts",
            requests: "roo_code",
        },
        bases: EVERY_BASE,
        asked: &[Models, Chat, Stream, WrongScope],
    },
];
