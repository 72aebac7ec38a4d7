//! Which tool a chat request asks to be called, if any.

use serde_json::{Value, json};

use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::routes::schema;

/// A call of a function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ToolCall {
    pub(super) name: String,
    pub(super) arguments: String,
}

impl ToolCall {
    /// `tool_choice` names one, requires one, or leaves it to the message: then a tool the user names is called.
    /// `asked` is the last message if it is the user's.
    pub(super) fn wanted(
        fields: &Fields,
        asked: Option<&str>,
        echo: &str,
    ) -> Result<Option<Self>, Refusal> {
        let tools = functions(fields)?;
        let found = match fields.find("tool_choice") {
            None => mentioned(&tools, asked),
            Some(Value::String(word)) => match word.as_str() {
                "none" => None,
                "auto" => mentioned(&tools, asked),
                "required" => Some(
                    *tools
                        .first()
                        .ok_or_else(|| choice("`required` needs `tools`"))?,
                ),
                _ => {
                    return Err(choice(
                        "`tool_choice` is none, auto, required or a function",
                    ));
                }
            },
            Some(named) => Some(chosen(&tools, named)?),
        };
        Ok(found.map(|function| Self::of(function, echo)))
    }

    /// Without an id: that is the answer's.
    pub(super) fn function(&self, arguments: &str) -> Value {
        json!({"name": self.name, "arguments": arguments})
    }

    fn of(function: &Value, echo: &str) -> Self {
        let nothing = json!({});
        let parameters = function.get("parameters").unwrap_or(&nothing);
        Self {
            name: name(function).unwrap_or_default().to_owned(),
            arguments: schema::example(parameters, echo).to_string(),
        }
    }
}

fn functions(fields: &Fields) -> Result<Vec<&Value>, Refusal> {
    let tools = fields.optional_list("tools")?.iter();
    let functions = tools.map(|tool| {
        tool.get("function")
            .filter(|function| name(function).is_some())
    });
    let functions: Option<Vec<_>> = functions.collect();
    functions.ok_or_else(|| Refusal::field("tools", "each tool is a function with a name"))
}

fn name(function: &Value) -> Option<&str> {
    function
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
}

fn mentioned<'a>(tools: &[&'a Value], asked: Option<&str>) -> Option<&'a Value> {
    let asked = asked?;
    tools
        .iter()
        .copied()
        .find(|function| name(function).is_some_and(|name| asked.contains(name)))
}

fn chosen<'a>(tools: &[&'a Value], choice_of: &Value) -> Result<&'a Value, Refusal> {
    let wanted = choice_of.get("function").and_then(name);
    let found = tools
        .iter()
        .copied()
        .find(|function| wanted.is_some() && name(function) == wanted);
    found.ok_or_else(|| choice("`tool_choice` names a function that is not in `tools`"))
}

fn choice(message: &str) -> Refusal {
    Refusal::field("tool_choice", message)
}
