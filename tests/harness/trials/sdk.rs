//! Clients that the step `clients` installs, and whose tests there ask more of them than is said here.

use super::{
    Asked::{Chat, Embeddings, Exported, Models, NotSupported, Stream, WrongScope},
    How, Installed, Trial,
};

pub(super) const TRIALS: &[Trial] = &[
    sdk(
        "OpenAI SDK for Python",
        "full",
        installed("openai_routes.py", "openai"),
        EVERY_ROUTE,
    ),
    sdk(
        "OpenAI SDK for Node",
        "full",
        installed("openai_routes.mjs", "openai"),
        EVERY_ROUTE,
    ),
    sdk(
        "LangChain for Python",
        "langchain",
        installed("langchain_python.py", "langchain-openai"),
        FRAMEWORK,
    ),
    sdk(
        "LangChain for JavaScript",
        "langchain",
        installed("langchain_node.mjs", "@langchain/openai"),
        FRAMEWORK,
    ),
    sdk(
        "LlamaIndex",
        "llamaindex",
        installed("llamaindex_python.py", "llama-index-llms-openai-like"),
        FRAMEWORK,
    ),
    sdk(
        "Vercel AI SDK",
        "vercel-ai-sdk",
        installed("ai_sdk.mjs", "ai"),
        FRAMEWORK,
    ),
    Trial {
        bases: &["/api/tenant", "/api/tenant/v1"],
        asked: &[
            Models,
            Chat,
            Stream,
            Embeddings,
            NotSupported("POST /v1/audio/speech"),
            Exported,
        ],
        ..sdk(
            "LiteLLM",
            "litellm",
            installed("litellm_sdk.py", "litellm"),
            &[],
        )
    },
];

const EVERY_ROUTE: &[super::Asked] = &[Models, Chat, Stream, Embeddings, WrongScope, Exported];
const FRAMEWORK: &[super::Asked] = &[Chat, Stream, Embeddings, WrongScope, Exported];

const fn sdk(
    client: &'static str,
    runbook: &'static str,
    installed: Installed,
    asked: &'static [super::Asked],
) -> Trial {
    Trial {
        client,
        runbook,
        how: How::Sdk(installed),
        bases: &["/api/tenant", "/api/tenant/v1", "/api/tenant/v1/"],
        asked,
    }
}

const fn installed(script: &'static str, package: &'static str) -> Installed {
    Installed {
        script,
        package,
        pins: "clients",
    }
}
