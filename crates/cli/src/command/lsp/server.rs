//! The server: what is asked of it, and what it says by itself.

use std::sync::Arc;

use anyhow::Context as _;
use crossbeam_channel::Sender;
use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability,
    CodeLensOptions, CodeLensParams, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentFormattingParams, ExecuteCommandOptions,
    ExecuteCommandParams, HoverParams, HoverProviderCapability, OneOf, ServerCapabilities,
    TextDocumentSyncCapability, TextDocumentSyncKind,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use signalbox_policy::{Document, NotReformatted, gt_routes::GtRoutes, reformat};

use super::{
    buffers::Buffers,
    cases::{RUN, Runner, lenses},
    diagnose::{self, Findings},
    fixes::fixes,
    hover,
    kind::Kind,
    lines::Lines,
    outline,
};

pub(super) struct Server {
    editor: Sender<Message>,
    table: Arc<GtRoutes>,
    buffers: Buffers,
    /// What the editor was told last.
    told: Findings,
    runner: Runner,
}

/// Why a request is not answered.
struct Refused(ErrorCode, String);

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        Self(ErrorCode::RequestFailed, format!("{error:#}"))
    }
}

pub(super) fn capabilities() -> ServerCapabilities {
    let full = TextDocumentSyncKind::FULL;
    let actions = CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
        ..CodeActionOptions::default()
    };
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(full)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
        code_lens_provider: Some(CodeLensOptions {
            resolve_provider: Some(false),
        }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: vec![RUN.to_owned()],
            ..ExecuteCommandOptions::default()
        }),
        ..ServerCapabilities::default()
    }
}

impl Server {
    pub(super) fn new(editor: Sender<Message>, table: Arc<GtRoutes>) -> Self {
        Self {
            editor,
            table,
            buffers: Buffers::default(),
            told: Findings::new(),
            runner: Runner::default(),
        }
    }

    /// Answers a request, whatever it is.
    pub(super) fn answer(&mut self, request: Request) -> anyhow::Result<()> {
        let Request { id, method, params } = request;
        let answer = match method.as_str() {
            "textDocument/formatting" => parsed(params).and_then(|it| self.format(&it)),
            "textDocument/hover" => parsed(params).and_then(|it| self.hover(&it)),
            "textDocument/codeAction" => parsed(params).map(|it| self.actions(&it)),
            "textDocument/codeLens" => parsed(params).map(|it| self.lenses(&it)),
            "workspace/executeCommand" => parsed(params).and_then(|it| self.execute(&it)),
            _ => Err(Refused(
                ErrorCode::MethodNotFound,
                format!("`{method}` is not served"),
            )),
        };
        let response = match answer {
            Ok(result) => Response::new_ok(id, result),
            Err(Refused(code, why)) => Response::new_err(id, code as i32, why),
        };
        self.say(response.into())
    }

    /// Takes note of what happened. What cannot be read is nothing that happened.
    pub(super) fn take(&mut self, notification: Notification) -> anyhow::Result<()> {
        let Notification { method, params } = notification;
        match method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(opened) = parsed::<DidOpenTextDocumentParams>(params) {
                    let document = opened.text_document;
                    self.buffers.set(document.uri.as_str(), document.text);
                }
            }
            "textDocument/didChange" => {
                if let Ok(changed) = parsed::<DidChangeTextDocumentParams>(params)
                    && let Some(whole) = changed.content_changes.into_iter().next_back()
                    && whole.range.is_none()
                {
                    self.buffers
                        .set(changed.text_document.uri.as_str(), whole.text);
                }
            }
            "textDocument/didClose" => {
                if let Ok(closed) = parsed::<DidCloseTextDocumentParams>(params) {
                    self.buffers.remove(closed.text_document.uri.as_str());
                }
            }
            // Files that others include may have changed on the disk.
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {}
            _ => return Ok(()),
        }
        self.diagnose()
    }

    /// Tells the editor what is new about each file.
    fn diagnose(&mut self) -> anyhow::Result<()> {
        let found = diagnose::all(&self.buffers, &self.table);
        let gone = self.told.keys().filter(|uri| !found.contains_key(*uri));
        let gone: Vec<(String, Value)> = gone.map(|uri| (uri.clone(), json!([]))).collect();
        let is_new = |(uri, it): &(&String, &Vec<_>)| self.told.get(*uri) != Some(*it);
        let new = found.iter().filter(is_new);
        let new = new.map(|(uri, it)| (uri.clone(), json!(it)));
        let messages: Vec<(String, Value)> = gone.into_iter().chain(new).collect();
        for (uri, diagnostics) in messages {
            let params = json!({"uri": uri, "diagnostics": diagnostics});
            let method = "textDocument/publishDiagnostics".to_owned();
            self.say(Notification::new(method, params).into())?;
        }
        self.told = found;
        Ok(())
    }

    fn format(&self, params: &DocumentFormattingParams) -> Result<Value, Refused> {
        let text = self.text(params.text_document.uri.as_str())?;
        let formatted = reformat(text).map_err(|error| match error {
            NotReformatted::Invalid(found) => {
                let first = found.first().map(ToString::to_string).unwrap_or_default();
                Refused(ErrorCode::RequestFailed, first)
            }
            error @ NotReformatted::WouldDiffer => {
                Refused(ErrorCode::RequestFailed, error.to_string())
            }
        })?;
        if formatted == text {
            return Ok(json!([]));
        }
        Ok(json!([{"range": Lines::of(text).all(), "newText": formatted}]))
    }

    fn hover(&self, params: &HoverParams) -> Result<Value, Refused> {
        let place = &params.text_document_position_params;
        let uri = place.text_document.uri.as_str();
        let text = self.text(uri)?;
        let entry = Document::parse(text)
            .ok()
            .and_then(|document| outline::at(&document, text, place.position.line));
        let checked = self.checked(uri);
        let policy = checked
            .as_ref()
            .and_then(|it| it.valid())
            .map(|it| it.policy());
        let shown = policy
            .zip(entry)
            .and_then(|(policy, entry)| hover::shown(policy, &entry));
        Ok(shown.map_or(
            Value::Null,
            |shown| json!({"contents": {"kind": "markdown", "value": shown}}),
        ))
    }

    fn actions(&self, params: &CodeActionParams) -> Value {
        let uri = params.text_document.uri.as_str();
        let found = self.told.get(uri).map(Vec::as_slice).unwrap_or_default();
        fixes(uri, found, params.range)
    }

    fn lenses(&self, params: &CodeLensParams) -> Value {
        let uri = params.text_document.uri.as_str();
        let buffer = self.buffers.get(uri);
        let buffer = buffer.filter(|it| Kind::of(&it.text) == Kind::Document);
        let document = buffer.and_then(|it| Document::parse(&it.text).ok());
        document.map_or_else(|| json!([]), |document| lenses(uri, &document))
    }

    fn execute(&mut self, params: &ExecuteCommandParams) -> Result<Value, Refused> {
        let arguments: Vec<&str> = params.arguments.iter().filter_map(Value::as_str).collect();
        let [uri, name] = arguments.as_slice() else {
            let why = format!("`{RUN}` takes a URI and the name of a case");
            return Err(Refused(ErrorCode::InvalidParams, why));
        };
        if params.command != RUN {
            let why = format!("`{}` is no command", params.command);
            return Err(Refused(ErrorCode::InvalidParams, why));
        }
        let checked = self.checked(uri).context("the document is not open")?;
        let resolved = checked.valid().context("the document has errors")?;
        let report = self.runner.run(resolved, name)?;
        // 3 says that it is for information, 1 that it is an error.
        let kind = if report.passed() { 3 } else { 1 };
        let params = json!({"type": kind, "message": report.to_text()});
        self.say(Notification::new("window/showMessage".to_owned(), params).into())?;
        Ok(report.to_json(uri))
    }

    /// The document of a URI with all that is wrong with it.
    fn checked(&self, uri: &str) -> Option<crate::checked::Checked> {
        let buffer = self.buffers.get(uri)?;
        let is_document = Kind::of(&buffer.text) == Kind::Document;
        is_document.then(|| diagnose::check(&self.buffers, buffer, &self.table))
    }

    fn text(&self, uri: &str) -> Result<&str, Refused> {
        let buffer = self.buffers.get(uri).context("the text is not open")?;
        Ok(&buffer.text)
    }

    fn say(&self, message: Message) -> anyhow::Result<()> {
        self.editor.send(message).context("the editor is gone")
    }
}

fn parsed<T: DeserializeOwned>(params: Value) -> Result<T, Refused> {
    serde_json::from_value(params)
        .map_err(|error| Refused(ErrorCode::InvalidParams, error.to_string()))
}
