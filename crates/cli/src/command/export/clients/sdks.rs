//! Code that calls the API itself.

use super::super::client::{CHAT_AND_EMBEDDINGS, Client, Needs, file};

pub(super) const CLIENTS: &[Client] = &[
    Client {
        slug: "openai-sdk-curl",
        name: "OpenAI SDK / curl",
        also: &["openai", "openai-sdk", "curl"],
        needs: Needs::Any,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[
            file!(
                "openai-sdk-curl",
                "openai_gate.py",
                "import it: `from openai_gate import client`"
            ),
            file!(
                "openai-sdk-curl",
                "openai_gate.mjs",
                "import it: `import { client } from \"./openai_gate.mjs\"`"
            ),
            file!(
                "openai-sdk-curl",
                "ask.sh",
                "run it to try the key: `sh ask.sh`"
            ),
        ],
    },
    Client {
        slug: "generic-openai-http",
        name: "Generic OpenAI-compatible HTTP client",
        also: &["generic", "http"],
        needs: Needs::Any,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[file!(
            "generic-openai-http",
            "gate.env",
            "into the client's environment, under the names that it reads"
        )],
    },
];
