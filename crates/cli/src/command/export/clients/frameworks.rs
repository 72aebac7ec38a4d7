//! Libraries between an application and the API.

use super::super::client::{CHAT, CHAT_AND_EMBEDDINGS, Client, Needs, file};

pub(super) const CLIENTS: &[Client] = &[
    Client {
        slug: "langchain",
        name: "LangChain",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[
            file!(
                "langchain",
                "langchain_gate.py",
                "import it: `from langchain_gate import chat`"
            ),
            file!(
                "langchain",
                "langchain_gate.mjs",
                "import it: `import { chat } from \"./langchain_gate.mjs\"`"
            ),
        ],
    },
    Client {
        slug: "llamaindex",
        name: "LlamaIndex",
        also: &["llama-index"],
        needs: Needs::Chat,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[file!(
            "llamaindex",
            "llamaindex_gate.py",
            "import it: `from llamaindex_gate import llm`"
        )],
    },
    Client {
        slug: "vercel-ai-sdk",
        name: "Vercel AI SDK",
        also: &["ai-sdk", "vercel"],
        needs: Needs::Chat,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[file!(
            "vercel-ai-sdk",
            "gate.mjs",
            "import it on the server: `import { chat } from \"./gate.mjs\"`"
        )],
    },
    Client {
        slug: "litellm",
        name: "LiteLLM",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[
            file!(
                "litellm",
                "config.yaml",
                "start its proxy with it and a LITELLM_MASTER_KEY of your own: `litellm --config config.yaml`"
            ),
            file!(
                "litellm",
                "litellm_gate.py",
                "or import it: `from litellm_gate import CHAT`"
            ),
        ],
    },
    Client {
        slug: "crewai",
        name: "CrewAI",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[
            file!(
                "crewai",
                "crewai_gate.py",
                "import it: `from crewai_gate import llm`"
            ),
            file!("crewai", "crewai.env", "or into the crew's environment"),
        ],
    },
    Client {
        slug: "semantic-kernel",
        name: "Semantic Kernel",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[
            file!(
                "semantic-kernel",
                "semantic_kernel_gate.py",
                "import it: `from semantic_kernel_gate import chat`"
            ),
            file!(
                "semantic-kernel",
                "GateKernel.cs",
                "for .NET: `var kernel = GateKernel.Create();`"
            ),
        ],
    },
];
