//! The policies of the fixture that no document can express; `tests/conformance/README.md` says what each does.

use signalbox_harness::conformance::Guests;
use signalbox_policy::{Decision, ListMode, ModelSource};

use crate::guests::{Guest, description, entry, route};

/// Each by the name of its file.
pub(crate) fn guests() -> Guests {
    let deciding = |decision| {
        let mut description = description();
        let models = route("GET", "/v1/models", ModelSource::None);
        description.routes.push(models);
        description.model_count = 3;
        let catalogue = vec![
            entry("big", "support-agent"),
            entry("old", "retired-agent"),
            entry("small", "gt-small"),
        ];
        Guest {
            description,
            catalogue,
            ..Guest::answer(decision)
        }
    };
    let some = ListMode::Only(vec!["big".to_owned()]);
    [
        ("failing.wasm", Guest::code("(unreachable)")),
        (
            "endless.wasm",
            Guest::code("(loop $l (br $l)) (unreachable)"),
        ),
        (
            "listing.wasm",
            deciding(Decision::ListModels(ListMode::Upstream)),
        ),
        ("some.wasm", deciding(Decision::ListModels(some))),
    ]
    .map(|(name, guest)| (name.to_owned(), guest.component()))
    .into()
}
