//! A wrapper before a policy: the component of the two decides as the wrapper does that asks the policy.

use std::sync::LazyLock;

use proptest::{collection::vec, prelude::*};
use signalbox_compiler::{ComposeError, MOST_POLICIES, Role, Wasi, compose, role, wrap};
use signalbox_harness::root;
use signalbox_policy::{
    Decision, Policy, Refusal, RequestedModel, decide,
    generate::{Asking, Known, requests, texts},
    read,
};
use signalbox_runtime::{Isolation, LoadError, LoadOptions, Plugin, Runtime, Settings, Step};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::guests::{Guest, caller, chat};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new(Settings::default()).expect("this machine runs policies"));

fn load(component: &[u8]) -> Result<Plugin, LoadError> {
    RUNTIME.load(component, &LoadOptions::default())
}

fn compiled(text: &str) -> (Policy, Vec<u8>) {
    let policy = read(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    let component = signalbox_compiler::compile(&policy, text).expect("it compiles");
    (policy, component)
}

/// A wrapper that does `first` to each question; what it does not answer itself goes on as it is.
fn wrapper(first: &str) -> Vec<u8> {
    wrap(&wrapper_module(first, ""), Wasi::Refused).expect("a component")
}

fn wrapper_module(first: &str, fields: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
          (import "{POLICY}" "describe" (func $describe (param i32)))
          (import "{POLICY}" "models" (func $models (param i32 i32 i32 i32 i32)))
          (import "{POLICY}" "decide" (func $decide (param i32 i32)))
          {fields}
          (memory (export "memory") 64)
          (global $heap (mut i32) (i32.const 4096))
          ;; At 1024 a refusal: 400, `odd` as code, message and reason.
          (data (i32.const 1000) "odd")
          (data (i32.const 1024) "\03\00\00\00\90\01\00\00\e8\03\00\00\03\00\00\00\e8\03\00\00\03\00\00\00")
          (data (i32.const 1060) "\e8\03\00\00\03\00\00\00")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
            (local.set $at (i32.and
              (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
              (i32.sub (i32.const 0) (local.get 2))))
            (global.set $heap (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
          (func (export "{POLICY}#describe") (result i32)
            (call $describe (i32.const 2048)) (i32.const 2048))
          (func (export "{POLICY}#models") (param i32 i32 i32 i32) (result i32)
            (call $models (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 2048))
            (i32.const 2048))
          (func (export "{POLICY}#decide") (param $request i32) (result i32)
            {first}
            (call $decide (local.get $request) (i32.const 2048))
            (i32.const 2048)))"#
    );
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit/0.2.0")).unwrap();
    let world = resolve
        .select_world(&[package], Some("signalbox-wrapper"))
        .unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

/// Refuses whatever has a path of odd length.
const ODD: &str = "(if (i32.and (i32.const 1) (i32.load offset=12 (local.get $request)))
                     (then (return (i32.const 1024))))";

fn is_odd(asking: &Asking) -> bool {
    asking.path.len() % 2 == 1
}

/// Takes all scopes from the caller.
const NO_SCOPES: &str = "(i32.store offset=68 (local.get $request) (i32.const 0))";

fn odd() -> Decision {
    Decision::Refuse(Refusal {
        status: 400,
        code: "odd".into(),
        message: "odd".into(),
        param: None,
        reason: "odd".into(),
    })
}

/// What the wrappers do, in Rust: the policy is asked by whoever asks it.
fn natively(policy: &Policy, wrappers: &[&str], asking: &Asking) -> Decision {
    let mut asking = asking.clone();
    for wrapper in wrappers {
        if *wrapper == ODD && is_odd(&asking) {
            return odd();
        }
        if *wrapper == NO_SCOPES {
            asking.caller.scopes.clear();
        }
    }
    asking.ask(|request| decide(policy, request))
}

/// As a host asks: what was told from the head alone needs no model.
fn as_a_host_asks(policy: &Policy, wrappers: &[&str], asking: &Asking) -> Asking {
    let unread = asking.with_model(Known::Unread);
    match natively(policy, wrappers, &unread) {
        Decision::ReadModel | Decision::Refuse(_) => asking.clone(),
        Decision::Forward(_) | Decision::ListModels(_) => unread,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 20,
        ..ProptestConfig::with_cases(12)
    })]

    #[test]
    fn composition_decides_as_wrapper_that_asks_the_policy(
        text in texts(),
        askings in vec(requests(), 50),
        wrappers in prop_oneof![
            Just(Vec::<&str>::new()),
            Just(vec![ODD]),
            Just(vec![NO_SCOPES]),
            Just(vec![NO_SCOPES, ODD, NO_SCOPES]),
        ],
    ) {
        let (policy, inner) = compiled(&text);
        let outermost_last = wrappers.iter().rev();
        let composed = outermost_last.fold(inner, |inner, first| {
            compose(&wrapper(first), &inner).expect("they fit")
        });
        let plugin = load(&composed).expect("it loads");
        prop_assert_eq!(plugin.is_trusted(), wrappers.is_empty());
        prop_assert_eq!(plugin.description(), &policy.description());
        prop_assert_eq!(plugin.catalogue().iter().cloned().collect::<Vec<_>>(), policy.catalogue());
        for asking in &askings {
            let asking = as_a_host_asks(&policy, &wrappers, asking);
            let decided = asking.ask(|request| plugin.decide(request));
            prop_assert_eq!(decided, Ok(natively(&policy, &wrappers, &asking)), "asked {:?}", asking);
        }
    }
}

#[test]
fn composition_carries_neither_document_nor_cases_of_the_policy_inside() {
    let (_, inner) = compiled(DOCUMENT);
    let composed = compose(&wrapper(""), &inner).unwrap();
    let plugin = load(&composed).unwrap();
    assert_eq!((plugin.source(), plugin.cases()), (None, None));
    assert_eq!(composed, compose(&wrapper(""), &inner).unwrap());
    let with_cases = signalbox_compiler::with_cases(&composed, b"[]").unwrap();
    assert_eq!(load(&with_cases).unwrap().cases(), Some(b"[]".as_slice()));
}

#[test]
fn wrapper_alone_does_not_load_and_is_no_policy_to_ask() {
    let wrapper = wrapper("");
    assert_eq!(role(&wrapper).unwrap(), Role::Wrapper);
    assert_eq!(
        load(&wrapper).unwrap_err(),
        LoadError::Import(POLICY.into())
    );
    let error = compose(&wrapper, &wrapper).unwrap_err();
    assert!(matches!(error, ComposeError::InnerAsks), "{error}");
}

#[test]
fn policy_that_decides_by_itself_wraps_nothing() {
    let (_, policy) = compiled(DOCUMENT);
    let error = compose(&policy, &policy).unwrap_err();
    assert!(matches!(error, ComposeError::OuterAsksNobody), "{error}");
}

#[test]
fn wrapper_that_imports_anything_else_is_refused() {
    let import = r#"(import "acme:clock/clock@1.0.0" "now" (func (result i64)))"#;
    let module = wrapper_module("", import);
    assert!(wrap(&module, Wasi::Refused).is_err());
    // Built without our command: what it is refused for is the import, not the module.
    let (_, inner) = compiled(DOCUMENT);
    let error = compose(&clock_wrapper(), &inner).unwrap_err();
    assert_eq!(
        chain(&error),
        "the outer component cannot be used: the component imports `acme:clock/clock@1.0.0`, but a policy \
         imports nothing; build it for the world `signalbox-policy` of wit/0.2.0, which has no such import"
    );
}

/// Names are all that is looked at before the types are.
fn clock_wrapper() -> Vec<u8> {
    let text = format!(
        r#"(component
          (import "acme:clock/clock@1.0.0" (instance))
          (import "{POLICY}" (instance $policy))
          (export "{POLICY}" (instance $policy)))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn types_that_differ_are_refused() {
    let text = format!(
        r#"(component
          (import "{POLICY}" (instance $policy (export "describe" (func (result u32)))))
          (instance $it (export "describe" (func $policy "describe")))
          (export "{POLICY}" (instance $it)))"#
    );
    let (_, inner) = compiled(DOCUMENT);
    let error = compose(&wat::parse_str(text).unwrap(), &inner).unwrap_err();
    assert!(matches!(error, ComposeError::Types(_)), "{error}");
}

#[test]
fn policy_of_the_older_contract_is_not_composed() {
    let older = Guest::default().built_for(signalbox_runtime::ContractVersion::V0_1);
    let error = compose(&wrapper(""), &older.component()).unwrap_err();
    assert!(
        matches!(error, ComposeError::Version(Role::Policy)),
        "{error}"
    );
}

#[test]
fn four_policies_stand_one_before_the_other_and_not_five() {
    let (policy, mut composed) = compiled(DOCUMENT);
    for _ in 1..MOST_POLICIES {
        composed = compose(&wrapper(""), &composed).unwrap();
    }
    let plugin = load(&composed).unwrap();
    assert_eq!(*plugin.description(), policy.description());
    let error = compose(&wrapper(""), &composed).unwrap_err();
    assert!(
        matches!(error, ComposeError::TooDeep { depth: 5 }),
        "{error}"
    );
    // Nor does a host take what something else put together.
    let error = load(&nested(&composed)).unwrap_err();
    assert_eq!(
        error,
        LoadError::TooDeep {
            limit: MOST_POLICIES
        }
    );
    assert_eq!(error.step(), Step::Imports);
}

/// A component that offers the policy of one inside, which has no wrapper.
fn nested(inner: &[u8]) -> Vec<u8> {
    let wrapped = compose(&wrapper(""), &compiled(DOCUMENT).1).unwrap();
    let (head, tail) = around_inner(&wrapped);
    let mut component = head;
    component.push(4);
    let mut length = inner.len();
    while length > 127 {
        component.push((length & 127) as u8 | 128);
        length >>= 7;
    }
    component.push(length as u8);
    component.extend_from_slice(inner);
    component.extend_from_slice(&tail);
    component
}

/// What is before the first component inside, and what is after it.
fn around_inner(component: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut parsed = wasmparser::Parser::new(0).parse_all(component);
    let section = parsed.find_map(|payload| match payload.unwrap() {
        wasmparser::Payload::ComponentSection {
            unchecked_range, ..
        } => Some(unchecked_range),
        _ => None,
    });
    let range = section.unwrap();
    let mut start = range.start - 1;
    while component[start - 1] & 128 != 0 {
        start -= 1;
    }
    (
        component[..start - 1].to_vec(),
        component[range.end..].to_vec(),
    )
}

#[test]
fn core_instances_of_both_count_together() {
    let instances = |count: usize| {
        let modules = "(core instance (instantiate $none))".repeat(count);
        let (_, policy) = compiled(DOCUMENT);
        // The policy's own module is the first.
        let extra = format!("(component (core module) (core module $none) {modules})");
        let extra = wat::parse_str(extra).unwrap();
        let mut component = policy;
        component.extend_from_slice(&extra[8..]);
        component
    };
    // One of the policy's own, and three of each wrapper's: two connect what it imports.
    for wrappers in 1..MOST_POLICIES {
        let outer = wrapper("");
        let inner = instances(63 - 3 * wrappers);
        let composed = (0..wrappers).fold(inner, |inner, _| compose(&outer, &inner).unwrap());
        let plugin = load(&composed).expect("as many as may be");
        let caller = caller("app");
        let request = chat(&caller, RequestedModel::Named("gpt-4o"));
        assert!(plugin.decide(&request).is_ok());
        let error = compose(&outer, &composed).unwrap_err();
        let is_named = match wrappers + 1 < MOST_POLICIES {
            true => matches!(error, ComposeError::TooManyInstances { core_instances: 67 }),
            false => matches!(error, ComposeError::TooDeep { depth: 5 }),
        };
        assert!(is_named, "{error}");
    }
    assert!(load(&instances(63)).is_ok());
    let inner = instances(61);
    let error = compose(&wrapper(""), &inner).unwrap_err();
    let expected = matches!(error, ComposeError::TooManyInstances { core_instances: 65 });
    assert!(expected, "{error}");
    let error = load(&instances(64)).unwrap_err();
    assert_eq!(error, LoadError::CoreInstances { limit: 64 });
}

#[test]
fn as_many_as_decide_at_once_have_their_memories() {
    let (policy, mut composed) = compiled(DOCUMENT);
    for _ in 1..MOST_POLICIES {
        composed = compose(&wrapper(""), &composed).unwrap();
    }
    let options = LoadOptions {
        isolation: Isolation::Request,
    };
    let settings = Settings {
        workers: 1,
        decision_threads: 4,
        spare: 0,
        ..Settings::default()
    };
    let runtime = Runtime::new(settings).unwrap();
    let plugin = runtime.load(&composed, &options).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let caller = caller("app");
                let request = chat(&caller, RequestedModel::Named("gpt-4o"));
                for _ in 0..50 {
                    assert_eq!(plugin.decide(&request), Ok(decide(&policy, &request)));
                }
            });
        }
    });
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

const POLICY: &str = "signalbox:policy/policy@0.2.0";
const DOCUMENT: &str = r#"
policy: inside
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: "inference:chat", model: json}
models:
  gpt-4o: {published: support-agent}
cases:
  - {name: chat, request: POST /v1/chat/completions, model: gpt-4o, scopes: ["inference:chat"],
     expect: {forward: POST /v1/chat/completions, model: support-agent}}
"#;
