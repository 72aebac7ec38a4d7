//! What one key may call, as OpenAPI 3.1. What is in it was asked of the policy, one request after
//! another: what it would refuse is left out.

mod bodies;
mod questions;

use serde_json::{Map, Value, json};
use signalbox_policy::{
    Caller, ModelSource, NameList, Names, Purpose, RouteDescription, Rules as _, fences,
    fences::{Asked, Scopes},
    gt::{self, CONVERSATION_HEADER, ConversationHeader},
};
use signalbox_runtime::Plugin;

use super::tables;
use crate::gate_url::GateUrl;
use questions::{Models, Questions};

/// The document for a key of this identifier, or for any. `server` is where clients reach the gate.
pub(super) fn of(
    plugin: &Plugin,
    component: &[u8],
    caller: &Caller,
    key: Option<&str>,
    server: &GateUrl,
) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in &plugin.description().routes {
        let questions = Questions::new(plugin, component, caller, route);
        let Some(operation) = operation(plugin, component, caller, route, &questions) else {
            continue;
        };
        let method = route.method.to_ascii_lowercase();
        add(&mut paths, &route.template, &method, operation);
        if route.is_named("GET /v1/models") {
            let one = model_of_list(&questions.listed());
            add(&mut paths, "/v1/models/{model}", "get", one);
        }
    }
    let description = plugin.description();
    let digest = plugin.digest();
    let whose = key.map_or("any key".to_owned(), |id| format!("the key `{id}`"));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": description.name,
            "version": if description.version.is_empty() { "unversioned" } else { &description.version },
            "description": format!("What {whose} may call. Policy sha256 {digest}."),
        },
        "servers": [{"url": server.root()}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": bodies::schemas(),
        },
    })
}

fn add(paths: &mut Map<String, Value>, template: &str, method: &str, operation: Value) {
    let path = paths.entry(template).or_insert_with(|| json!({}));
    if let Some(path) = path.as_object_mut() {
        path.insert(method.to_owned(), operation);
    }
}

/// What the caller may do on a route; `None` if nothing.
fn operation(
    plugin: &Plugin,
    component: &[u8],
    caller: &Caller,
    route: &RouteDescription,
    questions: &Questions<'_>,
) -> Option<Value> {
    let needs_dataset = gt::dataset(&route.template, Some("")).is_some();
    if !route.forwarded || needs_dataset && caller.datasets == Names::NONE {
        return None;
    }
    let asked = Asked {
        purposes: route.purposes,
        scopes: Scopes::Any(&route.scopes),
        dataset: None,
        conversation: false,
        model: None,
    };
    fences::check(caller, &asked).ok()?;
    let models = match route.model {
        ModelSource::None => questions.is_allowed().then_some(Models::default())?,
        ModelSource::Json | ModelSource::Multipart => questions.models()?,
    };
    let mut operation = json!({
        "operationId": operation_id(&route.method, &route.template),
        "parameters": parameters(plugin, component, caller, route),
        "responses": bodies::responses(&route.method, &route.template),
    });
    let members = operation.as_object_mut()?;
    if let Some(reason) = &route.reason {
        members.insert("description".into(), json!(reason));
    }
    if let Some(body) = bodies::request(route, &models) {
        members.insert("requestBody".into(), body);
    }
    Some(operation)
}

/// `GET /v1/models` answers for one name, too.
fn model_of_list(names: &[String]) -> Value {
    json!({
        "operationId": "getModel",
        "parameters": [{
            "name": "model", "in": "path", "required": true,
            "schema": bodies::one_of(names),
        }],
        "responses": bodies::responses("GET", "/v1/models/{model}"),
    })
}

fn parameters(
    plugin: &Plugin,
    component: &[u8],
    caller: &Caller,
    route: &RouteDescription,
) -> Vec<Value> {
    let mut all = Vec::new();
    for segment in route.template.split('/') {
        let name = segment
            .strip_prefix('{')
            .and_then(|it| it.strip_suffix('}'));
        let Some(name) = name else { continue };
        let is_dataset = gt::dataset(&route.template, Some("")).is_some() && all.is_empty();
        let schema = match &caller.datasets {
            Names::Only(names) if is_dataset && !names.iter().any(|it| it.ends_with('*')) => {
                bodies::one_of(names)
            }
            _ => json!({"type": "string"}),
        };
        all.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
    }
    for name in &route.query {
        all.push(json!({"name": name, "in": "query", "schema": {"type": "string"}}));
    }
    let required = required_headers(plugin, component, route);
    for name in &required {
        let schema = json!({"type": "string", "minLength": 1});
        all.push(json!({"name": name, "in": "header", "required": true, "schema": schema}));
    }
    for name in route.headers.iter().filter(|name| !required.contains(name)) {
        all.push(json!({"name": name, "in": "header", "schema": {"type": "string"}}));
    }
    let conversation = ConversationHeader::of(&route.method, &route.template);
    let may_take_part = caller.purposes.contains(Purpose::Conversation);
    if conversation != ConversationHeader::NotTaken && may_take_part {
        all.push(json!({
            "name": CONVERSATION_HEADER,
            "in": "header",
            "required": conversation == ConversationHeader::Required,
            "schema": {"type": "string"},
        }));
    }
    all
}

/// Those of a policy with tables: what a program asks of a route is not told.
fn required_headers(plugin: &Plugin, component: &[u8], route: &RouteDescription) -> Vec<String> {
    let Some(tables) = tables(plugin, component) else {
        return Vec::new();
    };
    let mut routes = tables.routes();
    let rule = routes.find(|it| (it.method, it.template) == (&route.method, &route.template));
    let names = rule.map(|it| it.required_headers).unwrap_or_default();
    NameList::iter(names).map(str::to_owned).collect()
}

/// `postChatCompletions` for `POST /v1/chat/completions`.
fn operation_id(method: &str, template: &str) -> String {
    let words = template
        .trim_start_matches("/v1/")
        .split(|c: char| !c.is_ascii_alphanumeric());
    let mut id = method.to_ascii_lowercase();
    for word in words {
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_called_after_method_and_path() {
        assert_eq!(
            operation_id("POST", "/v1/chat/completions"),
            "postChatCompletions"
        );
        assert_eq!(operation_id("GET", "/v1/files/{id}"), "getFilesId");
    }
}
