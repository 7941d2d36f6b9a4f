//! The body of a graph: `let x = Dense(64)(image);` and so on.

use super::layer;
use crate::ast::{Binding, Call, Callee, Graph, Layer, Port, Value};
use crate::cursor::{Cursor, Piece, pieces, place_of, without_invisible_groups};
use crate::errors::{Errors, Place};
use crate::names::{is_reserved, plain};
use proc_macro2::{Delimiter, Group, Ident, Punct, Span, TokenStream, TokenTree};
use std::collections::HashSet;

/// Reads the statements between `braces`.
pub(super) fn graph(
    tokens: &[TokenTree],
    inputs: &[Port],
    braces: &Group,
    errors: &mut Errors,
) -> Graph {
    let inputs: Vec<_> = inputs
        .iter()
        .filter_map(|port| port.name.as_ref())
        .map(plain)
        .collect();
    let mut reader = Reader {
        example: inputs.first().cloned().unwrap_or_else(|| "x".to_owned()),
        names: inputs.into_iter().chain(let_names(tokens)).collect(),
        graph: Graph {
            layers: Vec::new(),
            bindings: Vec::new(),
            braces: braces.span(),
            incomplete: false,
        },
        told: Vec::new(),
        errors,
    };
    for piece in pieces(tokens, &[';']) {
        reader.piece(&piece, braces.span_close());
    }
    reader.graph
}

/// Whether anything in the body is bound with `let`.
pub(super) fn has_let(body: &[TokenTree]) -> bool {
    body.iter()
        .any(|token| matches!(token, TokenTree::Ident(word) if word == "let"))
}

/// The `let` that the body starts with, if the layer behind it is applied: `let x = Dense(64)(image)`.
pub(super) fn starts_with_applied_let(body: &[TokenTree]) -> Option<Place> {
    let mut cursor = Cursor::new(body, Span::call_site());
    while cursor.is_symbol(0, "#") && cursor.group(1, Delimiter::Bracket).is_some() {
        cursor.take(2);
    }
    let applied = body.windows(2).any(|pair| {
        pair.iter().all(|token| {
            matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis)
        })
    });
    (applied && cursor.is_ident(0, "let")).then(|| cursor.here())
}

/// The name that the last `let` binds.
pub(super) fn last_name(body: &[TokenTree]) -> Option<String> {
    let_names(body).pop()
}

/// The names that the body binds, also where `let` was forgotten.
fn let_names(body: &[TokenTree]) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor = Cursor::new(body, Span::call_site());
    while !cursor.is_empty() {
        let name = if cursor.is_ident(0, "let") {
            // With a type, or without anything behind it.
            cursor.next();
            if cursor.is_ident(0, "mut") {
                cursor.next();
            }
            cursor.ident(0)
        } else {
            cursor.ident(0).filter(|_| cursor.is_symbol(1, "="))
        };
        names.extend(name.filter(|name| !is_reserved(name)).map(plain));
        cursor.next();
    }
    names
}

/// Habits of other languages that show in every line. One gets one message, however often it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// `Flatten(), Dense(10)`
    List,
    /// `x = Dense(10)(x);`
    NoLet,
    /// A line that does not end with `;`.
    NoSemicolon,
    /// `let x = Dense(10)(x),`
    Comma,
    /// `model.add(Dense(10));`
    Add,
}

pub(super) struct Reader<'a> {
    /// Every name that is bound anywhere: `tower(x)` applies a layer, `Dense(x)` does not.
    pub(super) names: HashSet<String>,
    /// A value to show in messages.
    pub(super) example: String,
    pub(super) graph: Graph,
    told: Vec<Habit>,
    pub(super) errors: &'a mut Errors,
}

impl Reader<'_> {
    fn tell(&mut self, habit: Habit, place: impl Into<Place>, problem: &str, help: &str) {
        if !self.told.contains(&habit) {
            self.told.push(habit);
            self.errors.push_help(place, problem, help);
        }
    }

    /// `model.add(..)`: the same text wherever it shows.
    pub(super) fn tell_added(&mut self, place: Place) {
        let help = format!("write `let x = Dense(10)({});`", self.example);
        self.tell(
            Habit::Add,
            place,
            "a layer is applied to a value, not added to a model",
            &help,
        );
    }

    /// Adds a layer.
    pub(super) fn layer(&mut self, layer: Layer) -> usize {
        self.graph.layers.push(layer);
        self.graph.layers.len() - 1
    }

    pub(super) fn is_bound(&self, name: &Ident) -> bool {
        self.names.contains(&plain(name))
    }

    /// Reads what stands between two semicolons: one statement, or several if a semicolon is missing.
    fn piece(&mut self, piece: &Piece<'_>, end: Span) {
        let tokens = without_invisible_groups(piece.tokens);
        let last = tokens.last().map_or(end, TokenTree::span);
        let mut cursor = Cursor::new(&tokens, piece.separator.map_or(end, Punct::span));
        while !cursor.is_empty() {
            let is_statement = self.statement(&mut cursor);
            if cursor.is_symbol(0, ",") {
                // In a list of layers it is part of the same mistake.
                if is_statement {
                    self.tell(
                        Habit::Comma,
                        cursor.here(),
                        "a `let` ends with `;`",
                        "write `;` for each `,`",
                    );
                }
                cursor.next();
            } else if !cursor.is_empty() {
                self.missing_semicolon(&mut cursor);
            } else if piece.separator.is_none() && is_statement {
                self.tell(
                    Habit::NoSemicolon,
                    last,
                    "`;` is missing behind this",
                    "write `;` behind each `let x = ..`",
                );
            }
        }
    }

    /// What follows a statement in front of the next `;`.
    fn missing_semicolon(&mut self, cursor: &mut Cursor<'_>) {
        let starts_statement = cursor.is_ident(0, "let")
            || cursor.is_symbol(0, "#")
            || cursor.ident(0).is_some() && cursor.is_symbol(1, "=");
        if starts_statement || cursor.ident(0).is_some_and(|word| !self.is_bound(word)) {
            self.tell(
                Habit::NoSemicolon,
                cursor.here(),
                "`;` is missing in front of this",
                "write `;` behind each `let x = ..`",
            );
            return;
        }
        self.errors.push_help(
            cursor.rest_place(),
            "a value ends here",
            "values are put together by a layer or by an operator: `Add()(x, y)`, `x + y`",
        );
        cursor.take_all();
    }

    /// Reads one statement, or what somebody took for one. True if it was a `let`, or nearly one.
    fn statement(&mut self, cursor: &mut Cursor<'_>) -> bool {
        let docs = layer::docs(cursor, self.errors);
        if cursor.is_ident(0, "let") {
            cursor.next();
            return self.binding(cursor, docs);
        }
        if let Some(name) = cursor.ident(0).filter(|_| cursor.is_symbol(1, "=")) {
            if model(cursor) {
                self.errors.push_help(
                    cursor.rest_place(),
                    "`network!` is the model: its inputs and outputs stand in the header",
                    "take this line out",
                );
                cursor.take_all();
                return true;
            }
            self.tell(
                Habit::NoLet,
                name.span(),
                "a value is made with `let`",
                &format!("write `let {name} = ..;`"),
            );
            return self.binding(cursor, docs);
        }
        if cursor.is_empty() {
            return false;
        }
        self.unnamed(cursor)
    }

    /// Reads `x = ..`, the `let` in front of it being read. True if there is a value in it.
    fn binding(&mut self, cursor: &mut Cursor<'_>, docs: Vec<TokenStream>) -> bool {
        if let Some(word) = cursor.ident(0).filter(|word| *word == "mut") {
            self.errors.push_help(
                word.span(),
                "a value does not change",
                "take `mut` out; another `let` of the same name hides it",
            );
            cursor.next();
        }
        let name = self.name(cursor);
        self.equals(cursor);
        let mut value = if cursor.is_symbol(0, ",") {
            self.missing_value(cursor)
        } else {
            self.value(cursor)
        };
        if let Value::Layer(layer)
        | Value::Call(Call {
            callee: Callee::Layer(layer),
            ..
        }) = &mut value
            && let Some(layer) = self.graph.layers.get_mut(*layer)
        {
            layer.docs.splice(0..0, docs);
        }
        let is_value = !matches!(value, Value::Hole);
        self.graph.bindings.push(Binding { name, value });
        is_value
    }

    /// Reads the name of a value.
    fn name(&mut self, cursor: &mut Cursor<'_>) -> Option<Ident> {
        let place = cursor.here();
        let Some(name) = cursor.ident(0) else {
            self.graph.incomplete = true;
            let (problem, help) = match cursor.peek(0) {
                Some(TokenTree::Group(_)) => {
                    cursor.next();
                    (
                        "a layer gives one value, and it has one name",
                        "write `let x = ..;`",
                    )
                }
                _ => ("the name of the value is missing", "write `let x = ..;`"),
            };
            self.errors.push_help(place, problem, help);
            return None;
        };
        cursor.next();
        if name == "_" {
            self.graph.incomplete = true;
            self.errors.push_help(
                place,
                "a value without a name is never used",
                "give it a name, or take the line out",
            );
            return None;
        }
        if is_reserved(name) {
            self.graph.incomplete = true;
            self.errors.push_help(
                place,
                format!("`{name}` is a word of Rust and cannot name a value"),
                "choose another name",
            );
            return None;
        }
        Some(name.clone())
    }

    /// Reads the `=` of a `let`.
    fn equals(&mut self, cursor: &mut Cursor<'_>) {
        if cursor.is_symbol(0, ":")
            && let Some(equals) = cursor.rest().iter().position(is_equals)
        {
            let place = place_of(cursor.take(equals), Span::call_site());
            self.errors.push_help(
                place,
                "the type of a value is worked out from its shape",
                "take it out: `let x = ..;`",
            );
        }
        if cursor.is_symbol(0, "=") {
            cursor.next();
            return;
        }
        let place = cursor.here();
        if cursor.is_symbol(0, ":") {
            cursor.next();
        }
        if !cursor.is_empty() {
            self.errors.push_help(
                place,
                "`=` is missing behind the name of the value",
                "write `let x = ..;`",
            );
        }
    }

    /// Reads a statement that names nothing. True if it was a value all the same.
    fn unnamed(&mut self, cursor: &mut Cursor<'_>) -> bool {
        self.graph.incomplete = true;
        let word = cursor.ident(0).map(Ident::to_string);
        if let Some(word) = word.as_deref()
            && [
                "return", "if", "for", "while", "loop", "match", "fn", "const", "use",
            ]
            .contains(&word)
        {
            let help = match word {
                "return" => "the outputs stand in the header; take this line out",
                _ => "write `let x = Layer(..)(value);` for each layer",
            };
            self.errors.push_help(
                cursor.rest_place(),
                format!("a graph has no `{word}`"),
                help,
            );
            cursor.take_all();
            return false;
        }
        let start = *cursor;
        let value = self.value(cursor);
        let place = place_of(start.until(cursor), Span::call_site());
        match value {
            Value::Layer(_) => {
                let help = format!(
                    "write `let x = Flatten()({});` for each layer, or take the names out of the header",
                    self.example
                );
                self.tell(
                    Habit::List,
                    place,
                    "with named inputs and outputs, each layer is applied to a value",
                    &help,
                );
                false
            }
            Value::Call(_) => {
                self.errors
                    .push_help(place, "what this gives has no name", "write `let x = ..;`");
                true
            }
            Value::Name(name) => {
                self.errors.push_help(
                    name.span(),
                    "this line does nothing",
                    "take it out; the outputs stand in the header",
                );
                false
            }
            // It has its message.
            Value::Hole => false,
        }
    }
}

/// `model = Model(inputs, outputs)`, `model = keras.Model(..)`
fn model(cursor: &Cursor<'_>) -> bool {
    let mut cursor = *cursor;
    cursor.take(2);
    while cursor.ident(0).is_some() && cursor.is_symbol(1, ".") {
        cursor.take(2);
    }
    cursor.is_ident(0, "Model") && cursor.group(1, Delimiter::Parenthesis).is_some()
}

fn is_equals(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '=')
}
