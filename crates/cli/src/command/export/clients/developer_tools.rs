//! Editors, and agents at a developer's side.

use super::super::client::{CHAT, Client, Needs, file};

pub(super) const CLIENTS: &[Client] = &[
    Client {
        slug: "continue",
        name: "Continue",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[file!(
            "continue",
            "config.yaml",
            "into `~/.continue`, and SIGNALBOX_KEY into `~/.continue/.env`"
        )],
    },
    Client {
        slug: "cursor",
        name: "Cursor",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[file!(
            "cursor",
            "settings.txt",
            "enter it in Cursor's settings"
        )],
    },
    Client {
        slug: "cline-roo",
        name: "Cline / Roo Code",
        also: &["cline", "roo", "roo-code"],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[
            file!("cline-roo", "cline.sh", "run it once: `sh cline.sh`"),
            file!(
                "cline-roo",
                "roo-code-settings.json",
                "for Roo Code: put the token into it, then Settings, About, *Import*"
            ),
        ],
    },
    Client {
        slug: "aider",
        name: "Aider",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[
            file!(
                "aider",
                ".aider.conf.yml",
                "into your home folder, or to the root of a repository"
            ),
            file!("aider", "aider.sh", "run Aider with it: `sh aider.sh`"),
        ],
    },
    Client {
        slug: "manus",
        name: "Manus",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[file!(
            "manus",
            "settings.txt",
            "enter it in Manus's settings, where there is such a setting"
        )],
    },
    Client {
        slug: "openclaw",
        name: "OpenClaw",
        also: &["open-claw"],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[file!("openclaw", "openclaw.json", "into `~/.openclaw`")],
    },
    Client {
        slug: "hermes",
        name: "Hermes Agent",
        also: &[],
        needs: Needs::Chat,
        uses: CHAT,
        files: &[file!("hermes", "config.yaml", "into `~/.hermes`")],
    },
];
