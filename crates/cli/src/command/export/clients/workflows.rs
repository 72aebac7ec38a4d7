//! Programs in which people put applications together.

use super::super::client::{CHAT, CHAT_AND_EMBEDDINGS, Client, Needs, file};

pub(super) const CLIENTS: &[Client] = &[
    Client {
        slug: "langflow",
        name: "Langflow",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[file!(
            "langflow",
            "openai_component.json",
            "the fields of the OpenAI component; type the token into *OpenAI API Key* there"
        )],
    },
    Client {
        slug: "flowise",
        name: "Flowise",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[file!(
            "flowise",
            "chat_openai_node.json",
            "a credential *OpenAI API* and the fields of a ChatOpenAI node; type the token into the credential"
        )],
    },
    Client {
        slug: "dify",
        name: "Dify",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[file!(
            "dify",
            "models.json",
            "the models to add under *OpenAI-API-compatible*, one after the other; type the token into each form"
        )],
    },
    Client {
        slug: "anythingllm",
        name: "AnythingLLM",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[file!(
            "anythingllm",
            "anythingllm.env",
            "into `server/.env`, or `.env` of its container"
        )],
    },
    Client {
        slug: "n8n",
        name: "n8n",
        also: &[],
        needs: Needs::AnyOrUpload,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[
            file!(
                "n8n",
                "credentials.json",
                "put the token into it and run `n8n import:credentials --input=credentials.json`, or enter the same by hand"
            ),
            file!(
                "n8n",
                "nodes.json",
                "paste it onto the canvas of a workflow"
            ),
        ],
    },
    Client {
        slug: "lovable",
        name: "Lovable",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[file!(
            "lovable",
            "gate.env",
            "into the secrets of the app's backend"
        )],
    },
    Client {
        slug: "open-webui",
        name: "Open WebUI",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT_AND_EMBEDDINGS,
        files: &[file!(
            "open-webui",
            "open-webui.env",
            "into its environment, before its first start: after that, Admin Settings, Connections counts"
        )],
    },
    Client {
        slug: "librechat",
        name: "LibreChat",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[file!(
            "librechat",
            "librechat.yaml",
            "into LibreChat's folder, beside its `.env`"
        )],
    },
];
