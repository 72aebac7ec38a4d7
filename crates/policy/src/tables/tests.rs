use alloc::{format, string::ToString, vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::{Action, Ceilings, Effort, Endpoints, ModelSource, Purpose, Verdict};

fn chat() -> RouteRule<'static> {
    RouteRule {
        method: "POST",
        template: "/v1/chat/completions",
        verdict: Verdict::Native,
        action: Action::Forward,
        purposes: [Purpose::Inference].into_iter().collect(),
        scopes: ScopeSets::new(Some("inference:chat")),
        model: ModelSource::Json,
        query: NameList::new("user,trace"),
        headers: NameList::default(),
        required_headers: NameList::new("x-team"),
        set_headers: SetHeaders::new("x-env\tprod\nx-from\ta gate"),
        callers: CallerSet::NONE.with(0).with(40),
        because: None,
    }
}

fn upload() -> RouteRule<'static> {
    RouteRule {
        method: "POST",
        template: "/v1/datasets/{id}/files",
        verdict: Verdict::GtExtension,
        action: Action::Refuse,
        purposes: [Purpose::Upload].into_iter().collect(),
        scopes: ScopeSets::OPEN,
        model: ModelSource::None,
        query: NameList::default(),
        headers: NameList::new("x-extra"),
        required_headers: NameList::default(),
        set_headers: SetHeaders::default(),
        callers: CallerSet::ALL,
        because: Some("Upload from automation, straight to GT."),
    }
}

fn model<'a>(pattern: &'a str, published: Option<&'a str>) -> ModelRule<'a> {
    ModelRule {
        pattern,
        published,
        endpoints: Endpoints::ALL,
        terms: Terms::default(),
    }
}

fn tables_of(routes: &[RouteRule<'_>], models: &[ModelRule<'_>]) -> Result<Vec<u8>, EncodeError> {
    encode(Content {
        name: "p",
        routes: routes.to_vec(),
        models: models.to_vec(),
        ..Content::default()
    })
}

fn small() -> Vec<u8> {
    let models = [
        model("gpt-4o", Some("support-agent")),
        model("gpt-4o-mini*", Some("gt-small")),
        model("gpt-*", Some("gt-any")),
        model("own", None),
    ];
    let content = Content {
        name: "litellm",
        version: "1",
        routes: vec![upload(), chat()],
        models: models.to_vec(),
        callers: Vec::new(),
    };
    encode(content).unwrap()
}

#[test]
fn routes_come_back_by_template_as_they_were() {
    let bytes = small();
    let tables = Tables::read(&bytes).unwrap();
    assert_eq!(tables.routes().collect::<Vec<_>>(), [chat(), upload()]);
    assert_eq!((tables.name(), tables.version()), ("litellm", "1"));
}

#[test]
fn the_most_specific_name_is_found() {
    let bytes = small();
    let tables = Tables::read(&bytes).unwrap();
    for (name, expected) in [
        ("gpt-4o", Some("gpt-4o")),
        ("gpt-4o-mini", Some("gpt-4o-mini*")),
        ("gpt-4o-mini-2", Some("gpt-4o-mini*")),
        ("gpt-4o-min", Some("gpt-*")),
        ("gpt-", Some("gpt-*")),
        ("gpt-*", Some("gpt-*")),
        ("gpt", None),
        ("GPT-4o", None),
        ("own", Some("own")),
        ("own*", None),
        ("", None),
    ] {
        assert_eq!(
            tables.model(name).map(|rule| rule.pattern),
            expected,
            "{name}"
        );
    }
}

#[test]
fn a_lone_star_takes_every_name() {
    let bytes = tables_of(&[], &[model("*", None), model("a", Some("b"))]).unwrap();
    let tables = Tables::read(&bytes).unwrap();
    assert_eq!(tables.model("a"), Some(model("a", Some("b"))));
    assert_eq!(tables.model("é"), Some(model("*", None)));
    assert_eq!(tables.model(""), Some(model("*", None)));
}

#[test]
fn the_catalogue_goes_on_after_any_name() {
    let bytes = small();
    let tables = Tables::read(&bytes).unwrap();
    let after = |after| -> Vec<_> { tables.catalogue_after(after).map(|it| it.name).collect() };
    assert_eq!(after(None), ["gpt-4o", "own"]);
    assert_eq!(after(Some("gpt-4o")), ["own"]);
    assert_eq!(after(Some("h")), ["own"]);
    assert_eq!(after(Some("own")), Vec::<&str>::new());
    assert_eq!(tables.model_count(), 2);
    assert_eq!(tables.description().unwrap().model_count, 2);
}

#[test]
fn a_name_no_route_takes_is_not_listed() {
    let speech = ModelRule {
        endpoints: [crate::Endpoint::Speech].into_iter().collect(),
        ..model("tts-1", None)
    };
    let chat_only = ModelRule {
        endpoints: [crate::Endpoint::Chat].into_iter().collect(),
        ..model("gpt-4o", None)
    };
    let bytes = tables_of(&[chat()], &[speech, chat_only]).unwrap();
    let tables = Tables::read(&bytes).unwrap();
    let listed = CatalogueEntry {
        name: "gpt-4o".to_string(),
        published: vec!["gpt-4o".to_string()],
        is_listed: true,
        deprecated: None,
        routes: vec![RouteIndex(0)],
    };
    assert_eq!(tables.catalogue_after(None).collect::<Vec<_>>(), [listed]);
    assert_eq!(tables.description().unwrap().model_count, 1);
}

#[test]
fn what_is_there_twice_is_refused() {
    let twice = tables_of(&[], &[model("a", None), model("a", Some("b"))]);
    assert_eq!(twice, Err(EncodeError::ModelTwice("a".to_string())));
    let twice = tables_of(&[chat(), chat()], &[]);
    assert_eq!(
        twice,
        Err(EncodeError::RouteTwice(
            "POST /v1/chat/completions".to_string()
        ))
    );
}

#[test]
fn the_order_of_rules_does_not_change_the_bytes() {
    let models = ["b", "a*", "a", "*"].map(|name| model(name, Some("x")));
    let mut reversed = models;
    reversed.reverse();
    assert_eq!(
        tables_of(&[chat(), upload()], &models),
        tables_of(&[upload(), chat()], &reversed)
    );
}

#[test]
fn a_model_takes_at_most_170_bytes() {
    for count in [1_000, 1_537, 20_000] {
        let names: Vec<_> = (0..count)
            .map(|it| format!("team-{it}/a-model-of-theirs"))
            .collect();
        let models = names.iter().map(|name| model(name, Some("support-agent")));
        let models: Vec<_> = models.collect();
        let size = tables_of(&[], &models).unwrap().len();
        assert!(size / count <= 170, "{size} bytes for {count} models");
    }
}

#[test]
fn bytes_that_are_no_tables_are_refused() {
    let bytes = small();
    let error = |bytes: &[u8]| Tables::read(bytes).unwrap_err();
    assert_eq!(error(&[]), BadTables::Header);
    assert_eq!(error(&[0; 128]), BadTables::Header);
    assert_eq!(error(&bytes[..bytes.len() - 1]), BadTables::Length);
    let mut far_section = bytes.clone();
    far_section[32..36].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(error(&far_section), BadTables::Section);
    let mut no_text = bytes;
    let texts = u32::from_le_bytes(no_text[72..76].try_into().unwrap()) as usize;
    no_text[texts] = 0xff;
    assert_eq!(error(&no_text), BadTables::Text);
}

#[test]
fn a_scope_that_cannot_be_read_closes_its_route() {
    let mut bytes = small();
    let routes = u32::from_le_bytes(bytes[24..28].try_into().unwrap()) as usize;
    bytes[routes + 16..routes + 20].copy_from_slice(&0x00ff_ffff_u32.to_le_bytes());
    let tables = Tables::read(&bytes).unwrap();
    assert_eq!(tables.routes().collect::<Vec<_>>(), [upload()]);
    assert_eq!(tables.route(RouteIndex(0)), None);
    assert_eq!(tables.route(RouteIndex(1)), Some(upload()));
}

#[test]
fn where_a_route_cannot_be_read_nothing_is_described() {
    let mut bytes = small();
    assert!(Tables::read(&bytes).unwrap().description().is_some());
    let routes = u32::from_le_bytes(bytes[24..28].try_into().unwrap()) as usize;
    bytes[routes + 72] = 3;
    assert_eq!(Tables::read(&bytes).unwrap().description(), None);
}

#[test]
fn sets_of_scopes_come_back_as_they_were() {
    let either = RouteRule {
        scopes: ScopeSets::new(Some("a b\nc")),
        ..chat()
    };
    let bytes = tables_of(&[either], &[]).unwrap();
    let description = Tables::read(&bytes).unwrap().description().unwrap();
    let sets = [vec!["a", "b"], vec!["c"]];
    assert_eq!(description.routes[0].scopes, sets);
}

#[test]
fn terms_and_callers_come_back_as_they_were() {
    let ceilings = Ceilings {
        tokens: Some(4096),
        answers: None,
        effort: Some(Effort::None),
    };
    let models = [
        ModelRule {
            terms: Terms {
                is_listed: false,
                deprecated: Some("Use another."),
                choices: Choices::new("1\ta\n9\tb\tteam\u{1f}sales"),
                ceilings,
                callers: CallerSet::NONE.with(1).with(63),
            },
            ..model("a", None)
        },
        model("b", Some("c")),
        ModelRule {
            terms: Terms {
                ceilings,
                ..Terms::default()
            },
            ..model("c*", None)
        },
    ];
    let callers = [
        CallerRule {
            name: "one",
            keys: Words::new("k1\u{1f}k2"),
            labels: Labels::new("team\u{1f}sales"),
            ceilings,
        },
        CallerRule {
            name: "two",
            keys: Words::default(),
            labels: Labels::default(),
            ceilings: Ceilings::default(),
        },
    ];
    let content = Content {
        models: models.to_vec(),
        callers: callers.to_vec(),
        ..Content::default()
    };
    let bytes = encode(content).unwrap();
    let tables = Tables::read(&bytes).unwrap();
    assert_eq!(tables.exact_models().collect::<Vec<_>>(), &models[..2]);
    assert_eq!(tables.model("cd"), Some(models[2]));
    assert_eq!(tables.callers().collect::<Vec<_>>(), callers);
    let terms: Vec<_> = tables.terms().collect();
    assert_eq!(
        terms,
        [models[0].terms, models[2].terms],
        "those of most names take no room"
    );

    let many = Content {
        callers: vec![callers[1]; CallerSet::MOST + 1],
        ..Content::default()
    };
    assert_eq!(encode(many), Err(EncodeError::TooLarge));
}

#[test]
fn a_rule_for_callers_that_cannot_be_read_stops_all() {
    let rule = CallerRule {
        name: "one",
        keys: Words::new("k1"),
        labels: Labels::default(),
        ceilings: Ceilings::default(),
    };
    let content = Content {
        callers: vec![rule],
        ..Content::default()
    };
    let bytes = encode(content).unwrap();
    assert!(Tables::read(&bytes).is_ok());
    let at = u32::from_le_bytes(bytes[96..100].try_into().unwrap()) as usize;
    for word in [0, 2, 4, 8] {
        let mut damaged = bytes.clone();
        damaged[at + word * 4..][..4].copy_from_slice(&77_777_u32.to_le_bytes());
        assert_eq!(
            Tables::read(&damaged).err(),
            Some(BadTables::Section),
            "{word}"
        );
    }
}

#[test]
fn a_full_hash_table_ends_the_search() {
    let mut bytes = small();
    let slots = u32::from_le_bytes(bytes[56..60].try_into().unwrap()) as usize;
    let count = u32::from_le_bytes(bytes[60..64].try_into().unwrap()) as usize;
    for slot in bytes[slots..slots + count * 8].as_chunks_mut::<8>().0 {
        slot[4] = 1;
    }
    let tables = Tables::read(&bytes).unwrap();
    assert_eq!(tables.model("unknown"), None);
}

fn ask_everything(bytes: &[u8]) {
    let Ok(tables) = Tables::read(bytes) else {
        return;
    };
    for name in ["gpt-4o", "gpt-4o-mini-2", "own", "", "é"] {
        if let Some(rule) = tables.model(name) {
            // Whatever was damaged, a rule is only found under its own name.
            let fits = match rule.pattern.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => rule.pattern == name,
            };
            assert!(fits || rule.pattern == name, "{name} found {rule:?}");
        }
    }
    let _ = tables.routes().count();
    let _ = tables.route(RouteIndex(1));
    let _ = tables.catalogue_after(Some("gpt")).take(100).count();
    let _ = tables.description();
}

proptest! {
    #[test]
    fn damaged_tables_are_read_without_a_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = small();
        for (index, value) in damage {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        if is_cut {
            bytes.truncate(length.index(bytes.len() + 1));
        }
        ask_everything(&bytes);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(tail in prop::collection::vec(any::<u8>(), 80..400)) {
        let mut bytes = b"SBT1".to_vec();
        bytes.extend(u32::try_from(tail.len() + 8).unwrap().to_le_bytes());
        bytes.extend(tail);
        ask_everything(&bytes);
    }
}
