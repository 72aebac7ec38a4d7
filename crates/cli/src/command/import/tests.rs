//! Whatever a file says, what is made of it is a policy, or nothing is.

use proptest::prelude::*;

use super::{Imported, Source, document, tree::Tree};

const SOURCES: [Source; 4] = [
    Source::Litellm,
    Source::Librechat,
    Source::Openwebui,
    Source::Continue,
];

/// The document that is made of a tree; `None` if no model is in it.
fn imported(source: Source, root: &Tree) -> Option<String> {
    let Imported { catalogue, notices } = source.read(root);
    let lines = notices.lines();
    (!catalogue.is_empty()).then(|| document::text("p", "Models.", &catalogue, &lines))
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,3}(/[a-z]{1,2})?",
        1 => "[a-z]{0,2}\\*{0,2}[a-z]{0,1}\\*?",
        1 => any::<String>(),
        1 => Just("${x}".to_owned()),
        1 => Just("sk-0123456789abcdefg".to_owned()),
        1 => "embed|whisper|tts|dall-e|yes|1|<<|~",
    ]
}

fn leaf() -> impl Strategy<Value = Tree> {
    prop_oneof![
        Just(Tree::Nothing),
        any::<bool>().prop_map(Tree::Flag),
        any::<f64>().prop_map(Tree::Number),
        name().prop_map(Tree::Text),
    ]
}

/// Mappings with keys that mean something at some place.
fn tree() -> impl Strategy<Value = Tree> {
    let keys = "model_list|model_name|litellm_params|model|weight|model_info|mode|router_settings|model_group_alias|\
                hidden|endpoints|custom|models|default|fetch|groups|deploymentName|azureOpenAI|titleModel|modelSpecs|\
                list|preset|openai|api_configs|model_ids|rag|embedding_model|embedding_engine|id|base_model_id|roles|\
                api_key|embeddingsProvider";
    leaf().prop_recursive(5, 60, 6, move |inner| {
        let key = prop_oneof![3 => keys, 1 => any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Tree::List),
            prop::collection::vec((key, inner), 0..6).prop_map(Tree::Map),
        ]
    })
}

fn map<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
    Tree::Map(
        entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

/// Configurations that get further than most trees.
fn litellm() -> impl Strategy<Value = Tree> {
    let text = || name().prop_map(Tree::Text);
    let mode = "chat|embedding|image_generation|audio_speech|audio_transcription|rerank"
        .prop_map(Tree::Text);
    let weight = any::<f64>().prop_map(Tree::Number);
    let entry = (text(), text(), weight, mode).prop_map(|(name, model, weight, mode)| {
        let parameters = map([("model", model), ("weight", weight)]);
        map([
            ("model_name", name),
            ("litellm_params", parameters),
            ("model_info", map([("mode", mode)])),
        ])
    });
    let aliases = prop::collection::vec((name(), text()), 0..4);
    (prop::collection::vec(entry, 1..40), aliases).prop_map(|(models, aliases)| {
        let settings = map([("model_group_alias", Tree::Map(aliases))]);
        map([
            ("model_list", Tree::List(models)),
            ("router_settings", settings),
        ])
    })
}

proptest! {
    #[test]
    fn whatever_is_imported_passes_the_check(root in prop_oneof![tree(), litellm()]) {
        for source in SOURCES {
            if let Some(text) = imported(source, &root) {
                let read = signalbox_policy::read(&text);
                prop_assert!(read.is_ok(), "{source:?}: {:#?}\n{text}", read.err());
                prop_assert!(!text.contains("sk-0123456789abcdefg"), "{text}");
            }
        }
    }
}

#[test]
fn a_pattern_has_no_choice_that_is_itself() {
    let entry = |name: &str, model: &str| {
        let parameters = map([("model", Tree::Text(model.into()))]);
        map([
            ("model_name", Tree::Text(name.into())),
            ("litellm_params", parameters),
        ])
    };
    let models = vec![
        entry("gpt-*", "openai/gpt-*"),
        entry("gpt-*", "openai/gpt-4o"),
    ];
    let text = imported(Source::Litellm, &map([("model_list", Tree::List(models))])).unwrap();
    assert!(signalbox_policy::read(&text).is_ok(), "{text}");
    assert!(text.contains("left out: model_list[1]"), "{text}");
}

#[test]
fn a_model_for_titles_is_one_that_is_there() {
    let text = |text: &str| Tree::Text(text.into());
    let model = map([("deploymentName", text("gpt-4o-dep"))]);
    let group = map([("models", map([("gpt-4o", model)]))]);
    let azure = map([
        ("titleModel", text("gpt-4o")),
        ("groups", Tree::List(vec![group])),
    ]);
    let openai = map([("titleModel", text("gpt-4o-mini"))]);
    let endpoints = map([("azureOpenAI", azure), ("openAI", openai)]);
    let text = imported(Source::Librechat, &map([("endpoints", endpoints)])).unwrap();
    assert!(text.contains("gpt-4o: {published: gpt-4o-dep"), "{text}");
    assert!(text.contains("gpt-4o-mini: {}"), "{text}");
}
