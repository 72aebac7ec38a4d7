//! One of the two policies that are asked.

use signalbox_policy::{
    Caller, Header, RouteDescription,
    fences::{self, Asked, Scopes},
    gt::{CONVERSATION_HEADER, ConversationHeader},
};
use signalbox_runtime::Plugin;

use crate::loaded::Loaded;

#[derive(Clone)]
pub(super) struct Side<'p> {
    pub(super) plugin: &'p Plugin,
    pub(super) has_tables: bool,
    /// Those that it asks for, but for the conversation's.
    plain: Vec<Header<'p>>,
    in_conversation: Vec<Header<'p>>,
}

impl<'p> Side<'p> {
    pub(super) const fn without_headers(plugin: &'p Plugin) -> Self {
        Self {
            plugin,
            has_tables: false,
            plain: Vec::new(),
            in_conversation: Vec::new(),
        }
    }

    /// A request that lacks a header is refused in both: what is asked has those that are looked at.
    pub(super) fn with_headers(loaded: &'p Loaded) -> Self {
        let names = &loaded.plugin.description().headers;
        let value = VALUE.as_bytes();
        let all = names.iter().map(|name| Header { name, value });
        let in_conversation: Vec<_> = all.collect();
        let mut plain = in_conversation.clone();
        plain.retain(|header| header.name != CONVERSATION_HEADER);
        Self {
            plugin: &loaded.plugin,
            has_tables: loaded.tables.is_some(),
            plain,
            in_conversation,
        }
    }

    pub(super) fn headers(&self, method: &str, path: &str) -> &[Header<'p>] {
        match ConversationHeader::of(method, path) {
            ConversationHeader::Required => &self.in_conversation,
            ConversationHeader::Optional | ConversationHeader::NotTaken => &self.plain,
        }
    }

    pub(super) fn route(&self, named: &RouteDescription) -> Option<&'p RouteDescription> {
        let mut routes = self.plugin.description().routes.iter();
        routes.find(|it| (&it.method, &it.template) == (&named.method, &named.template))
    }

    /// Whether it forwards a route, and the key's fences let this caller use it.
    pub(super) fn lets_in(&self, route: &RouteDescription, caller: &Caller) -> bool {
        self.route(route).is_some_and(|route| {
            let asked = Asked {
                purposes: route.purposes,
                scopes: Scopes::Any(&route.scopes),
                dataset: None,
                conversation: false,
                model: None,
            };
            route.forwarded && fences::check(caller, &asked).is_ok()
        })
    }

    pub(super) fn wants_member(&self, name: &str) -> bool {
        let mut members = self.plugin.description().body_members.iter();
        members.any(|member| member == name)
    }
}

/// What stands in a header that is only looked for.
const VALUE: &str = "signalbox";
