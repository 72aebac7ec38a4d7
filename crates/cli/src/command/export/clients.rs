//! The clients of GT's runbooks, by their names.

mod developer_tools;
mod frameworks;
mod sdks;
mod workflows;

use super::client::Client;

/// Every client, in the order of GT's runbooks.
pub(super) fn all() -> impl Iterator<Item = &'static Client> {
    let groups = [
        sdks::CLIENTS,
        frameworks::CLIENTS,
        workflows::CLIENTS,
        developer_tools::CLIENTS,
    ];
    groups.into_iter().flatten()
}

/// The client of a name; or of the name that comes closest, if one does.
pub(super) fn find(name: &str) -> Result<&'static Client, Option<&'static str>> {
    let wanted = folded(name);
    let names = || all().flat_map(|client| names_of(client).map(move |name| (name, client)));
    if let Some((_, client)) = names().find(|(name, _)| folded(name) == wanted) {
        return Ok(client);
    }
    let near = names().map(|(name, client)| (strsim::osa_distance(&wanted, &folded(name)), client));
    let near = near.filter(|(distance, _)| *distance <= 2.max(wanted.len() / 4));
    Err(near
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, client)| client.slug))
}

fn names_of(client: &'static Client) -> impl Iterator<Item = &'static str> {
    [client.slug, client.name]
        .into_iter()
        .chain(client.also.iter().copied())
}

/// Letters and digits alone, in lower case.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_runbook_has_its_client_and_nothing_else_has_one() {
        let slugs: BTreeSet<_> = all().map(|client| client.slug.to_owned()).collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/runbooks");
        let names = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let runbooks: BTreeSet<_> = names
            .filter_map(|name| Some(name.to_str()?.strip_suffix(".yaml")?.to_owned()))
            .filter(|name| name != "full")
            .collect();
        assert_eq!(slugs, runbooks);
        assert_eq!(all().count(), 23);
    }

    #[test]
    fn every_file_is_of_a_known_kind_and_named_once() {
        for client in all() {
            let mut names = BTreeSet::new();
            for template in client.files {
                let format = super::super::literal::Format::of(template.file);
                assert!(format.is_some(), "{}", template.file);
                assert!(names.insert(template.file), "{}", template.file);
            }
        }
    }

    #[test]
    fn clients_are_found_by_any_of_their_names() {
        for name in ["open-webui", "Open WebUI", "openwebui", "OPEN_WEBUI"] {
            assert_eq!(
                find(name).map(|client| client.slug),
                Ok("open-webui"),
                "{name}"
            );
        }
        assert_eq!(find("roo code").map(|client| client.slug), Ok("cline-roo"));
        assert_eq!(
            find("libre-chatt").map(|client| client.slug),
            Err(Some("librechat"))
        );
        assert_eq!(find("something else").map(|client| client.slug), Err(None));
    }
}
