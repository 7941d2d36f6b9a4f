//! A language server driven without an editor: LSP over its standard input and output.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The first start builds dfdx for the server's `cargo check`.
const READY: Duration = Duration::from_secs(900);
const ANSWER: Duration = Duration::from_secs(120);

/// What the server answers when the text has changed under its hands.
const CONTENT_MODIFIED: i64 = -32801;

/// A running server with one open file.
pub struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    requests: i64,
    version: i64,
    file: PathBuf,
    text: String,
    /// The last thing the server said of its own state.
    quiescent: bool,
}

/// Where a definition is.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The file's name.
    pub file: String,
    /// The line that the name stands in, without the spaces around it.
    pub line: String,
}

impl Server {
    /// Starts `binary` on the package in `root`, opens `file` of it and waits until all is loaded.
    pub fn start(binary: &Path, root: &Path, target: &Path, file: &Path) -> Self {
        let mut process = Command::new(binary)
            .current_dir(root)
            .env("CARGO_NET_OFFLINE", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("rust-analyzer starts");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = output;
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut server = Server {
            process,
            input,
            messages,
            requests: 0,
            version: 0,
            file: file.to_owned(),
            text: std::fs::read_to_string(file).expect("the file is there"),
            quiescent: false,
        };
        server.initialize(root, target);
        server
    }

    fn initialize(&mut self, root: &Path, target: &Path) {
        self.request(
            "initialize",
            json!({
                "processId": std::process::id(),
                "rootUri": uri(root),
                "capabilities": {
                    "textDocument": {
                        "hover": { "contentFormat": ["markdown"] },
                        "definition": { "linkSupport": true },
                        "diagnostic": {},
                    },
                    "experimental": { "serverStatusNotification": true },
                },
                "initializationOptions": {
                    "cachePriming": { "enable": false },
                    "cargo": { "targetDir": target },
                    "checkOnSave": false,
                },
            }),
        );
        self.notify("initialized", json!({}));
        let document = json!({
            "uri": uri(&self.file), "languageId": "rust", "version": 0, "text": self.text,
        });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        while !self.quiescent {
            let message = self.next(READY);
            self.handle(&message);
        }
    }

    /// The markdown that is shown at the start of `place`.
    pub fn hover(&mut self, place: &str) -> String {
        let answer = self.at("textDocument/hover", place, json!({}));
        match &answer["contents"]["value"] {
            Value::String(text) => text.clone(),
            _ => panic!("nothing is shown at `{place}`: {answer}"),
        }
    }

    /// Where "go to definition" at the start of `place` leads.
    pub fn definitions(&mut self, place: &str) -> Vec<Target> {
        let answer = self.at("textDocument/definition", place, json!({}));
        let targets = answer.as_array().expect("a list of places");
        targets
            .iter()
            .map(|target| {
                let path = target["targetUri"].as_str().expect("an address");
                let path = Path::new(path.strip_prefix("file://").expect("a file"));
                let text = if path == self.file {
                    self.text.clone()
                } else {
                    std::fs::read_to_string(path).expect("the file is there")
                };
                let line = number(&target["targetSelectionRange"]["start"]["line"]);
                Target {
                    file: path
                        .file_name()
                        .expect("a file")
                        .to_string_lossy()
                        .into_owned(),
                    line: text.lines().nth(line).unwrap_or("").trim().to_owned(),
                }
            })
            .collect()
    }

    /// The text after the name at the start of `place` has been changed everywhere.
    pub fn renamed(&mut self, place: &str, new: &str) -> String {
        let answer = self.at("textDocument/rename", place, json!({ "newName": new }));
        let changed = answer["documentChanges"]
            .as_array()
            .unwrap_or_else(|| panic!("`{place}` cannot be renamed: {answer}"));
        assert_eq!(changed.len(), 1, "{answer}");
        assert_eq!(
            changed[0]["textDocument"]["uri"],
            uri(&self.file),
            "{answer}"
        );
        let edits = changed[0]["edits"].as_array().expect("a list of edits");
        let mut edits: Vec<_> = edits
            .iter()
            .map(|edit| {
                let range = &edit["range"];
                let place = |end: &str| self.offset(&range[end]);
                (
                    place("start")..place("end"),
                    edit["newText"].as_str().expect("text"),
                )
            })
            .collect();
        edits.sort_by_key(|(range, _)| range.start);
        let mut text = self.text.clone();
        for (range, new) in edits.into_iter().rev() {
            text.replace_range(range, new);
        }
        text
    }

    /// What is offered when `old` is replaced by `new`, at the `|` in it. The text is as before afterwards.
    pub fn completions(&mut self, old: &str, new: &str) -> Vec<String> {
        let cursor = new.find('|').expect("a cursor");
        let start = self.text.find(old).expect("text to replace");
        let before = self.text.clone();
        self.change(before.replacen(old, &new.replace('|', ""), 1));
        let position = self.position(start + cursor);
        let answer = self.request(
            "textDocument/completion",
            json!({ "textDocument": { "uri": uri(&self.file) }, "position": position }),
        );
        self.change(before);
        let items = answer.get("items").unwrap_or(&answer);
        let items = items.as_array().cloned().unwrap_or_default();
        items
            .iter()
            .filter_map(|item| item["label"].as_str())
            .map(str::to_owned)
            .collect()
    }

    /// The messages of the server itself when `old` is replaced by `new`. The text is as before afterwards.
    pub fn diagnostics(&mut self, old: &str, new: &str) -> Vec<String> {
        let before = self.text.clone();
        self.change(before.replacen(old, new, 1));
        let answer = self.request(
            "textDocument/diagnostic",
            json!({ "textDocument": { "uri": uri(&self.file) } }),
        );
        self.change(before);
        let items = answer["items"].as_array().cloned();
        items
            .unwrap_or_else(|| panic!("no list of messages: {answer}"))
            .iter()
            .filter_map(|item| item["message"].as_str())
            .map(str::to_owned)
            .collect()
    }

    /// The text as it is.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn change(&mut self, text: String) {
        self.version += 1;
        let document = json!({ "uri": uri(&self.file), "version": self.version });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        );
        self.text = text;
    }

    fn at(&mut self, method: &str, place: &str, mut parameters: Value) -> Value {
        let offset = self.text.find(place).expect("a place in the text");
        parameters["textDocument"] = json!({ "uri": uri(&self.file) });
        parameters["position"] = self.position(offset);
        self.request(method, parameters)
    }

    /// The text is ASCII, so that LSP's columns are bytes.
    fn position(&self, offset: usize) -> Value {
        let before = &self.text[..offset];
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        json!({ "line": before.matches('\n').count(), "character": offset - line })
    }

    fn offset(&self, position: &Value) -> usize {
        let line = number(&position["line"]);
        let start: usize = self
            .text
            .split_inclusive('\n')
            .take(line)
            .map(str::len)
            .sum();
        start + number(&position["character"])
    }

    /// The answer, or the error in its place.
    fn request(&mut self, method: &str, parameters: Value) -> Value {
        loop {
            self.requests += 1;
            let id = self.requests;
            self.send(&json!({ "id": id, "method": method, "params": parameters }));
            let mut answer = loop {
                let message = self.next(ANSWER);
                if message["id"] == id && message.get("method").is_none() {
                    break message;
                }
                self.handle(&message);
            };
            match answer.get("error") {
                Some(error) if error["code"] == CONTENT_MODIFIED => {}
                Some(error) => return error.clone(),
                None => return answer["result"].take(),
            }
        }
    }

    fn handle(&mut self, message: &Value) {
        if message["method"] == "experimental/serverStatus" {
            let status = &message["params"];
            assert_ne!(status["health"], "error", "{status}");
            self.quiescent = status["quiescent"] == true;
        } else if message.get("method").is_some()
            && let Some(id) = message.get("id")
        {
            // The server asks for nothing that matters here.
            self.send(&json!({ "id": id, "result": null }));
        }
    }

    fn next(&mut self, limit: Duration) -> Value {
        match self.messages.recv_timeout(limit) {
            Ok(message) => message,
            Err(error) => panic!("rust-analyzer does not answer: {error}"),
        }
    }

    fn notify(&mut self, method: &str, parameters: Value) {
        self.send(&json!({ "method": method, "params": parameters }));
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = json!("2.0");
        let message = message.to_string();
        write!(
            self.input,
            "Content-Length: {}\r\n\r\n{message}",
            message.len()
        )
        .and_then(|()| self.input.flush())
        .expect("rust-analyzer reads");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that fails must not leave it behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The next message, until the server ends.
fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut message = vec![0; length];
    output.read_exact(&mut message).ok()?;
    serde_json::from_slice(&message).ok()
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn number(value: &Value) -> usize {
    value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .expect("a number")
}
