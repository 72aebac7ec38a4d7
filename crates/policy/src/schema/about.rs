//! What each key is for, as editors show it. `docs/policies.md` says more.

use super::Mapping;

pub(super) fn of(mapping: Mapping, key: &str) -> Option<&'static str> {
    match mapping {
        Mapping::Document => document(key),
        Mapping::Client => client(key),
        Mapping::Route => route(key),
        Mapping::Model => model(key),
        Mapping::Choice => choice(key),
        Mapping::Ceilings => ceiling(key),
        Mapping::Caller => caller(key),
        Mapping::Case => case(key),
        Mapping::Expect => expect(key),
    }
}

fn document(key: &str) -> Option<&'static str> {
    Some(match key {
        "policy" => "The policy's name.",
        "version" => "Free text; put numbers in quotes.",
        "about" => "What the policy is for.",
        "include" => {
            "The documents this one builds on, one or a list, from this file. Its own entries replace theirs."
        }
        "values" => {
            "Names and texts that `${NAME}` stands for elsewhere; `{}` for one that must be given."
        }
        "client" => "The client this policy is for. It decides nothing.",
        "routes" => "What may be called, as `METHOD /v1/path`. What is not here is refused.",
        "models" => "The names clients may write, and `prefix*`. What is not here is not found.",
        "sets" => "Names for several models, to be used under `callers`.",
        "callers" => "Which keys may do what. Without it, the policy is for every key.",
        "cases" => "Requests and what is to be decided. A swap that fails one changes nothing.",
        _ => return None,
    })
}

fn client(key: &str) -> Option<&'static str> {
    Some(match key {
        "name" => "What the client is called.",
        "category" => "What kind of client it is, in GT's words.",
        "compatibility" => "How well it fits GT, in GT's words.",
        "preset" => "The preset of GT's for its key.",
        "setup" => "What to set up in the client, a paragraph each.",
        "caveats" => "What to know about it, a paragraph each.",
        "corrections" => "Where GT's own pages are wrong about it, a paragraph each.",
        _ => return None,
    })
}

fn route(key: &str) -> Option<&'static str> {
    Some(match key {
        "verdict" => {
            "What GT's runbook says of the route: `native` is forwarded, the others are refused."
        }
        "action" => "`forward` or `refuse`, in place of what the verdict says.",
        "scope" => {
            "What a key must hold: one scope, `{any: [A, B]}`, `{all: [A, B]}`, or `none` for an open route."
        }
        "purpose" => "What a key must be for; any one will do. By default what GT documents.",
        "model" => "Where the body has the model name.",
        "because" => "Why it is refused; the refusal quotes it, so say what to do instead.",
        "query" => "Query names that may reach GT; all others are dropped.",
        "headers" => "Further headers that may reach GT, in lower case.",
        "required_headers" => "Headers without which a request is refused, in lower case.",
        "set_headers" => "Headers that GT is sent, whatever the client sent under these names.",
        _ => return None,
    })
}

fn model(key: &str) -> Option<&'static str> {
    Some(match key {
        "published" => {
            "The name GT publishes; a list of choices for several. By default the client's own name."
        }
        "for" => "On which routes the name works. By default on every route with a model.",
        "listed" => "`false` leaves the name out of lists. It can be called all the same.",
        "deprecated" => "Told to whoever calls the name, in `x-signalbox-notice`.",
        "ceilings" => "The most that may be asked for; more is refused.",
        _ => return None,
    })
}

fn choice(key: &str) -> Option<&'static str> {
    Some(match key {
        "name" => "The name GT publishes.",
        "weight" => "Its share of the keys, among the choices that fit and have a weight.",
        "labels" => "The labels a key must have, each with one value or a list of them.",
        _ => return None,
    })
}

fn ceiling(key: &str) -> Option<&'static str> {
    Some(match key {
        "max_tokens" => "Of `max_tokens` and `max_completion_tokens`.",
        "n" => "Of the answers to one request.",
        "reasoning_effort" => "Of the reasoning effort.",
        _ => return None,
    })
}

fn caller(key: &str) -> Option<&'static str> {
    Some(match key {
        "keys" => "Identifiers of keys, as the keyring has them. By default every key.",
        "labels" => "The labels a key must have, each with one value or a list of them.",
        "routes" => "Routes of this policy, as under `routes`. By default every route.",
        "models" => "Models, as under `models`, or names of `sets`. By default every model.",
        "ceilings" => "The most that these keys may ask for; more is refused.",
        _ => return None,
    })
}

fn case(key: &str) -> Option<&'static str> {
    Some(match key {
        "name" => "What the case shows.",
        "request" => "Method and path, with any of a client's bases.",
        "model" => "The model the body names.",
        "preset" => "The preset of GT's that the key has, in place of scopes and purposes.",
        "scopes" => "The scopes the key holds.",
        "purposes" => "What the key is for; inference by default.",
        "models" => "The key's own list of models, or `all`, the default.",
        "published" => "The key's own list of published names, or `all`, the default.",
        "datasets" => "The key's datasets, or `all`.",
        "key" => "The key's identifier.",
        "labels" => "The key's labels.",
        "body" => "What else the body says: numbers, texts and null.",
        "headers" => "The request's headers.",
        "each" => {
            "What the case is repeated for: values for `${NAME}` in its texts, an entry for each time."
        }
        "skip" => "Why the case is not run.",
        "expect" => "What is to be decided.",
        _ => return None,
    })
}

fn expect(key: &str) -> Option<&'static str> {
    Some(match key {
        "forward" => "The route it is forwarded on, as under `routes`.",
        "model" => "The published name it is forwarded with.",
        "response_model" => "The name the client sees in the answer.",
        "path" => "What GT is sent, from `/v1/` on, without the query.",
        "query" => "The query GT is sent, without `?`.",
        "set_headers" => "The headers the policy sets, all of them.",
        "drop_headers" => "The headers the policy keeps from GT, all of them in any order.",
        "notice" => "What the client is told in `x-signalbox-notice`.",
        "refuse" => "The code it is refused with.",
        "message" => "What the client reads of the refusal.",
        "reason" => "What stands in the record of the refusal.",
        "list" => "The models it lists.",
        _ => return None,
    })
}
