//! Who may use what: each sentence of "How a request is decided" in `docs/policies.md` that is not about
//! routes and keys alone.

use signalbox_policy::{
    BodyMember, BodyMemberFault, Caller, Decision, Forward, Header, ListMode, Names, Policy,
    Purpose, Request, RequestedModel, Rules as _, decide, read, tables::Tables,
};

/// A request for a chat.
#[derive(Clone, Copy)]
struct Chat<'a> {
    id: &'a str,
    scopes: &'a [&'a str],
    labels: &'a [(&'a str, &'a str)],
    model: &'a str,
    headers: &'a [(&'a str, &'a str)],
    members: &'a [(&'a str, BodyMember<'a>)],
}

const CHAT: Chat<'_> = Chat {
    id: "key",
    scopes: &["inference:chat"],
    labels: &[],
    model: "gpt-4o",
    headers: &[],
    members: &[],
};

fn policy(text: &str) -> Policy {
    let routes = "policy: p\nroutes:\n  GET /v1/models: {verdict: native}\n";
    read(&format!("{routes}{text}")).unwrap_or_else(|wrong| panic!("{wrong:#?}"))
}

fn chat_policy(text: &str) -> Policy {
    policy(&format!(
        "  POST /v1/chat/completions: {{verdict: native, scope: \"inference:chat\", model: json}}\n{text}"
    ))
}

fn asked(policy: &Policy, method: &str, path: &str, chat: Chat<'_>) -> Decision {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let labels = chat.labels.iter();
    let caller = Caller {
        id: chat.id.to_owned(),
        purposes: Purpose::ALL.into_iter().collect(),
        scopes: owned(chat.scopes),
        labels: labels
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        models: Names::All,
        published: Names::All,
        datasets: Names::All,
    };
    let headers: Vec<Header<'_>> = chat
        .headers
        .iter()
        .map(|(name, value)| Header {
            name,
            value: value.as_bytes(),
        })
        .collect();
    let request = Request {
        method,
        path,
        query: None,
        content_type: None,
        headers: &headers,
        caller: &caller,
        model: RequestedModel::Named(chat.model),
        body_members: chat.members,
    };
    let decision = decide(policy, &request);
    let bytes = policy.tables().unwrap();
    assert_eq!(decide(&Tables::read(&bytes).unwrap(), &request), decision);
    decision
}

fn chatted(policy: &Policy, chat: Chat<'_>) -> Result<Forward, String> {
    match asked(policy, "POST", "/v1/chat/completions", chat) {
        Decision::Forward(forward) => Ok(forward),
        Decision::Refuse(refusal) => Err(refusal.code),
        other => panic!("{other:?}"),
    }
}

fn published(policy: &Policy, chat: Chat<'_>) -> Result<String, String> {
    chatted(policy, chat).map(|forward| forward.model.unwrap())
}

fn refused(code: &str) -> Result<String, String> {
    Err(code.to_owned())
}

fn led_to(name: &str) -> Result<String, String> {
    Ok(name.to_owned())
}

#[test]
fn any_one_set_of_scopes_will_do() {
    let policy = policy(
        "  POST /v1/chat/completions: {verdict: native, model: json, scope: {any: [a, {all: [b, c]}]}}\n\
         models:\n  gpt-4o: {}\n",
    );
    for (scopes, is_let_in) in [
        (&["a"][..], true),
        (&["c", "b"], true),
        (&["b"], false),
        (&["c", "x"], false),
        (&[], false),
    ] {
        let code = published(&policy, Chat { scopes, ..CHAT }).err();
        let expected = (!is_let_in).then(|| "insufficient_scope".to_owned());
        assert_eq!(code, expected, "{scopes:?}");
    }
}

#[test]
fn a_deprecated_name_comes_with_a_notice_and_an_unlisted_one_is_called_all_the_same() {
    let policy = chat_policy(
        "models:\n  gpt-4o: {published: a, deprecated: Use b., listed: false}\n  b: {}\n  \
         \"old-*\": {published: b, deprecated: Use b.}\n",
    );
    let notice = |model| chatted(&policy, Chat { model, ..CHAT }).unwrap().notice;
    assert_eq!(notice("gpt-4o").as_deref(), Some("Use b."));
    assert_eq!(notice("old-1").as_deref(), Some("Use b."));
    assert_eq!(notice("b"), None);
    let listed: Vec<_> = policy
        .catalogue()
        .into_iter()
        .map(|it| (it.name, it.is_listed))
        .collect();
    assert_eq!(
        listed,
        [("b".to_owned(), true), ("gpt-4o".to_owned(), false)]
    );
    assert_eq!(policy.description().model_count, 2);
}

const CHOICES: &str = "models:\n  gpt-4o:\n    published:\n      \
    - {name: sales-agent, labels: {team: [sales, presales], plan: x}}\n      \
    - {name: new, weight: 10, labels: {team: ops}}\n      \
    - {name: usual, weight: 30, labels: {team: ops}}\n";

#[test]
fn the_first_choice_that_fits_counts_and_weights_share_the_keys() {
    let policy = chat_policy(CHOICES);
    let labels = |labels| published(&policy, Chat { labels, ..CHAT });
    assert_eq!(
        labels(&[("team", "presales"), ("plan", "x")]),
        led_to("sales-agent")
    );
    assert_eq!(labels(&[("team", "sales")]), refused("model_not_found"));
    assert_eq!(labels(&[]), refused("model_not_found"));
    let share = (0..1000)
        .filter(|number| {
            let id = format!("key-{number}");
            let chat = Chat {
                id: &id,
                labels: &[("team", "ops")],
                ..CHAT
            };
            let first = published(&policy, chat);
            assert_eq!(published(&policy, chat), first, "a key stays where it is");
            first == led_to("new")
        })
        .count();
    assert!(
        (200..300).contains(&share),
        "{share} of 1000, for a quarter"
    );
}

#[test]
fn who_gets_a_larger_share_keeps_the_keys_it_had() {
    let with =
        |weight: u32| chat_policy(&CHOICES.replace("weight: 10", &format!("weight: {weight}")));
    let (before, after) = (with(10), with(20));
    for number in 0..300 {
        let id = format!("key-{number}");
        let chat = Chat {
            id: &id,
            labels: &[("team", "ops")],
            ..CHAT
        };
        if published(&before, chat) == led_to("new") {
            assert_eq!(published(&after, chat), led_to("new"), "{id}");
        }
    }
}

#[test]
fn lists_have_what_the_caller_could_call() {
    let policy = chat_policy(&format!(
        "{CHOICES}  mini: {{}}\n  hidden: {{listed: false}}\n"
    ));
    let list = |labels| asked(&policy, "GET", "/v1/models", Chat { labels, ..CHAT });
    let only = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Decision::ListModels(ListMode::Only(names))
    };
    assert_eq!(list(&[]), only(&["mini"]));
    assert_eq!(list(&[("team", "ops")]), only(&["gpt-4o", "mini"]));
    let plain = chat_policy("models:\n  mini: {}\n");
    let list = asked(&plain, "GET", "/v1/models", CHAT);
    assert_eq!(list, Decision::ListModels(ListMode::Catalogue));
}

const CALLERS: &str = "  POST /v1/embeddings: {verdict: native, scope: none, model: json}\n\
    models:\n  gpt-4o: {}\n  mini: {ceilings: {max_tokens: 50}}\n  \"m*\": {published: mini}\n\
    sets:\n  small: [mini, \"m*\"]\n\
    callers:\n  \
    everyone: {models: [small], routes: [GET /v1/models, POST /v1/chat/completions]}\n  \
    named: {keys: [k1, k2], models: [gpt-4o], ceilings: {max_tokens: 100, n: 2}}\n  \
    sales: {labels: {team: sales}, routes: [POST /v1/embeddings], ceilings: {n: 1}}\n";

#[test]
fn a_caller_may_what_the_rules_that_fit_allow_together() {
    let policy = chat_policy(CALLERS);
    let of = |id, labels, model| {
        let chat = Chat {
            id,
            labels,
            model,
            ..CHAT
        };
        published(&policy, chat)
    };
    assert_eq!(of("k9", &[], "mini"), led_to("mini"));
    assert_eq!(of("k9", &[], "m-1"), led_to("mini"));
    assert_eq!(of("k9", &[], "gpt-4o"), refused("model_not_found"));
    assert_eq!(of("k1", &[], "gpt-4o"), led_to("gpt-4o"));
    let embed = |id, labels| {
        let chat = Chat {
            id,
            labels,
            model: "mini",
            ..CHAT
        };
        match asked(&policy, "POST", "/v1/embeddings", chat) {
            Decision::Refuse(refusal) => Some(refusal.code),
            _ => None,
        }
    };
    assert_eq!(embed("k9", &[]).as_deref(), Some("caller_not_allowed"));
    assert_eq!(embed("k9", &[("team", "sales")]), None);
    assert_eq!(embed("k2", &[]), None, "a rule without routes has all");
}

#[test]
fn whom_no_rule_fits_is_refused() {
    let policy = chat_policy("models:\n  gpt-4o: {}\ncallers:\n  one: {keys: [k1]}\n");
    assert_eq!(published(&policy, CHAT), refused("caller_not_allowed"));
    assert_eq!(
        published(&policy, Chat { id: "k1", ..CHAT }),
        led_to("gpt-4o")
    );
}

#[test]
fn headers_are_asked_for_and_set() {
    let policy = policy(
        "  POST /v1/chat/completions: {verdict: native, scope: none, model: json, \
         required_headers: [x-team, x-env], set_headers: {x-from: the gate, x-env: prod}}\n\
         models:\n  gpt-4o: {}\n",
    );
    let with = |headers| chatted(&policy, Chat { headers, ..CHAT });
    assert_eq!(with(&[("x-team", "a")]), Err("missing_header".to_owned()));
    assert_eq!(
        with(&[("x-team", ""), ("x-env", "b")]),
        Err("missing_header".to_owned())
    );
    let set = with(&[("x-team", "a"), ("x-env", "b")])
        .unwrap()
        .set_headers;
    let set: Vec<_> = set.iter().map(|it| (&*it.name, &*it.value)).collect();
    assert_eq!(set, [("x-from", &b"the gate"[..]), ("x-env", b"prod")]);
    let wanted = policy.description().headers;
    assert_eq!(wanted, ["x-gt-conversation-id", "x-team", "x-env"]);
}

#[test]
fn nothing_above_a_ceiling_and_nothing_unclear_under_one_goes_through() {
    use BodyMember::{Integer, Text, Unclear};
    let policy = chat_policy(
        "models:\n  gpt-4o: {ceilings: {max_tokens: 100, n: 2, reasoning_effort: low}}\n  free: {}\n",
    );
    let faults = [
        BodyMemberFault::Repeated,
        BodyMemberFault::LetterCase,
        BodyMemberFault::OtherType,
        BodyMemberFault::TooLong,
    ];
    let mut rows = vec![
        ("max_tokens", Integer(100), None),
        ("max_tokens", Integer(101), Some("above_ceiling")),
        ("max_completion_tokens", Integer(100), None),
        (
            "max_completion_tokens",
            Integer(u64::MAX),
            Some("above_ceiling"),
        ),
        ("max_tokens", Text("1"), Some("unclear_parameter")),
        ("n", Integer(2), None),
        ("n", Integer(3), Some("above_ceiling")),
        ("reasoning_effort", Text("low"), None),
        ("reasoning_effort", Text("none"), None),
        ("reasoning_effort", Text("medium"), Some("above_ceiling")),
        ("reasoning_effort", Text("Low"), Some("unclear_parameter")),
        ("reasoning_effort", Integer(1), Some("unclear_parameter")),
    ];
    for name in [
        "max_tokens",
        "max_completion_tokens",
        "n",
        "reasoning_effort",
    ] {
        rows.extend(faults.map(|fault| (name, Unclear(fault), Some("unclear_parameter"))));
    }
    for (name, value, code) in rows {
        let members = &[(name, value)];
        let told = published(&policy, Chat { members, ..CHAT }).err();
        assert_eq!(told.as_deref(), code, "{name}: {value:?}");
        let free = Chat {
            model: "free",
            members,
            ..CHAT
        };
        assert_eq!(
            published(&policy, free),
            led_to("free"),
            "{name}: {value:?}"
        );
    }
    // Of both limits the larger one counts.
    let members = &[
        ("max_tokens", Integer(1)),
        ("max_completion_tokens", Integer(101)),
    ];
    assert_eq!(
        published(&policy, Chat { members, ..CHAT }),
        refused("above_ceiling")
    );
}

#[test]
fn of_all_ceilings_that_hold_the_lowest_counts() {
    let policy = chat_policy(CALLERS);
    let asks = |id, labels, model, name, number| {
        let chat = Chat {
            id,
            labels,
            model,
            members: &[(name, BodyMember::Integer(number))],
            ..CHAT
        };
        published(&policy, chat).is_ok()
    };
    let sales = &[("team", "sales")];
    assert!(asks("k9", &[], "mini", "max_tokens", 50));
    assert!(!asks("k9", &[], "mini", "max_tokens", 51));
    assert!(!asks("k1", &[], "mini", "max_tokens", 51));
    assert!(asks("k1", &[], "gpt-4o", "max_tokens", 100));
    assert!(!asks("k1", &[], "gpt-4o", "max_tokens", 101));
    assert!(asks("k1", &[], "gpt-4o", "n", 2));
    assert!(!asks("k1", sales, "gpt-4o", "n", 2));
    assert!(asks("k9", &[], "mini", "n", 9));
}

#[test]
fn no_more_is_asked_for_than_is_looked_at() {
    let plain = chat_policy("models:\n  gpt-4o: {}\n").description();
    assert!(!plain.wants.labels);
    assert_eq!(plain.body_members, Vec::<String>::new());
    let all = chat_policy(CALLERS).description();
    assert!(all.wants.labels);
    assert_eq!(
        all.body_members,
        ["max_tokens", "max_completion_tokens", "n"]
    );
    assert!(chat_policy(CHOICES).reads_labels());
}
