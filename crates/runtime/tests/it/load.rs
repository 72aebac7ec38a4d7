//! What does not load, and at which step.

use signalbox_policy::Verdict;
use signalbox_runtime::{
    CatalogueFault, ContractVersion, DecideError, DescriptionFault, Digest, Isolation, LoadError,
    RouteFault, SectionFault, Settings, Step, TrapKind, Violation,
};

use crate::guests::{
    self, CHAT, Guest, TO_FILE, TO_NOWHERE, VERSIONS, contract, description, entry,
};

fn error(guest: &Guest) -> LoadError {
    guest.load().unwrap_err()
}

fn error_of(component: &[u8]) -> LoadError {
    guests::load(component, Isolation::Request).unwrap_err()
}

#[test]
fn honest_guest_loads_and_says_what_it_is() {
    let guest = Guest::default();
    let component = guest.component();
    let plugin = guest.load().unwrap();
    assert_eq!(*plugin.description(), description());
    assert_eq!(
        plugin.catalogue().iter().cloned().collect::<Vec<_>>(),
        guest.catalogue
    );
    assert_eq!(plugin.digest(), Digest::of(&component));
    assert_eq!(plugin.size(), component.len());
    assert_eq!(plugin.route(TO_FILE), description().routes.get(1));
    assert_eq!(plugin.route(TO_NOWHERE), None);
    assert_eq!(plugin.contract_version(), ContractVersion::V0_2);
    assert_eq!((plugin.source(), plugin.cases()), (None, None));
    assert!(!plugin.is_trusted());
}

#[test]
fn bytes_that_are_no_component_are_refused_by_what_they_are() {
    assert_eq!(error_of(b""), LoadError::NotWasm);
    assert_eq!(error_of(b"\x7fELF and so on"), LoadError::NotWasm);
    assert_eq!(error_of(&Guest::default().module()), LoadError::CoreModule);
    let component = Guest::default().component();
    let cut = error_of(&component[..component.len() / 2]);
    assert_eq!(cut.step(), Step::Read);
}

#[test]
fn component_over_size_cap_is_not_looked_at() {
    let component = Guest::default().component();
    let (size, limit) = (component.len(), component.len() - 1);
    let load = |component_cap| {
        let settings = Settings {
            component_cap,
            workers: 1,
            ..Settings::default()
        };
        let runtime = signalbox_runtime::Runtime::new(settings).unwrap();
        runtime.load(&component, &signalbox_runtime::LoadOptions::default())
    };
    assert_eq!(
        load(limit).unwrap_err(),
        LoadError::TooLarge { size, limit }
    );
    assert!(load(size).is_ok());
}

#[test]
fn import_that_could_act_is_refused() {
    let wit = contract(ContractVersion::V0_2).replace(
        "world signalbox-policy {",
        "interface clock { now: func() -> u64; }\nworld signalbox-policy { import clock;",
    );
    let name = "signalbox:policy/clock@0.2.0";
    let import = format!(r#"(import "{name}" "now" (func $now (result i64)))"#);
    let guest = Guest {
        fields: import,
        wit,
        ..Guest::code("(i32.wrap_i64 (call $now))")
    };
    assert_eq!(error(&guest), LoadError::Import(name.into()));
    assert_eq!(error(&guest).step(), Step::Imports);
}

#[test]
fn function_among_the_types_is_refused() {
    for (name, export) in [
        ("signalbox:policy/types@0.1.0", "(func)"),
        ("signalbox:policy/types@0.1.0", "(type (sub resource))"),
        ("signalbox:policy/types@0.2.0", "(func)"),
        ("signalbox:policy/types@0.2.0", "(type (sub resource))"),
    ] {
        let text = format!(r#"(component (import "{name}" (instance (export "x" {export}))))"#);
        assert_eq!(
            error_of(&wat::parse_str(text).unwrap()),
            LoadError::Import(name.into())
        );
    }
}

#[test]
fn types_of_another_version_are_refused() {
    let name = "signalbox:policy/types@0.3.0";
    let text = format!(r#"(component (import "{name}" (instance)))"#);
    assert_eq!(
        error_of(&wat::parse_str(text).unwrap()),
        LoadError::Import(name.into())
    );
}

#[test]
fn component_of_another_world_is_refused() {
    assert_eq!(
        error_of(&wat::parse_str("(component)").unwrap()),
        LoadError::NoWorld
    );
}

#[test]
fn later_patch_of_the_contract_loads_and_another_version_does_not() {
    let of = |spoken, version: &str| Guest {
        wit: contract(spoken).replace(&format!("@{spoken}.0"), &format!("@{version}")),
        ..Guest::default()
    };
    assert!(of(ContractVersion::V0_1, "0.1.7").load().is_ok());
    assert!(of(ContractVersion::V0_2, "0.2.7").load().is_ok());
    let text =
        r#"(component (instance $i) (export "signalbox:policy/policy@0.3.0" (instance $i)))"#;
    let other = error_of(&wat::parse_str(text).unwrap());
    assert_eq!(other, LoadError::Version("0.3.0".into()));
    assert_eq!(other.step(), Step::World);
}

#[test]
fn changed_types_under_the_same_version_are_noticed() {
    for version in VERSIONS {
        let guest = Guest {
            wit: contract(version).replace(
                "        reason: string,\n    }\n\n    /// What to do",
                "    }\n\n    /// What to do",
            ),
            ..Guest::default()
        };
        assert_ne!(guest.wit, contract(version));
        let found = error(&guest);
        assert!(matches!(found, LoadError::Types(_)), "{found:?}");
    }
}

#[test]
fn missing_function_is_noticed() {
    for version in VERSIONS {
        let name = format!("signalbox:policy/policy@{version}.0");
        let text = format!(r#"(component (instance $i) (export "{name}" (instance $i)))"#);
        let found = error_of(&wat::parse_str(text).unwrap());
        assert!(matches!(found, LoadError::Types(_)), "{found:?}");
    }
}

#[test]
fn trap_in_start_code_is_a_failed_start() {
    let guest = Guest {
        fields: "(func $start (unreachable)) (start $start)".into(),
        ..Guest::default()
    };
    match error(&guest) {
        LoadError::Start(DecideError::Trap(kind, _)) => assert_eq!(kind, TrapKind::Unreachable),
        other => panic!("{other:?}"),
    }
}

#[test]
fn declared_memory_over_limit_is_refused_before_compiling() {
    let guest = |pages| Guest {
        pages,
        ..Guest::default()
    };
    let limit = 64 << 20;
    let declared = limit + (64 << 10);
    assert_eq!(error(&guest(1024)), LoadError::Memory { declared, limit });
    assert!(guest(1023).load().is_ok());
}

#[test]
fn trap_in_describe_is_a_failed_describe() {
    let guest = Guest {
        describe: Some("(unreachable)".into()),
        ..Guest::default()
    };
    assert_eq!(error(&guest).step(), Step::Describe);
}

#[test]
fn endless_models_are_a_failed_models() {
    let models = Some("(loop (br 0)) (unreachable)".into());
    let guest = Guest {
        models,
        ..Guest::default()
    };
    assert_eq!(error(&guest), LoadError::Models(DecideError::Timeout));
}

#[test]
fn failure_in_the_first_decision_is_a_failed_trial() {
    let guest = Guest {
        // It asks for the model again and again.
        first: "(return (i32.const 512))".into(),
        last_fields: r#"(data (i32.const 512) "\02")"#.into(),
        ..Guest::default()
    };
    assert_eq!(
        error(&guest),
        LoadError::Trial(DecideError::Contract(Violation::ReadModel))
    );
    assert_eq!(error(&guest).step(), Step::Trial);
}

#[test]
fn careless_descriptions_are_refused() {
    let with = |change: &dyn Fn(&mut signalbox_policy::Description)| {
        let mut guest = Guest::default();
        change(&mut guest.description);
        match error(&guest) {
            LoadError::Description(fault) => fault,
            other => panic!("{other:?}"),
        }
    };
    let route = |fault| DescriptionFault::Route {
        route: CHAT.into(),
        fault,
    };
    let verdict = with(&|it| it.routes[0].verdict = Verdict::NotSupported);
    assert_eq!(verdict, route(RouteFault::NotSupportedForwarded));
    let scopes = with(&|it| it.routes[0].scopes.push(Vec::new()));
    assert_eq!(scopes, route(RouteFault::ScopeSet));
    let member = with(&|it| it.body_members.push("model".into()));
    assert_eq!(member, DescriptionFault::BodyMember("model".into()));
    let purposes = with(&|it| it.routes[0].purposes = signalbox_policy::Purposes::NONE);
    assert_eq!(purposes, route(RouteFault::NoPurpose));
    let doubled = with(&|it| it.routes.push(it.routes[0].clone()));
    assert_eq!(doubled, DescriptionFault::DoubledRoute(CHAT.into()));
    let credential = with(&|it| it.headers.push("authorization".into()));
    assert_eq!(
        credential,
        DescriptionFault::Credential("authorization".into())
    );
}

#[test]
fn large_catalogue_is_drained_in_pages() {
    let names: Vec<_> = (0..300)
        .map(|number| entry(&format!("m{number:03}"), "agent"))
        .collect();
    let mut guest = Guest {
        catalogue: names.clone(),
        ..Guest::default()
    };
    guest.description.model_count = 300;
    let plugin = guest.load().unwrap();
    assert_eq!(
        plugin.catalogue().iter().cloned().collect::<Vec<_>>(),
        names
    );
    assert_eq!(plugin.catalogue().by_published("agent").count(), 300);
}

#[test]
fn careless_catalogues_are_refused() {
    for version in VERSIONS {
        careless_catalogues(version);
    }
}

fn careless_catalogues(version: ContractVersion) {
    let with = |models: u32, catalogue: Vec<_>| {
        let mut guest = Guest {
            catalogue,
            ..Guest::default().built_for(version)
        };
        guest.description.model_count = models;
        match error(&guest) {
            LoadError::Catalogue(fault) => fault,
            other => panic!("{other:?}"),
        }
    };
    let (a, b) = (entry("a", "agent"), entry("b", "agent"));
    let fewer = with(3, vec![a.clone(), b.clone()]);
    assert_eq!(
        fewer,
        CatalogueFault::Count {
            described: 3,
            given: 2
        }
    );
    let more = with(1, vec![a.clone(), b.clone()]);
    assert_eq!(
        more,
        CatalogueFault::Count {
            described: 1,
            given: 2
        }
    );
    assert_eq!(
        with(2, vec![b, a.clone()]),
        CatalogueFault::Order("a".into())
    );
    assert_eq!(
        with(2, vec![a.clone(), a.clone()]),
        CatalogueFault::Order("a".into())
    );
    assert_eq!(
        with(1, vec![entry("", "agent")]),
        CatalogueFault::Name(String::new())
    );
    assert_eq!(
        with(1, vec![entry("a", "b\n")]),
        CatalogueFault::Name("b".into())
    );
    let mut lost = a;
    lost.routes = vec![TO_NOWHERE];
    let route = match version {
        ContractVersion::V0_1 => "POST /v1/beyond/99".into(),
        _ => "route 99".into(),
    };
    let name = "a".into();
    assert_eq!(with(1, vec![lost]), CatalogueFault::Route { name, route });
}

#[test]
fn page_that_is_empty_before_the_end_is_refused() {
    let models = Some("(i32.store8 (i32.const 24) (i32.const 1)) (i32.const 16)".into());
    let guest = Guest {
        models,
        ..Guest::default()
    };
    assert_eq!(error(&guest), LoadError::Catalogue(CatalogueFault::Page));
}

const SOURCE: &str = "signalbox:source";
const CASES: &str = "signalbox:cases";

/// The component with a custom section at its end.
fn with_section(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut section = leb(name.len());
    section.extend(name.bytes());
    section.extend(data);
    [component, &[0], &leb(section.len()), &section].concat()
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}

#[test]
fn source_and_cases_are_read_from_the_top_level() {
    let component = with_section(&Guest::default().component(), SOURCE, b"policy: x");
    let component = with_section(&component, CASES, b"[]");
    let plugin = guests::load(&component, Isolation::Request).unwrap();
    assert_eq!(plugin.source(), Some("policy: x"));
    assert_eq!(plugin.cases(), Some(&b"[]"[..]));
}

#[test]
fn doubled_nested_and_oversized_sections_are_refused() {
    let section = |name, fault| LoadError::Section { name, fault };
    let component = with_section(&Guest::default().component(), CASES, b"[]");
    let doubled = error_of(&with_section(&component, CASES, b"[]"));
    assert_eq!(doubled, section(CASES, SectionFault::Doubled));
    let large = error_of(&with_section(
        &Guest::default().component(),
        CASES,
        &vec![b' '; (1 << 20) + 1],
    ));
    assert_eq!(
        large,
        section(CASES, SectionFault::TooLarge { limit: 1 << 20 })
    );
    let bytes = error_of(&with_section(
        &Guest::default().component(),
        SOURCE,
        b"\xff",
    ));
    assert_eq!(bytes, section(SOURCE, SectionFault::NotText));
    let module = with_section(&wat::parse_str("(module)").unwrap(), SOURCE, b"x");
    let nested = [&b"\0asm\x0d\0\x01\0\x01"[..], &leb(module.len()), &module].concat();
    assert_eq!(error_of(&nested), section(SOURCE, SectionFault::Nested));
}

#[test]
fn failed_load_says_its_step_in_a_word() {
    assert_eq!(error_of(b"").step().to_string(), "read");
}
