//! Laws that hold whatever a document says and whoever asks.
//!
//! The first is the one the project rests on: the component decides as the policy crate does. The
//! others are asked of the crate alone, since by the first they hold for components too.

use std::sync::LazyLock;

use proptest::{collection::vec, prelude::*};
use signalbox_policy::{
    Caller, Decision, ListMode, Names, Policy, decide, explain,
    generate::{Asking, Known, callers, requests, texts},
    read,
};
use signalbox_runtime::{LoadOptions, Plugin, Runtime, Settings};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new(Settings::default()).expect("this machine runs policies"));

fn policy(text: &str) -> Policy {
    read(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

fn plugin(text: &str) -> Plugin {
    let component = signalbox_compiler::compile(&policy(text), text).expect("it compiles");
    RUNTIME
        .load(&component, &LoadOptions::default())
        .expect("what was compiled loads")
}

fn natively(policy: &Policy, asking: &Asking) -> Decision {
    asking.ask(|request| decide(policy, request))
}

/// A host that was told what to do from the head alone looks for no model, and the runtime takes no
/// answer to a question nobody may ask.
fn as_a_host_asks(policy: &Policy, asking: &Asking) -> Asking {
    let unread = asking.with_model(Known::Unread);
    match natively(policy, &unread) {
        Decision::ReadModel | Decision::Refuse(_) => asking.clone(),
        Decision::Forward(_) | Decision::ListModels(_) => unread,
    }
}

fn by_caller(asking: &Asking, change: impl FnOnce(&mut Caller)) -> Asking {
    let mut asking = asking.clone();
    change(&mut asking.caller);
    asking
}

proptest! {
    // A document costs a compilation, a request next to nothing: few of one, many of the other.
    #![proptest_config(ProptestConfig { max_shrink_iters: 50, ..cases(40) })]

    #[test]
    fn compiled_equals_native(text in texts(), askings in vec(requests(), 50)) {
        let policy = policy(&text);
        let plugin = plugin(&text);
        prop_assert!(plugin.is_trusted());
        prop_assert_eq!(plugin.source(), Some(text.as_str()));
        prop_assert_eq!(plugin.description(), &policy.description());
        prop_assert_eq!(plugin.catalogue().iter().cloned().collect::<Vec<_>>(), policy.catalogue());
        for asking in &askings {
            let asking = as_a_host_asks(&policy, asking);
            let compiled = asking.ask(|request| plugin.decide(request));
            prop_assert_eq!(compiled, Ok(natively(&policy, &asking)), "asked {:?}", asking);
        }
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn without_routes_everything_is_refused(asking in requests()) {
        let policy = policy("policy: nothing\nroutes: {}\n");
        prop_assert_eq!(code(&natively(&policy, &asking)), Some("unknown_route".to_owned()));
    }

    #[test]
    fn what_is_forwarded_is_described_and_held(text in texts(), asking in requests()) {
        let policy = policy(&text);
        let Decision::Forward(forward) = natively(&policy, &asking) else { return Ok(()) };
        let description = policy.description();
        let route = description.route(forward.route).expect("forwarded along a described route");
        prop_assert!(route.forwarded);
        prop_assert!(asking.caller.purposes.satisfy(route.purposes));
        let held = |set: &Vec<String>| set.iter().all(|it| asking.caller.scopes.contains(it));
        prop_assert!(route.scopes.is_empty() || route.scopes.iter().any(held));
    }

    #[test]
    fn a_list_on_a_key_never_adds(text in texts(), asking in requests(), lists in callers()) {
        let policy = policy(&text);
        let open = by_caller(&asking, |caller| {
            caller.models = Names::All;
            caller.published = Names::All;
            caller.datasets = Names::All;
        });
        let limited = by_caller(&asking, |caller| {
            caller.models = lists.models;
            caller.published = lists.published;
            caller.datasets = lists.datasets;
        });
        allows_no_more(&natively(&policy, &limited), &natively(&policy, &open))?;
    }

    #[test]
    fn taking_an_entry_from_a_list_never_allows_more(text in texts(), asking in requests()) {
        let policy = policy(&text);
        let before = natively(&policy, &asking);
        let Names::Only(names) = &asking.caller.models else { return Ok(()) };
        for at in 0..names.len() {
            let mut fewer = names.clone();
            fewer.remove(at);
            let asking = by_caller(&asking, |caller| caller.models = Names::Only(fewer));
            allows_no_more(&natively(&policy, &asking), &before)?;
        }
    }

    #[test]
    fn removing_a_scope_never_allows_more(text in texts(), asking in requests()) {
        let policy = policy(&text);
        let before = natively(&policy, &asking);
        for at in 0..asking.caller.scopes.len() {
            let less = by_caller(&asking, |caller| { caller.scopes.remove(at); });
            allows_no_more(&natively(&policy, &less), &before)?;
        }
    }

    #[test]
    fn refused_unread_is_refused_for_every_model(text in texts(), asking in requests()) {
        let policy = policy(&text);
        let unread = natively(&policy, &asking.with_model(Known::Unread));
        let Decision::Refuse(unread) = unread else { return Ok(()) };
        for known in [asking.model.clone(), Known::Absent, Known::Named("gpt-4o".to_owned())] {
            let decision = natively(&policy, &asking.with_model(known));
            prop_assert_eq!(decision, Decision::Refuse(unread.clone()));
        }
    }

    #[test]
    fn what_is_asked_to_be_read_depends_on_the_model_alone(text in texts(), asking in requests()) {
        let policy = policy(&text);
        let unread = natively(&policy, &asking.with_model(Known::Unread));
        if unread == Decision::ReadModel {
            let absent = natively(&policy, &asking.with_model(Known::Absent));
            prop_assert_eq!(code(&absent), Some("missing_model".to_owned()));
        }
    }

    #[test]
    fn explaining_is_deciding(text in texts(), asking in requests()) {
        let policy = policy(&text);
        let explained = asking.ask(|request| explain(&policy, request));
        prop_assert_eq!(explained.decision, natively(&policy, &asking));
    }

    #[test]
    fn the_order_of_routes_and_models_does_not_matter(document in signalbox_policy::generate::documents(), asking in requests()) {
        let mut turned = document.clone();
        turned.models.reverse();
        if let Some(routes) = &mut turned.routes {
            routes.reverse();
        }
        let (policy, turned) = (document.check().expect("valid"), turned.check().expect("valid"));
        prop_assert_eq!(natively(&policy, &asking), natively(&turned, &asking));
    }

    #[test]
    fn a_formatted_document_says_the_same(document in signalbox_policy::generate::documents()) {
        let text = signalbox_policy::format(&document);
        let parsed = signalbox_policy::Document::parse(&text);
        prop_assert_eq!(parsed.as_ref(), Ok(&document));
        prop_assert_eq!(signalbox_policy::format(&document), text);
    }
}

fn cases(cases: u32) -> ProptestConfig {
    // What fails is printed whole: a test of its own remembers it better than a file of seeds.
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

/// `less` is `more`, or a refusal, or fewer names of a list.
fn allows_no_more(less: &Decision, more: &Decision) -> Result<(), TestCaseError> {
    let only = |decision: &Decision| match decision {
        Decision::ListModels(ListMode::Only(names)) => Some(names.clone()),
        _ => None,
    };
    match (only(less), only(more)) {
        (Some(less), Some(more)) => {
            prop_assert!(
                less.iter().all(|name| more.contains(name)),
                "{less:?} {more:?}"
            );
        }
        _ if matches!(less, Decision::Refuse(_)) => {}
        _ => prop_assert_eq!(less, more),
    }
    Ok(())
}

fn code(decision: &Decision) -> Option<String> {
    match decision {
        Decision::Refuse(refusal) => Some(refusal.code.clone()),
        _ => None,
    }
}
