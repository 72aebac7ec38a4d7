//! How much of memory a decision takes.

use signalbox_policy::{Decision, Forward, ListMode, Refusal};

/// Bytes of a decision's texts, and what each takes beside.
pub(crate) fn of_decision(decision: &Decision) -> usize {
    match decision {
        Decision::ReadModel => 0,
        Decision::ListModels(ListMode::Only(names)) => texts(names),
        Decision::ListModels(ListMode::Catalogue | ListMode::Upstream) => 0,
        Decision::Refuse(Refusal {
            status: _,
            code,
            message,
            param,
            reason,
        }) => code.len() + message.len() + param.as_ref().map_or(0, String::len) + reason.len(),
        Decision::Forward(forward) => of_forward(forward),
    }
}

fn of_forward(forward: &Forward) -> usize {
    let Forward {
        route: _,
        parameters,
        query,
        model,
        response_model,
        notice,
        set_headers,
        drop_headers,
        labels,
    } = forward;
    let words = [query, model, response_model, notice];
    let words = words.map(|text| text.as_ref().map_or(0, String::len));
    let headers = set_headers.iter().map(|it| it.name.len() + it.value.len());
    pairs(parameters)
        + words.iter().sum::<usize>()
        + headers.sum::<usize>()
        + texts(drop_headers)
        + pairs(labels)
}

/// Of many small ones each counts for what it takes beside its text.
pub(crate) fn texts(texts: &[String]) -> usize {
    texts
        .iter()
        .map(|text| text.len() + size_of::<String>())
        .sum()
}

fn pairs(pairs: &[(String, String)]) -> usize {
    let one =
        |(name, value): &(String, String)| name.len() + value.len() + size_of::<(String, String)>();
    pairs.iter().map(one).sum()
}
