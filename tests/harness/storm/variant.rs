//! Three policies that decide everything differently.

use signalbox_gt_sim::{Key, Published, Scope, Tenant};

use crate::{
    gate::{GT_CONVERSATION, GT_INFERENCE, GT_UPLOAD},
    policies::component,
};

/// One of three policies. Each sends its own query name, its own header and its own model on, and
/// each refuses something that the others forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant(usize);

impl Variant {
    /// All three.
    pub const ALL: [Self; 3] = [Self(0), Self(1), Self(2)];

    /// The one that serves after so many swaps.
    #[must_use]
    pub const fn after(swaps: usize) -> Self {
        Self(swaps % 3)
    }

    /// Which of the three.
    #[must_use]
    pub const fn number(self) -> usize {
        self.0
    }

    /// As a component.
    #[must_use]
    pub fn component(self) -> Vec<u8> {
        component(&self.document())
    }

    /// As a document.
    #[must_use]
    pub fn document(self) -> String {
        let Self(own) = self;
        let passes = format!("query: [p{own}], headers: [x-p{own}]");
        let embeddings = if own == 0 {
            format!("{{verdict: not_supported, because: {self} embeds nothing}}")
        } else {
            format!("{{verdict: native, scope: \"inference:embed\", model: json, {passes}}}")
        };
        let models = self.names().into_iter();
        let models = models.map(|name| format!("  {name}: {{published: {}}}\n", self.published()));
        format!(
            "policy: {self}\n\
             routes:\n\
             \x20 GET /v1/models: {{verdict: native}}\n\
             \x20 POST /v1/chat/completions: {{verdict: native, scope: \"inference:chat\", model: json, {passes}}}\n\
             \x20 POST /v1/embeddings: {embeddings}\n\
             \x20 POST /v1/datasets/{{id}}/files: {{verdict: gt_extension, action: forward, \
             scope: \"datasets:write\", because: no client uploads by itself, {passes}}}\n\
             models:\n{}",
            models.collect::<String>()
        )
    }

    /// The model GT hears of, whatever name a client writes.
    #[must_use]
    pub fn published(self) -> String {
        format!("agent-{}", self.0)
    }

    /// The names a client may write, in ascending order: one that every variant has, one that only
    /// this one lists, and those of which each variant lacks one.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        let mut names = vec!["shared".to_owned(), format!("listed-{}", self.0)];
        let others = Self::ALL.into_iter().filter(|other| *other != self);
        names.extend(others.map(Self::lacking));
        names.sort();
        names
    }

    /// The name that this one refuses and the others know.
    #[must_use]
    pub fn lacking(self) -> String {
        format!("not-in-{}", self.0)
    }
}

impl std::fmt::Display for Variant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "variant-{}", self.0)
    }
}

/// A tenant that publishes what the variants send, and remembers every request of a storm.
#[must_use]
pub fn tenant() -> Tenant {
    let names = Variant::ALL.map(Variant::published);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let inference = Key::inference("inference", GT_INFERENCE)
        .scopes(Scope::INFERENCE)
        .agent_aliases(names.iter().copied());
    let upload = Key::upload("upload", GT_UPLOAD)
        .scopes([Scope::DatasetsWrite])
        .datasets([DATASET]);
    let conversation =
        Key::conversation("conversation", GT_CONVERSATION).linked_to(["inference", "upload"]);
    let empty = Tenant::empty()
        .dataset(DATASET)
        .recorded_requests(REMEMBERED);
    let with_names = names.into_iter().fold(empty, |tenant, name| {
        tenant.published(Published::agent(name))
    });
    with_names.key(inference).key(upload).key(conversation)
}

/// Where uploads go.
pub(super) const DATASET: &str = "briefs";
/// More than a storm sends.
const REMEMBERED: usize = 100_000;
