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
            export: "the fields of `nodes/chatmodels/ChatOpenAI/ChatOpenAI.ts` and `credentials/OpenAIApi.credential.ts`",
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
            export: "the variables of `docker/.env.example`",
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
            export: "the variables of `backend/open_webui/config.py`",
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
            export: "the schema of `@roo-code/types` of npm, by its code",
        },
        bases: EVERY_BASE,
        asked: &[Models, Chat, Stream, WrongScope],
    },
];
