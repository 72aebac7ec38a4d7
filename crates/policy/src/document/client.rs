//! What a document says of the client it is for.

use super::{
    Client,
    shape::{Present, list, mapping, text},
};
use crate::{
    diagnostic::Findings,
    yaml::{Entry, Node},
};

pub(super) fn client(node: Node, findings: &mut Findings) -> Client {
    let mut client = Client {
        position: node.position,
        ..Client::default()
    };
    let Some(entries) = mapping(node, "`client`", findings) else {
        client.present = Present::EVERYTHING;
        return client;
    };
    for Entry { key, value } in entries {
        client.present.note(&key, "`client`", CLIENT_KEYS, findings);
        match key.value.as_str() {
            "name" => client.name = text(value, "`name`", findings),
            "category" => client.category = text(value, "`category`", findings),
            "compatibility" => client.compatibility = text(value, "`compatibility`", findings),
            "preset" => client.preset = text(value, "`preset`", findings),
            "setup" => client.setup = list(value, "`setup`", findings),
            "caveats" => client.caveats = list(value, "`caveats`", findings),
            "corrections" => client.corrections = list(value, "`corrections`", findings),
            _ => {}
        }
    }
    client
}

pub(crate) const CLIENT_KEYS: &[&str] = &[
    "name",
    "category",
    "compatibility",
    "preset",
    "setup",
    "caveats",
    "corrections",
];
