//! What one key makes at GT is open to its group and closed to every other key: conversations, the
//! files in them, files in datasets. Several keys, groups and GT keys, everyone against everyone's.

use serde_json::json;
use signalbox_gt_sim::{Key, Scope, Tenant};
use signalbox_harness::{
    gate::{GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD, Gate, Setup},
    http::{Answer, Ask},
};

/// A caller: its token, its group if others belong to it, and the dataset it may write into.
#[derive(Clone, Copy)]
struct Caller {
    token: &'static str,
    group: &'static str,
    dataset: &'static str,
}

/// Two keys of one application, and two of applications of their own.
const CALLERS: [Caller; 4] = [
    Caller {
        token: "one-of-a",
        group: "a",
        dataset: "briefs-a",
    },
    Caller {
        token: "two-of-a",
        group: "a",
        dataset: "briefs-a",
    },
    Caller {
        token: "b",
        group: "b",
        dataset: "briefs-b",
    },
    Caller {
        token: "c",
        group: "c",
        dataset: "briefs-c",
    },
];

/// What a caller has made.
struct Made {
    conversation: String,
    in_conversation: String,
    in_dataset: String,
}

fn gate() -> Gate {
    let mut tenant = Tenant::demo_with_keys(GT_INFERENCE, GT_UPLOAD, GT_CONVERSATION);
    let full =
        signalbox_harness::policies::component(&signalbox_harness::policies::runbook("full"));
    let mut setup = Setup::new().policy("full", &full);
    for group in ["a", "b", "c"] {
        let dataset = format!("briefs-{group}");
        let (upload, conversation) = (format!("upload-{group}"), format!("conversation-{group}"));
        let secret = |name: &str| format!("gtak_{name}");
        tenant = tenant
            .dataset(&dataset)
            .key(
                Key::upload(&upload, &secret(&upload))
                    .scopes([Scope::DatasetsWrite])
                    .datasets([&*dataset]),
            )
            .key(
                Key::conversation(&conversation, &secret(&conversation))
                    .linked_to(["inference", &upload]),
            );
        setup = setup
            .credential(&upload, &secret(&upload))
            .credential(&conversation, &secret(&conversation));
    }
    for Caller {
        token,
        group,
        dataset,
    } in CALLERS
    {
        let rest = format!(
            "policy: full, group: {group}, models: all, datasets: [{dataset}], \
             purposes: [inference, upload, conversation], \
             scopes: [\"inference:chat\", \"datasets:write\"], \
             credentials: {{upload: upload-{group}, conversation: conversation-{group}}}"
        );
        setup = setup.key(token, token, &rest);
    }
    setup
        .key(
            "chat",
            "chat",
            "policy: full, preset: chat-client, models: all",
        )
        .tenant(tenant)
        .start()
}

fn form(target: &str) -> Ask {
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--b--\r\n";
    Ask::new("POST", target)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
}

fn chat(conversation: &str) -> Ask {
    let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]});
    Ask::json("/v1/chat/completions", body.to_string()).header("x-gt-conversation-id", conversation)
}

fn upload(conversation: &str) -> Ask {
    form("/v1/conversations/files").header("x-gt-conversation-id", conversation)
}

fn into_dataset(dataset: &str) -> Ask {
    form(&format!("/v1/datasets/{dataset}/files"))
}

fn status(file: &str) -> [Ask; 2] {
    ["files", "uploads"].map(|route| Ask::get(&format!("/v1/{route}/{file}")))
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["id"].as_str().map(str::to_owned);
    id.expect("an id")
}

impl Caller {
    fn asks(&self, gate: &Gate, ask: Ask) -> Answer {
        gate.ask(&ask.key(self.token))
    }

    fn makes(&self, gate: &Gate) -> Made {
        let begin = Ask::json("/v1/conversations", r#"{"model":"gpt-4o","title":"t"}"#);
        let conversation = id(&self.asks(gate, begin));
        Made {
            in_conversation: id(&self.asks(gate, upload(&conversation))),
            in_dataset: id(&self.asks(gate, into_dataset(self.dataset))),
            conversation,
        }
    }

    /// Whether each thing that can be done with what somebody made is done.
    fn reaches(&self, gate: &Gate, made: &Made) -> Vec<u16> {
        let asks = [chat(&made.conversation), upload(&made.conversation)];
        let files = [&made.in_conversation, &made.in_dataset];
        let asks = asks
            .into_iter()
            .chain(files.into_iter().flat_map(|file| status(file)));
        asks.map(|ask| self.asks(gate, ask).status).collect()
    }
}

#[test]
fn what_a_key_makes_is_open_to_its_group_and_closed_to_all_others() {
    let gate = gate();
    for maker in CALLERS {
        let made = maker.makes(&gate);
        for caller in CALLERS {
            let expected = if caller.group == maker.group {
                200
            } else {
                404
            };
            let reached = caller.reaches(&gate, &made);
            let (by, of) = (caller.token, maker.token);
            assert_eq!(reached, [expected; 6], "by {by}, of {of}");
            let dataset = caller.asks(&gate, into_dataset(maker.dataset)).status;
            let expected = if caller.group == maker.group {
                200
            } else {
                403
            };
            assert_eq!(dataset, expected, "by {by}, of {of}");
        }
        let stranger = Caller {
            token: "chat",
            ..maker
        };
        assert_eq!(
            stranger.reaches(&gate, &made),
            [403; 6],
            "of {}",
            maker.token
        );
    }
    for asked in gate.gt().requests() {
        let key = asked.key.expect("GT knows the gate's keys");
        let belongs = key.ends_with("-a") || key.ends_with("-b") || key.ends_with("-c");
        assert!(belongs, "{} went out with `{key}`", asked.target);
    }
}
