//! A catalogue as the text of a policy document.

use signalbox_policy::{
    Document, Endpoint, List, ModelSource, Position, Text,
    document::{Choice, Model, Published, Route, Scope},
    format,
};

use super::catalogue::{Catalogue, Entry};

/// The text of a document called `name` with these models, and lines of comment before it.
pub(super) fn text(name: &str, about: &str, catalogue: &Catalogue, lines: &[String]) -> String {
    let endpoints = Endpoint::ALL.into_iter();
    let endpoints: Vec<_> = endpoints
        .filter(|endpoint| {
            catalogue
                .entries()
                .any(|(_, entry)| entry.endpoints.contains(endpoint))
        })
        .collect();
    let mut document = Document::default();
    document.policy = Some(name.into());
    document.about = Some(about.into());
    document.routes = Some(
        [models_route()]
            .into_iter()
            .chain(endpoints.iter().map(route))
            .collect(),
    );
    document.models = catalogue
        .entries()
        .map(|(name, entry)| model(name, entry, &endpoints))
        .collect();
    let comments: String = lines
        .iter()
        .map(|line| format!("# {}\n", comment(line)))
        .collect();
    comments + &format(&document)
}

/// A line that is one to every YAML reader.
fn comment(line: &str) -> String {
    let is_shown =
        |c: char| c.is_alphanumeric() || c.is_ascii_punctuation() || c == ' ' || c == '…';
    line.chars()
        .map(|c| if is_shown(c) { c } else { '?' })
        .collect()
}

fn models_route() -> Route {
    let mut route = Route::default();
    route.key = "GET /v1/models".into();
    route.verdict = Some("native".into());
    route
}

fn route(endpoint: &Endpoint) -> Route {
    let mut route = Route::default();
    route.key = word(format!("POST {}", endpoint.template()));
    route.verdict = Some("native".into());
    route.scope = endpoint.scope().map(|scope| {
        let mut one = Scope::default();
        one.sets = vec![list([scope.to_owned()])];
        one
    });
    route.model = Some(match endpoint.model_source() {
        ModelSource::Multipart => "multipart".into(),
        _ => "json".into(),
    });
    route
}

fn model(name: &str, entry: &Entry, endpoints: &[Endpoint]) -> Model {
    let mut model = Model::default();
    model.name = name.into();
    model.published = published(name, entry);
    if entry.endpoints.len() < endpoints.len() {
        let words = entry
            .endpoints
            .iter()
            .map(|endpoint| endpoint.word().to_owned());
        model.endpoints = Some(list(words));
    }
    if entry.is_unlisted && !name.ends_with('*') {
        model.listed = Some("false".into());
    }
    model
}

fn published(name: &str, entry: &Entry) -> Option<Published> {
    match entry.published.as_slice() {
        [] => None,
        [(only, _)] if only == name => None,
        [(only, _)] => Some(Published::Name(meant(only))),
        several => {
            let weights = whole(several.iter().map(|(_, weight)| *weight));
            let choices = several.iter().zip(weights).map(|((published, _), weight)| {
                let mut choice = Choice::default();
                choice.name = Some(meant(published));
                choice.weight = Some(word(weight.to_string()));
                choice
            });
            Some(Published::Choices(choices.collect(), Position::default()))
        }
    }
}

/// Weights as the language has them, in about the same proportion.
fn whole(weights: impl Iterator<Item = f64> + Clone) -> Vec<u32> {
    let largest = weights.clone().fold(1.0_f64, f64::max);
    let is_whole = weights.clone().all(|weight| weight.fract() == 0.0);
    let scale = match is_whole && largest <= MOST_WEIGHT {
        true => 1.0,
        false => MOST_WEIGHT / largest,
    };
    let whole = weights.map(|weight| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and the largest weight"
        )]
        let weight = (weight * scale).round().clamp(1.0, MOST_WEIGHT) as u32;
        weight
    });
    whole.collect()
}

/// A text that stands for itself, whatever is in it.
fn meant(text: &str) -> Text {
    word(text.replace("${", "$${"))
}

fn word(text: String) -> Text {
    Text {
        value: text,
        position: Position::default(),
    }
}

fn list(words: impl IntoIterator<Item = String>) -> List {
    List {
        items: words.into_iter().map(word).collect(),
        position: Position::default(),
    }
}

/// Enough to keep a proportion, and a sixteenth of what may be added up.
const MOST_WEIGHT: f64 = 10_000.0;

#[cfg(test)]
mod tests {
    #[test]
    fn weights_keep_their_proportion() {
        let whole = |weights: &[f64]| super::whole(weights.iter().copied());
        assert_eq!(whole(&[1.0, 2.0]), [1, 2]);
        assert_eq!(whole(&[0.9, 0.1]), [9000, 1000]);
        assert_eq!(whole(&[1e300, 1.0]), [10_000, 1]);
        assert_eq!(whole(&[3.0]), [3]);
    }
}
