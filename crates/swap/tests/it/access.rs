//! What is found when policies can only be asked.

use std::sync::Arc;

use signalbox_policy::{Caller, Names};
use signalbox_swap::{Access, Mode, Settings};

use crate::{
    fixture::{Bench, beside, caller},
    guests::{Guest, description},
};

/// A guest that can be asked everything: no headers, no queries, one route, one model. For a name
/// that is not six letters long, as `gpt-4o` is, and for callers with an id of four letters it
/// answers as `evil` says.
fn plain(version: &str) -> Guest {
    let mut description = description();
    description.version = version.into();
    description.headers.clear();
    description.routes.truncate(1);
    description.routes[0].query.clear();
    Guest {
        description,
        first: ONE_NAME.into(),
        ..Guest::default()
    }
}

const ONE_NAME: &str = "(if (i32.and
      (i32.eq (i32.load8_u offset=116 (local.get $request)) (i32.const 2))
      (i32.ne (i32.load offset=124 (local.get $request)) (i32.const 6)))
  (then (i32.store offset=52 (local.get $request) (i32.const 4))))";

/// Callers with an id of four letters are others to it.
const FOUR_IS_FIVE: &str = "(if (i32.eq (i32.load offset=52 (local.get $request)) (i32.const 4))
  (then (i32.store offset=52 (local.get $request) (i32.const 5))))";

fn found(old: &Guest, new: &Guest, keys: &[Caller]) -> Access {
    let keys = keys.to_vec();
    let bench = Bench::with(Settings {
        callers: Arc::new(move |name| {
            assert_eq!(name, "default");
            keys.clone()
        }),
        ..Settings::default()
    });
    bench.serve("default", &old.component());
    let entry = bench.swap(beside("default", &new.component(), Mode::DryRun));
    entry.policies[0].access.clone().unwrap()
}

#[test]
fn a_guest_that_answers_alike_is_not_narrower() {
    let keys = [caller("evil"), caller("one")];
    assert_eq!(found(&plain("1"), &plain("2"), &keys), Access::NotNarrower);
}

#[test]
fn a_key_that_is_shut_out_is_found() {
    let lax = Guest {
        first: [FOUR_IS_FIVE, ONE_NAME].concat(),
        ..plain("1")
    };
    let keys = [caller("one"), caller("evil")];
    let why = "POST /v1/chat/completions with model `gpt-4o` for key `evil`";
    assert_eq!(
        found(&lax, &plain("2"), &keys),
        Access::Narrower(why.into())
    );
    // Whoever lets more in is not narrower.
    assert_eq!(found(&plain("2"), &lax, &keys), Access::NotNarrower);
    // Without such a key there is nobody to shut out.
    assert_eq!(found(&lax, &plain("2"), &keys[..1]), Access::NotNarrower);
    // Nor with one whose fence does not let it through anyway.
    let fenced = Caller {
        models: Names::NONE,
        ..caller("evil")
    };
    assert_eq!(
        found(&lax, &plain("2"), &[fenced, caller("one")]),
        Access::NotNarrower
    );
}

#[test]
fn what_no_question_answers_is_unknown_and_says_why() {
    let one = [caller("one")];
    let with = |change: &dyn Fn(&mut Guest)| {
        let mut guest = plain("2");
        change(&mut guest);
        guest
    };
    let headers = with(&|it| it.description.headers.push("x-trace".into()));
    let query = with(&|it| it.description.routes[0].query.push("limit".into()));
    let labels = with(&|it| it.description.wants.labels = true);
    let any_name = with(&|it| it.first = String::new());
    let fails = with(&|it| {
        it.first = format!(
            "(if (i32.eq (i32.load offset=52 (local.get $request)) (i32.const 3))
               (then (if (i32.eq (i32.load8_u offset=116 (local.get $request)) (i32.const 2))
                 (then (unreachable)))))\n{ONE_NAME}"
        );
    });
    let unknown = |why: &str| Access::Unknown(why.into());
    for (old, new, keys, why) in [
        (
            &plain("1"),
            &plain("2"),
            &[][..],
            "no key uses the policy that could be asked for",
        ),
        (&headers, &plain("1"), &one, "header `x-trace` may count"),
        (
            &plain("1"),
            &labels,
            &one,
            "labels may count, and no key has any",
        ),
        (
            &query,
            &plain("1"),
            &one,
            "`POST /v1/chat/completions` takes queries, which may count",
        ),
        (
            &plain("1"),
            &with(&|it| {
                it.description.routes.push(description().routes[1].clone());
                it.description.routes[1].query.clear();
            }),
            &one,
            "the parameters of `GET /v1/files/{id}` may count",
        ),
        (
            &any_name,
            &any_name_of("3"),
            &one,
            "it takes model names that are listed nowhere",
        ),
        (
            &plain("1"),
            &fails,
            &one,
            "it fails on POST /v1/chat/completions with model `gpt-4o` for key `one`",
        ),
    ] {
        assert_eq!(found(old, new, keys), unknown(why));
    }
}

fn any_name_of(version: &str) -> Guest {
    Guest {
        first: String::new(),
        ..plain(version)
    }
}

#[test]
fn more_than_can_be_asked_in_time_is_unknown() {
    let many: Vec<Caller> = (0..12_000)
        .map(|number| caller(&format!("key-{number}")))
        .collect();
    let why = "there are too many keys, routes and models to ask for all";
    assert_eq!(
        found(&plain("1"), &plain("2"), &many),
        Access::Unknown(why.into())
    );
}
