//! Changes of ceilings.

use super::Changes;
use crate::{Document, Effort, Text, document::Ceilings};

/// One member that a ceiling can be for.
type Member = fn(&mut Ceilings) -> &mut Option<Text>;

/// The ceilings that `of` finds in a document.
pub(super) fn changes(
    written: &Ceilings,
    found: &mut Changes,
    of: impl Fn(&mut Document) -> Option<&mut Ceilings> + Copy + 'static,
) {
    let members: [(&str, &Option<Text>, Member); 3] = [
        ("max_tokens", &written.max_tokens, |it| &mut it.max_tokens),
        ("n", &written.n, |it| &mut it.n),
        ("reasoning_effort", &written.reasoning_effort, |it| {
            &mut it.reasoning_effort
        }),
    ];
    for (name, value, member) in members {
        let Some(value) = value else { continue };
        let (more, less) = beside(&value.value);
        let asks = more.as_deref().unwrap_or("more");
        let above =
            format!("add a case whose body asks for `{name}: {asks}` and expects `above_ceiling`");
        let mut set = |change: String, help: &str, to: Option<String>| {
            found.add(change, help, move |document| {
                if let Some(ceilings) = of(document) {
                    *member(ceilings) = to.as_deref().map(Text::from);
                }
            });
        };
        set(format!("ceiling of `{name}` dropped"), &above, None);
        if more.is_some() {
            set(format!("ceiling of `{name}` raised"), &above, more.clone());
        }
        if less.is_some() {
            let at = &value.value;
            let help = format!("add a case whose body asks for `{name}: {at}` and is answered");
            set(format!("ceiling of `{name}` lowered"), &help, less);
        }
    }
}

/// The next more and the next less that a ceiling can be.
fn beside(value: &str) -> (Option<String>, Option<String>) {
    if let Ok(number) = value.parse::<u32>() {
        let less = number.checked_sub(1).filter(|it| *it > 0);
        let more = number.checked_add(1);
        return (more.map(|it| it.to_string()), less.map(|it| it.to_string()));
    }
    let place = Effort::ALL.iter().position(|it| it.word() == value);
    let word = |place: Option<usize>| {
        let effort = Effort::ALL.get(place?)?;
        Some(effort.word().to_owned())
    };
    (
        word(place.map(|it| it + 1)),
        word(place.and_then(|it| it.checked_sub(1))),
    )
}
