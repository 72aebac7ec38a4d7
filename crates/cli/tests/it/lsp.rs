//! `lsp`: an editor's messages over stdin and stdout.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::signalbox::command;

/// An editor with the server it started.
struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last_id: i64,
    /// What the server said by itself and nobody has looked at.
    said: Vec<Value>,
}

impl Editor {
    fn start() -> Self {
        let mut editor = Self::unready();
        let hello = json!({"processId": null, "rootUri": null, "capabilities": {}});
        let answer = editor.ask("initialize", &hello);
        assert_eq!(
            answer.pointer("/result/capabilities/hoverProvider"),
            Some(&json!(true))
        );
        editor.tell("initialized", &json!({}));
        editor
    }

    fn unready() -> Self {
        let mut child = command(&["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            last_id: 0,
            said: Vec::new(),
        }
    }

    fn raw(&mut self, bytes: &str) {
        self.input
            .as_mut()
            .unwrap()
            .write_all(bytes.as_bytes())
            .unwrap();
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(&format!("Content-Length: {}\r\n\r\n{text}", text.len()));
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Asks, and keeps what the server says before it answers.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.read();
            if message.get("id").and_then(Value::as_i64) == Some(id) {
                return message;
            }
            self.said.push(message);
        }
    }

    fn read(&mut self) -> Value {
        let mut length = None;
        loop {
            let mut line = String::new();
            assert!(
                self.output.read_line(&mut line).unwrap() > 0,
                "the server ended"
            );
            match line.trim_end().split_once(": ") {
                None => break,
                Some((_, number)) => length = number.parse().ok(),
            }
        }
        let mut text = vec![0; length.unwrap()];
        self.output.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// Opens or changes a text, and gives what is said of each file then.
    fn write(&mut self, uri: &str, text: &str) -> Vec<(String, Vec<Value>)> {
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", &json!({"textDocument": document}));
        self.diagnostics()
    }

    fn change(&mut self, uri: &str, text: &str) -> Vec<(String, Vec<Value>)> {
        let params =
            json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]});
        self.tell("textDocument/didChange", &params);
        self.diagnostics()
    }

    /// What was said of files up to now.
    fn diagnostics(&mut self) -> Vec<(String, Vec<Value>)> {
        // Whatever came before is said before this is answered.
        self.ask("signalbox/nothing", &json!({}));
        let said = self.said.drain(..);
        let of = |message: Value| {
            let at = |pointer| message.pointer(pointer).unwrap_or(&Value::Null);
            assert_eq!(
                at("/method"),
                "textDocument/publishDiagnostics",
                "{message}"
            );
            let found = at("/params/diagnostics").as_array().unwrap().clone();
            (at("/params/uri").as_str().unwrap().to_owned(), found)
        };
        said.map(of).collect()
    }

    fn end(mut self) -> (Option<i32>, String) {
        self.input = None;
        let mut stderr = String::new();
        let mut from = self.child.stderr.take().unwrap();
        from.read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code(), stderr)
    }
}

fn place(line: u32, character: u32) -> Value {
    json!({"line": line, "character": character})
}

fn range(from: (u32, u32), to: (u32, u32)) -> Value {
    json!({"start": place(from.0, from.1), "end": place(to.0, to.1)})
}

fn codes(found: &[Value]) -> Vec<&str> {
    found
        .iter()
        .map(|it| it["code"].as_str().unwrap())
        .collect()
}

const UNSAVED: &str = "untitled:Untitled-1";

const POLICY: &str = "policy: p
routes:
  GET /v1/models: {verdict: native}
  POST /v1/chat/completions: {verdict: native, scope: \"inference:chat\", model: json}
models:
  gpt-4o: {published: support-agent}
cases:
  - name: chat goes to the agent
    request: POST /v1/chat/completions
    model: gpt-4o
    preset: chat-client
    expect: {forward: POST /v1/chat/completions, model: support-agent}
  - name: wrong
    request: GET /v1/models
    expect: {refuse: unknown_route}
";

#[test]
fn a_mistake_is_told_where_it_stands_and_fixed() {
    let mut editor = Editor::start();
    // 𝒳 takes two units of UTF-16, four bytes and one character.
    let text = "policy: p\nroutes:\n  GET /v1/models: {because: 𝒳, verdit: native}\n";
    let said = editor.write(UNSAVED, text);
    let [(uri, found)] = said.as_slice() else {
        panic!("{said:#?}");
    };
    assert_eq!((uri.as_str(), codes(found)), (UNSAVED, vec!["unknown_key"]));
    let here = range((2, 32), (2, 38));
    assert_eq!(
        (&found[0]["range"], &found[0]["severity"]),
        (&here, &json!(1))
    );
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.ends_with("help: did you mean `verdict`?"),
        "{message}"
    );

    let asked = json!({"textDocument": {"uri": UNSAVED}, "range": range((2, 33), (2, 33)), "context": {"diagnostics": found}});
    let actions = editor.ask("textDocument/codeAction", &asked);
    let action = &actions["result"][0];
    assert_eq!(action["title"], "Write `verdict`");
    assert_eq!(
        action["edit"]["changes"][UNSAVED],
        json!([{"range": here, "newText": "verdict"}])
    );
    let elsewhere = json!({"textDocument": {"uri": UNSAVED}, "range": range((0, 0), (0, 3)), "context": {"diagnostics": []}});
    assert_eq!(
        editor.ask("textDocument/codeAction", &elsewhere)["result"],
        json!([])
    );

    let said = editor.change(UNSAVED, &text.replace("verdit", "verdict"));
    assert_eq!(said, [(UNSAVED.to_owned(), vec![])]);
    let said = editor.change(UNSAVED, &format!("{text}sets: {{a: []}}\n"));
    assert_eq!(said.len(), 1);
    editor.tell(
        "textDocument/didClose",
        &json!({"textDocument": {"uri": UNSAVED}}),
    );
    assert_eq!(editor.diagnostics(), [(UNSAVED.to_owned(), vec![])]);
}

#[test]
fn a_warning_is_one() {
    let mut editor = Editor::start();
    let text = POLICY.replace("cases:", "sets: {small: [gpt-4o]}\ncases:");
    let said = editor.write(UNSAVED, &text);
    assert_eq!(codes(&said[0].1), ["unused_set"]);
    assert_eq!(said[0].1[0]["severity"], 2);
    assert_eq!(said[0].1[0]["range"], range((6, 7), (6, 12)));
}

#[test]
fn included_files_count_as_the_editor_shows_them() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let uri = |name: &str| format!("file://{}", folder.join(name).display());
    let base = "routes:\n  GET /v1/models: {verdict: native}\n";
    fs::write(folder.join("base.yaml"), base).unwrap();
    let mut editor = Editor::start();
    let own = uri("policy.yaml");
    let said = editor.write(&own, "policy: p\ninclude: base.yaml\n");
    assert_eq!(said, [(own.clone(), vec![])]);

    // In the editor alone.
    let said = editor.write(&uri("base.yaml"), &base.replace("native", "natve"));
    let of_base: Vec<_> = said
        .iter()
        .filter(|(it, _)| *it == uri("base.yaml"))
        .collect();
    let [(_, found)] = of_base.as_slice() else {
        panic!("{said:#?}");
    };
    assert_eq!(codes(found), ["unknown_verdict"]);
    assert_eq!(found[0]["data"], "native");
    assert!(
        said.iter()
            .all(|(it, found)| *it != own || found.is_empty()),
        "{said:#?}"
    );

    // On the disk it never was.
    editor.tell(
        "textDocument/didClose",
        &json!({"textDocument": {"uri": uri("base.yaml")}}),
    );
    let said = editor.diagnostics();
    assert_eq!(said, [(uri("base.yaml"), vec![])]);
    let said = editor.change(&own, "policy: p\ninclude: other.yaml\n");
    assert_eq!(codes(&said[0].1), ["unreadable_include"]);
}

#[test]
fn a_text_is_formatted_or_stays() {
    let mut editor = Editor::start();
    let asked =
        json!({"textDocument": {"uri": UNSAVED}, "options": {"tabSize": 8, "insertSpaces": false}});
    let text = "policy:   p # 𝒳\nroutes:\n      GET /v1/models: { verdict: native }";
    editor.write(UNSAVED, text);
    let edits = &editor.ask("textDocument/formatting", &asked)["result"];
    let formatted = "policy: p  # 𝒳\nroutes:\n  GET /v1/models: {verdict: native}\n";
    assert_eq!(
        edits,
        &json!([{"range": range((0, 0), (2, 41)), "newText": formatted}])
    );
    editor.change(UNSAVED, formatted);
    assert_eq!(
        editor.ask("textDocument/formatting", &asked)["result"],
        json!([])
    );
    editor.change(UNSAVED, "policy: [");
    let refused = editor.ask("textDocument/formatting", &asked);
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("yaml_syntax"),
        "{refused}"
    );
}

#[test]
fn an_entry_is_explained() {
    let mut editor = Editor::start();
    editor.write(UNSAVED, POLICY);
    let mut shown = |line: u32| {
        let asked = json!({"textDocument": {"uri": UNSAVED}, "position": place(line, 5)});
        let answer = editor.ask("textDocument/hover", &asked);
        answer["result"]["contents"]["value"]
            .as_str()
            .map(str::to_owned)
    };
    assert_eq!(shown(0), None);
    let route = shown(3).unwrap();
    assert!(
        route.contains("A key with `inference:chat` that asks for `gpt-4o`"),
        "{route}"
    );
    assert!(
        route.contains("forward to POST /v1/chat/completions as model support-agent"),
        "{route}"
    );
    assert!(shown(2).unwrap().contains("answer with the models"));
    assert!(shown(5).unwrap().contains("model_rule"));
    let case = shown(14).unwrap();
    assert!(case.contains("GET /v1/models\n"), "{case}");
    editor.change(UNSAVED, "policy: p\nroutes: 4\n");
    let asked = json!({"textDocument": {"uri": UNSAVED}, "position": place(1, 2)});
    assert_eq!(
        editor.ask("textDocument/hover", &asked)["result"],
        Value::Null
    );
}

#[test]
fn a_case_is_run_in_the_runtime() {
    let mut editor = Editor::start();
    editor.write(UNSAVED, POLICY);
    let lenses = editor.ask(
        "textDocument/codeLens",
        &json!({"textDocument": {"uri": UNSAVED}}),
    );
    let lenses = lenses["result"].as_array().unwrap().clone();
    let lines: Vec<&Value> = lenses
        .iter()
        .map(|it| &it["range"]["start"]["line"])
        .collect();
    assert_eq!(lines, [7, 12]);
    for (lens, kind, passed) in [(&lenses[0], 3, 1), (&lenses[1], 1, 0)] {
        let command = &lens["command"];
        let asked = json!({"command": command["command"], "arguments": command["arguments"]});
        let answer = editor.ask("workspace/executeCommand", &asked);
        assert_eq!(answer["result"]["passed"], passed, "{answer}");
        let said = editor.said.pop().unwrap();
        assert_eq!(said["method"], "window/showMessage");
        assert_eq!(said["params"]["type"], kind, "{said}");
    }
    for arguments in [
        json!([]),
        json!([UNSAVED, "no such case"]),
        json!(["untitled:2", "wrong"]),
    ] {
        let asked = json!({"command": "signalbox.runCase", "arguments": arguments});
        assert!(editor.ask("workspace/executeCommand", &asked)["error"].is_object());
    }
}

#[test]
fn the_editor_ends_it() {
    let mut editor = Editor::start();
    assert_eq!(editor.ask("shutdown", &Value::Null)["result"], Value::Null);
    editor.tell("exit", &Value::Null);
    assert_eq!(editor.end().0, Some(0));
    let mut hasty = Editor::start();
    hasty.tell("exit", &Value::Null);
    let said = "error: the editor said `exit` before `shutdown`\n".to_owned();
    assert_eq!(hasty.end(), (Some(1), said));
}

#[test]
fn an_editor_that_goes_away_without_a_word_is_told_of() {
    let mut greeted = Editor::unready();
    greeted.ask("initialize", &json!({"capabilities": {}}));
    let mut shut_down = Editor::start();
    shut_down.ask("shutdown", &Value::Null);
    for editor in [Editor::unready(), greeted, Editor::start(), shut_down] {
        let said = "error: the input ended before `exit`\n".to_owned();
        assert_eq!(editor.end(), (Some(1), said));
    }
}

#[test]
fn messages_out_of_order_end_it_and_are_not_shown() {
    let document = json!({"uri": UNSAVED, "languageId": "yaml", "version": 1, "text": "secret"});
    let opened = json!({"textDocument": document});
    let mut greeted = Editor::unready();
    greeted.ask("initialize", &json!({"capabilities": {}}));
    let mut shut_down = Editor::start();
    shut_down.ask("shutdown", &Value::Null);
    for (mut editor, after, wanted) in [
        (greeted, "initialize", "initialized"),
        (shut_down, "shutdown", "exit"),
    ] {
        editor.tell("textDocument/didOpen", &opened);
        let said = format!("error: the editor's message after `{after}` is not `{wanted}`\n");
        assert_eq!(editor.end(), (Some(1), said));
    }
    let mut editor = Editor::unready();
    editor.send(&json!({"jsonrpc": "2.0", "id": 1, "result": "secret"}));
    let said = "error: the editor's first message is not `initialize`\n".to_owned();
    assert_eq!(editor.end(), (Some(1), said));
}

#[test]
fn a_strange_message_does_not_end_it() {
    let mut editor = Editor::start();
    let unknown = editor.ask("textDocument/rename", &json!({}));
    assert_eq!(unknown["error"]["code"], -32601);
    for params in [
        json!(null),
        json!([]),
        json!({"textDocument": 4}),
        json!({"position": {"line": -1}}),
    ] {
        let wrong = editor.ask("textDocument/hover", &params);
        assert_eq!(wrong["error"]["code"], -32602, "{wrong}");
    }
    let far = json!({"textDocument": {"uri": UNSAVED}, "position": place(u32::MAX, u32::MAX)});
    assert!(editor.ask("textDocument/hover", &far)["error"].is_object());
    editor.tell("textDocument/didOpen", &json!({"textDocument": "none"}));
    editor.tell(
        "textDocument/didChange",
        &json!({"textDocument": {"uri": UNSAVED, "version": 1}, "contentChanges": []}),
    );
    editor.tell("$/cancelRequest", &json!({"id": 4}));
    assert_eq!(editor.diagnostics(), []);
    // Texts that say nothing of a policy are none of ours.
    let said = editor.write(UNSAVED, "keys: [");
    assert_eq!(said, [(UNSAVED.to_owned(), vec![])]);
}

/// What is wrong is said, and nothing of the message: it may hold a document.
#[test]
fn what_is_no_message_ends_it() {
    let no_length = "its Content-Length is no number up to 64 MiB";
    let cut = "the input ended in the middle of it";
    let long = format!("a: {}\r\n\r\n", "a".repeat(9000));
    for (broken, why) in [
        (
            "Content-Length: 9\r\n\r\n{\"secret\"",
            "it is not JSON at line 1, column 9",
        ),
        (
            "Content-Length: 8\r\n\r\n\"secret\"",
            "it is neither a request nor a response nor a notification",
        ),
        ("Content-Length: 64\r\n\r\n{\"secret\"", cut),
        ("Content-Length: 64\r\nsecret: ", cut),
        // No room is made for what does not come.
        ("Content-Length: 67108864\r\n\r\n{}", cut),
        ("Content-Length: 67108865\r\n\r\n{}", no_length),
        ("Content-Length: 9999999999\r\n\r\n{}", no_length),
        ("Content-Length: 99999999999999999999\r\n\r\n{}", no_length),
        ("Content-Length: secret\r\n\r\n", no_length),
        ("Secret: 4\r\n\r\n", "it has no Content-Length"),
        ("{}\r\n\r\n", "a line of its head is no header"),
        (long.as_str(), "its head is longer than 8 KiB"),
    ] {
        let mut editor = Editor::start();
        editor.raw(broken);
        let said = format!("error: message 3 of the editor cannot be read: {why}\n");
        assert_eq!(editor.end(), (Some(1), said), "{broken}");
    }
}

#[test]
fn of_many_mistakes_the_first_are_told_each_once() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let uri = |name: &str| format!("file://{}", folder.join(name).display());
    let wrong = |count: u32| {
        let models: Vec<String> = (0..count)
            .map(|it| format!("  m{it}: {{publishd: a}}\n"))
            .collect();
        format!("models:\n{}", models.concat())
    };
    let mut editor = Editor::start();
    let head = "policy: p\nroutes:\n  GET /v1/models: {verdict: native}\n";
    for (count, told) in [(999, 999), (1000, 1000), (1500, 1001)] {
        let said = editor.write(UNSAVED, &format!("{head}{}", wrong(count)));
        assert_eq!(said[0].1.len(), told);
    }
    let said = editor.change(UNSAVED, &format!("{head}{}", wrong(1501)));
    let (last, rest) = said[0].1.split_last().unwrap();
    assert!(codes(rest).iter().all(|it| *it == "unknown_key"));
    assert_eq!(rest[999]["range"], range((1003, 9), (1003, 17)));
    assert_eq!(last["message"], "not shown from here on: 501 more");
    assert_eq!(last["severity"], 3);
    assert_eq!(last["range"], range((1004, 10), (1004, 18)));

    // On the disk, for two documents.
    fs::write(folder.join("base.yaml"), wrong(3)).unwrap();
    let document = format!("{head}include: base.yaml\n");
    let mut said = editor.write(&uri("a.yaml"), &document);
    said.extend(editor.write(&uri("b.yaml"), &document));
    said.retain(|(it, _)| *it == uri("base.yaml"));
    let [(_, found)] = said.as_slice() else {
        panic!("{said:#?}");
    };
    assert_eq!(codes(found), ["unknown_key"; 3]);
    assert_eq!(found[2]["range"], range((3, 7), (3, 15)));
}

#[test]
fn the_documents_of_the_repository_have_nothing_to_say() {
    let mut editor = Editor::start();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/runbooks/aider.yaml");
    let path = path.canonicalize().unwrap();
    let uri = format!("file://{}", path.display());
    let said = editor.write(&uri, &fs::read_to_string(&path).unwrap());
    assert_eq!(said, [(uri, vec![])]);
}
