//! Clients that install from npm.

use super::{
    Asked::{Chat, Embeddings, Exported, Models, NotSupported, Stream, WrongScope},
    DOCUMENTED, EVERY_BASE, How, Installed, Trial,
};

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        client: "n8n",
        runbook: "n8n",
        how: runs("n8n", "n8n/client.mjs", "@n8n/n8n-nodes-langchain"),
        bases: EVERY_BASE,
        asked: &[Models, Chat, Stream, Embeddings, WrongScope, Exported],
    },
    Trial {
        client: "LibreChat",
        runbook: "librechat",
        how: runs("librechat", "librechat/client.mjs", "@librechat/agents"),
        bases: EVERY_BASE,
        asked: &[Chat, Stream, WrongScope, Exported],
    },
    Trial {
        client: "Continue",
        runbook: "continue",
        how: runs("continue", "continue/client.mjs", "@continuedev/cli"),
        bases: DOCUMENTED,
        asked: &[
            Models,
            Chat,
            Stream,
            NotSupported("POST /v1/embeddings"),
            WrongScope,
            Exported,
        ],
    },
    Trial {
        client: "Cline",
        runbook: "cline-roo",
        how: runs("cline", "cline/client.mjs", "@cline/cli-linux-x64"),
        bases: DOCUMENTED,
        asked: &[Chat, Stream, WrongScope, Exported],
    },
    Trial {
        client: "OpenClaw",
        runbook: "openclaw",
        how: runs("openclaw", "openclaw/client.mjs", "openclaw"),
        bases: DOCUMENTED,
        asked: &[Chat, WrongScope, Exported],
    },
];

const fn runs(pins: &'static str, script: &'static str, package: &'static str) -> How {
    How::Runs(Installed {
        script,
        package,
        pins,
    })
}
