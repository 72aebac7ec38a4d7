//! Clients that install from PyPI, each into an environment of its own: their pins clash.

use super::{
    Asked::{Agent, Chat, Embeddings, Exported, NotSupported, Stream, WrongScope},
    DOCUMENTED, EVERY_BASE, How, Installed, Trial,
};

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        client: "CrewAI",
        runbook: "crewai",
        how: runs("crewai", "crewai_client.py", "crewai"),
        bases: EVERY_BASE,
        asked: &[
            Chat,
            Stream,
            Agent,
            NotSupported("POST /v1/embeddings"),
            WrongScope,
            Exported,
        ],
    },
    Trial {
        client: "Semantic Kernel",
        runbook: "semantic-kernel",
        how: runs(
            "semantic-kernel",
            "semantic_kernel_client.py",
            "semantic-kernel",
        ),
        bases: EVERY_BASE,
        asked: &[
            Chat,
            Stream,
            Embeddings,
            NotSupported("POST /v1/audio/speech"),
            WrongScope,
            Exported,
        ],
    },
    Trial {
        client: "Langflow",
        runbook: "langflow",
        how: runs("langflow", "langflow_client.py", "lfx"),
        bases: EVERY_BASE,
        asked: &[
            Chat,
            Stream,
            NotSupported("POST /v1/embeddings"),
            WrongScope,
            Exported,
        ],
    },
    Trial {
        client: "Dify",
        runbook: "dify",
        how: runs("dify", "dify_client.py", "dify_plugin"),
        bases: EVERY_BASE,
        asked: &[
            Chat,
            Stream,
            Embeddings,
            NotSupported("POST /v1/audio/speech"),
            WrongScope,
            Exported,
        ],
    },
    Trial {
        client: "Aider",
        runbook: "aider",
        how: runs("aider", "aider_client.py", "aider-chat"),
        bases: DOCUMENTED,
        asked: &[
            Chat,
            Stream,
            NotSupported("POST /v1/audio/transcriptions"),
            WrongScope,
            Exported,
        ],
    },
    Trial {
        client: "Hermes Agent",
        runbook: "hermes",
        how: runs("hermes", "hermes_client.py", "hermes-agent"),
        bases: DOCUMENTED,
        asked: &[
            Chat,
            Stream,
            NotSupported("POST /v1/audio/speech"),
            WrongScope,
            Exported,
        ],
    },
];

const fn runs(pins: &'static str, script: &'static str, package: &'static str) -> How {
    How::Runs(Installed {
        script,
        package,
        pins,
    })
}
