//! `docs/runbooks.md` is made from the runbooks. `BLESS=1` writes it.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use signalbox_policy::{Action, Category, Client, Policy, Rules, Verdict};

use crate::{folder::Folder, runbooks::runbooks};

const HEAD: &str = "\
# Runbooks

<!-- Made from plugins/runbooks by `BLESS=1 cargo nextest run -p signalbox-policy runbooks_page`. -->

GT has a runbook for each of 23 clients: which of its routes the client uses, and how. `plugins/runbooks` has each as a
policy, with the reasons a client is told, and cases. To use one:

```sh
signalbox check plugins/runbooks/langchain.yaml
signalbox test plugins/runbooks/langchain.yaml
signalbox build plugins/runbooks/langchain.yaml --set agent=support-agent --set raw_model=gt-small -o langchain.wasm
```

`agent` and `raw_model` are names as your GT publishes them; clients write `gpt-4o`, `gpt-4o-mini` and
`text-embedding-3-small`. For further names, include the runbook in a document of your own
([policies.md](policies.md#bases)); those of the runbook go on working. `litellm.yaml`, which `signalbox demo` carries,
and `full.yaml` have GT's names in them and take none. `full.yaml` is for no client: it forwards every route GT has.

`HOST` below is this gate. It takes every form of base, with `/api/tenant`, `/v1`, both or neither; GT's runbooks all say
`…/api/tenant`, and no client that was looked at adds the `/v1` of GT's routes to it. [clients.md](clients.md) has programs
that run, and `signalbox export` ([cli.md](cli.md#export)) writes what each client needs for a key.

## Which client uses which route
";

const LEGEND: &str = "\
- **native**: the client calls it by itself.
- **extension**: GT's own route. The client does not call it; a request of yours does, under this policy, with a key for it.
- **refused**: GT's own route as well. This policy refuses it: send such requests with a key whose policy forwards them.
- –: not supported, and refused with the reason.
";

/// The columns of the table.
const ROUTES: [(&str, &str); 10] = [
    ("GET /v1/models", "models"),
    ("POST /v1/chat/completions", "chat"),
    ("POST /v1/embeddings", "embeddings"),
    ("POST /v1/audio/transcriptions", "transcriptions"),
    ("POST /v1/audio/speech", "speech"),
    ("POST /v1/images/generations", "images"),
    ("POST /v1/conversations", "conversations"),
    ("POST /v1/conversations/files", "their files"),
    ("POST /v1/datasets/{id}/files", "datasets"),
    ("GET /v1/files/{id}", "file status"),
];

#[test]
fn the_page_is_what_the_runbooks_say() {
    let folder = Folder::new("../../docs");
    let (path, page) = (folder.path("runbooks.md"), page());
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/runbooks.md is stale: run with BLESS=1"
    );
}

fn page() -> String {
    let runbooks = runbooks();
    let clients = || {
        let all = runbooks
            .iter()
            .filter_map(|(file, policy)| Some((file, policy, policy.client()?)));
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(.., client)| (client.category, client.name.to_lowercase()));
        all
    };
    let mut page = format!("{HEAD}\n{}", table_head());
    for (_, policy, client) in clients() {
        page += &row(policy, client);
    }
    page += &format!("\n{LEGEND}");
    for category in Category::ALL {
        let _ = write!(page, "\n## {}\n", title(category));
        for (file, policy, client) in clients() {
            if client.category == Some(category) {
                page += &section(file, policy, client);
            }
        }
    }
    page
}

fn table_head() -> String {
    let names: Vec<&str> = ROUTES.iter().map(|(_, name)| *name).collect();
    let line = "| --- ".repeat(names.len() + 2);
    format!("| client | preset | {} |\n{line}|\n", names.join(" | "))
}

fn row(policy: &Policy, client: &Client) -> String {
    let cells: BTreeMap<String, &str> = policy
        .routes()
        .map(|route| {
            let cell = match (route.verdict, route.action) {
                (Verdict::Native, _) => "native",
                (Verdict::GtExtension, Action::Forward) => "extension",
                (Verdict::GtExtension, Action::Refuse) => "refused",
                (Verdict::NotSupported, _) => "–",
            };
            (format!("{} {}", route.method, route.template), cell)
        })
        .collect();
    let cells: Vec<&str> = ROUTES
        .iter()
        .map(|(route, _)| *cells.get(*route).unwrap())
        .collect();
    let Client { name, .. } = client;
    let preset = client.preset.unwrap().word;
    format!(
        "| [{name}](#{}) | `{preset}` | {} |\n",
        anchor(name),
        cells.join(" | ")
    )
}

/// As it is made of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || *c == '-')
        .collect()
}

fn section(file: &str, policy: &Policy, client: &Client) -> String {
    let mut out = format!("\n### {}\n\n", client.name);
    let _ = writeln!(out, "{}", policy.about().unwrap());
    let compatibility = client.compatibility.unwrap().word().replace('_', " ");
    let preset = client.preset.unwrap().word;
    let path = format!("plugins/runbooks/{file}");
    let _ = writeln!(
        out,
        "[{path}](../{path}), {compatibility}, keys of the preset `{preset}`."
    );
    for (title, list) in [
        ("Set up", &client.setup),
        ("Mind", &client.caveats),
        ("Corrections of the usual instructions", &client.corrections),
    ] {
        let _ = write!(out, "\n{title}:\n\n");
        for text in list {
            let _ = writeln!(out, "- {text}");
        }
    }
    out
}

fn title(category: Category) -> &'static str {
    match category {
        Category::SdkAndHttp => "SDKs and HTTP",
        Category::FrameworkAndOrchestration => "Frameworks and orchestration",
        Category::WorkflowAndBuilders => "Workflows and builders",
        Category::DeveloperTooling => "Developer tooling",
    }
}
