//! The values of a graph: `x`, `Dense(64)(x)`, `tower(x)`, `x + y`.

use super::graph::Reader;
use super::layer::{self, Read};
use crate::ast::{Call, Callee, Layer, Value};
use crate::cursor::{Cursor, pieces, place_of, stream, tokens_of, without_invisible_groups};
use crate::errors::Place;
use crate::keras::{self, LayerName};
use crate::names::is_reserved;
use crate::text;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenTree};
use syn::{Expr, parse_quote};

/// The operators that stand for a layer.
const OPERATORS: &[(&str, &str)] = &[("+", "Add"), ("-", "Subtract"), ("*", "Multiply")];

/// Operators that people try.
const OTHER_OPERATORS: &[&str] = &["/", "%", "@", "|", "||", "&", "&&", "^", "==", "<", ">"];

/// A message has room for that much of a value.
const WIDTH: usize = 60;

impl Reader<'_> {
    /// Reads a value. Whatever stands there, something is read.
    pub(super) fn value(&mut self, cursor: &mut Cursor<'_>) -> Value {
        let start = *cursor;
        let mut value = self.product(cursor);
        while cursor.is_symbol(0, "+") || cursor.is_symbol(0, "-") {
            value = self.operation(value, &start, cursor, Self::product);
        }
        for operator in OTHER_OPERATORS {
            if cursor.is_symbol(0, operator) {
                self.graph.incomplete = true;
                self.errors.push_help(
                    place_of(cursor.take(operator.len()), Span::call_site()),
                    format!("values have no operator `{operator}`"),
                    "they have `+`, `-` and `*`; anything else is a layer",
                );
                self.value(cursor);
                return Value::Hole;
            }
        }
        value
    }

    /// Reads `x * y`, which binds more tightly.
    fn product(&mut self, cursor: &mut Cursor<'_>) -> Value {
        let start = *cursor;
        let mut value = self.operand(cursor);
        while cursor.is_symbol(0, "*") {
            value = self.operation(value, &start, cursor, Self::operand);
        }
        value
    }

    /// Reads the operator and what follows it.
    fn operation(
        &mut self,
        left: Value,
        start: &Cursor<'_>,
        cursor: &mut Cursor<'_>,
        right: fn(&mut Self, &mut Cursor<'_>) -> Value,
    ) -> Value {
        let Some(operator) = cursor.next() else {
            return left;
        };
        let symbol = operator.to_string();
        let right = right(self, cursor);
        let name = OPERATORS.iter().find(|(known, _)| *known == symbol);
        let (Some((_, name)), false) =
            (name, matches!((&left, &right), (Value::Hole, Value::Hole)))
        else {
            return Value::Hole;
        };
        let written = start.until(cursor);
        let text = shown(written).unwrap_or_else(|| format!("`.. {symbol} ..`"));
        let place = place_of(written, operator.span());
        let layer = self.layer(bare_layer(name, operator.span()));
        Value::Call(Call {
            callee: Callee::Layer(layer),
            inputs: vec![left, right],
            written: Some((text, place)),
        })
    }

    fn operand(&mut self, cursor: &mut Cursor<'_>) -> Value {
        match cursor.peek(0) {
            None => self.missing_value(cursor),
            Some(TokenTree::Ident(name)) => self.named(name, cursor),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                cursor.next();
                self.parenthesized(group)
            }
            Some(TokenTree::Punct(_)) if cursor.is_symbol(0, "&") => {
                self.errors.push_help(
                    cursor.here(),
                    "values are not borrowed",
                    "take `&` out; a value may be used as often as you like",
                );
                cursor.next();
                self.operand(cursor)
            }
            Some(TokenTree::Punct(_)) if cursor.is_symbol(0, "::") || cursor.is_symbol(0, "#") => {
                self.layer_or_call(cursor)
            }
            Some(_) => self.not_a_value(cursor),
        }
    }

    pub(super) fn missing_value(&mut self, cursor: &mut Cursor<'_>) -> Value {
        self.graph.incomplete = true;
        let help = format!(
            "write a layer that is applied: `Dense(10)({})`",
            self.example
        );
        self.errors
            .push_help(cursor.here(), "a value is missing here", help);
        Value::Hole
    }

    fn not_a_value(&mut self, cursor: &mut Cursor<'_>) -> Value {
        self.graph.incomplete = true;
        // `3 * Dense(250)`
        if cursor.literal(0).is_some() && cursor.is_symbol(1, "*") {
            self.errors.push_help(
                place_of(cursor.take(2), Span::call_site()),
                "layers are repeated in a list, and this is a graph",
                "write each one out, or put them into a network of their own, which is a layer of this one",
            );
            return self.operand(cursor);
        }
        let help = format!(
            "a value is an input, the name of a `let`, or an applied layer: `Dense(10)({})`",
            self.example
        );
        self.errors
            .push_help(cursor.here(), "this is not a value", help);
        cursor.next();
        self.skip_applications(cursor);
        Value::Hole
    }

    /// Reads what starts with a word: a value, a layer that a `let` has named, or a layer.
    fn named(&mut self, name: &Ident, cursor: &mut Cursor<'_>) -> Value {
        if cursor.is_symbol(1, ":") && self.label_of_a_value(name, cursor) {
            return self.operand(cursor);
        }
        let group = cursor.group(1, Delimiter::Parenthesis);
        if let Some(group) = group
            && self.is_bound(name)
        {
            let written = cursor.take(2);
            let text = shown(written).unwrap_or_else(|| format!("`{name}(..)`"));
            let place = Place {
                first: name.span(),
                last: group.span(),
            };
            let inputs = self.inputs(group, &format!("`{name}`"), name);
            self.skip_applications(cursor);
            return Value::Call(Call {
                callee: Callee::Name(name.clone()),
                inputs,
                written: Some((text, place)),
            });
        }
        if let Some(group) = group
            && let Some(value) = self.values_as_arguments(name, group, cursor)
        {
            return value;
        }
        if cursor.is_symbol(1, ".") && self.is_bound(name) {
            cursor.next();
            self.graph.incomplete = true;
            let mut behind = *cursor;
            while behind.is_symbol(0, ".") {
                behind.take(2);
                while let Some(TokenTree::Group(_)) = behind.peek(0) {
                    behind.next();
                }
            }
            let place = place_of(cursor.until(&behind), name.span());
            self.errors.push_help(
                place,
                format!("`{name}` is a value and has no methods"),
                format!("apply a layer to it: `Flatten()({name})`"),
            );
            *cursor = behind;
            return Value::Hole;
        }
        let is_layer = match cursor.peek(1) {
            Some(TokenTree::Group(_) | TokenTree::Literal(_)) => true,
            Some(TokenTree::Punct(_)) => ["::", ":", "<", "."]
                .iter()
                .any(|symbol| cursor.is_symbol(1, symbol)),
            _ => false,
        };
        if is_layer {
            return self.layer_or_call(cursor);
        }
        if is_reserved(name) {
            return self.not_a_value(cursor);
        }
        cursor.next();
        Value::Name(name.clone())
    }

    /// `encoder: x`, `encoder: tower(x)`
    fn label_of_a_value(&mut self, label: &Ident, cursor: &mut Cursor<'_>) -> bool {
        let Some(name) = cursor.ident(2).filter(|name| self.is_bound(name)) else {
            return false;
        };
        self.errors.push_help(
            label.span(),
            format!("only a layer is named this way, and `{name}` has its name already"),
            format!("take `{label}:` out"),
        );
        cursor.take(2);
        true
    }

    /// `(x)`
    fn parenthesized(&mut self, group: &Group) -> Value {
        let tokens = without_invisible_groups(&tokens_of(group.stream()));
        let mut cursor = Cursor::new(&tokens, group.span_close());
        let value = self.value(&mut cursor);
        if !cursor.is_empty() {
            self.graph.incomplete = true;
            self.errors.push_help(
                group.span(),
                "these parentheses hold more than one value",
                "values are put together by a layer: `Add()(x, y)`",
            );
            return Value::Hole;
        }
        value
    }

    /// Reads `Dense(64)` and what it is applied to.
    fn layer_or_call(&mut self, cursor: &mut Cursor<'_>) -> Value {
        let mut layer = match layer::layer(cursor, self.errors) {
            Read::Layer(layer) => *layer,
            Read::Added(place, ..) => {
                self.tell_added(place);
                return self.unreadable(cursor);
            }
            Read::Wrapped(..) | Read::Nothing | Read::Hole => return self.unreadable(cursor),
        };
        if layer.times > 1 {
            layer.times = 1;
            self.errors.push_help(
                layer.place(),
                "layers are repeated in a list, and this is a graph",
                "write each one out, or put them into a network of their own, which is a layer of this one",
            );
        }
        let Some(group) = cursor.group(0, Delimiter::Parenthesis) else {
            let moved = self.take_values(&mut layer);
            let index = self.layer(layer);
            if moved.is_empty() {
                return Value::Layer(index);
            }
            return Value::Call(Call {
                callee: Callee::Layer(index),
                inputs: moved.into_iter().map(Value::Name).collect(),
                written: None,
            });
        };
        cursor.next();
        let text = text::layer(&layer);
        let kind = layer.kind().cloned();
        let index = self.layer(layer);
        let fallback = Ident::new("Layer", Span::call_site());
        let inputs = self.inputs(group, &text, kind.as_ref().unwrap_or(&fallback));
        self.skip_applications(cursor);
        Value::Call(Call {
            callee: Callee::Layer(index),
            inputs,
            written: None,
        })
    }

    /// What comes out of this is unknown; why has been noted.
    fn unreadable(&mut self, cursor: &mut Cursor<'_>) -> Value {
        self.graph.incomplete = true;
        while cursor.group(0, Delimiter::Parenthesis).is_some() {
            cursor.next();
        }
        Value::Hole
    }

    /// `Dense(3)(x)(y)`
    fn skip_applications(&mut self, cursor: &mut Cursor<'_>) {
        while let Some(group) = cursor.group(0, Delimiter::Parenthesis) {
            self.graph.incomplete = true;
            self.errors.push_help(
                group.span(),
                "in front of this stands a value, and only a layer is applied",
                "take these parentheses out",
            );
            cursor.next();
        }
    }

    /// Reads what a layer is applied to: `(x, y)`, or Keras' `([x, y])`.
    fn inputs(&mut self, group: &Group, shown: &str, name: &Ident) -> Vec<Value> {
        let mut tokens = without_invisible_groups(&tokens_of(group.stream()));
        let mut end = group.span_close();
        let list = match tokens.as_slice() {
            [TokenTree::Group(list)] => Some(list.clone()),
            [TokenTree::Group(list), TokenTree::Punct(comma)] if comma.as_char() == ',' => {
                Some(list.clone())
            }
            _ => None,
        };
        if let Some(list) = list
            && list.delimiter() == Delimiter::Bracket
        {
            tokens = without_invisible_groups(&tokens_of(list.stream()));
            end = list.span_close();
        }
        if tokens.is_empty() {
            self.graph.incomplete = true;
            let help = format!(
                "write one in these parentheses: `{name}(..)({})`",
                self.example
            );
            let help = match shown.ends_with("()`") {
                true => help.replace("(..)", "()"),
                false if self.is_bound(name) => help.replace("(..)", ""),
                false => help,
            };
            self.errors.push_help(
                group.span(),
                format!("{shown} is applied to no value"),
                help,
            );
            return Vec::new();
        }
        let mut values = Vec::new();
        for piece in pieces(&tokens, &[',']) {
            if piece.tokens.is_empty() {
                if let Some(comma) = piece.separator {
                    self.errors.push_help(
                        comma.span(),
                        "there is no value in front of this comma",
                        "take the comma out",
                    );
                }
                continue;
            }
            let mut cursor = Cursor::new(piece.tokens, end);
            if self.skip_option(&mut cursor) {
                continue;
            }
            while !cursor.is_empty() {
                values.push(self.value(&mut cursor));
                self.missing_comma(&mut cursor);
            }
        }
        values
    }

    /// `training = True`
    fn skip_option(&mut self, cursor: &mut Cursor<'_>) -> bool {
        let Some(name) = cursor.ident(0).filter(|_| cursor.is_symbol(1, "=")) else {
            return false;
        };
        let help = match name.to_string().as_str() {
            "training" => "take it out; `fit` trains, and `predict` does not",
            "inputs" | "x" | "input" => "write the value alone",
            _ => "options stand in the parentheses of the layer: `Dense(10, activation = relu)(x)`",
        };
        let is_value = help == "write the value alone";
        self.errors
            .push_help(name.span(), format!("`{name}` is no value"), help);
        cursor.take(2);
        if !is_value {
            cursor.take_all();
        }
        cursor.is_empty()
    }

    /// What follows a value in front of the next comma.
    fn missing_comma(&mut self, cursor: &mut Cursor<'_>) {
        if cursor.is_empty() {
            return;
        }
        if cursor.ident(0).is_some() {
            self.errors.push_help(
                cursor.here(),
                "`,` is missing in front of this value",
                "write a comma between two values",
            );
            return;
        }
        self.graph.incomplete = true;
        self.errors.push_help(
            cursor.rest_place(),
            "a value ends in front of this",
            "a value is a name or an applied layer: `x`, `Dense(10)(x)`",
        );
        cursor.take_all();
    }

    /// `Flatten(x)`, `Add([x, y])`, `relu(x)`: a layer without the parentheses of its own.
    fn values_as_arguments(
        &mut self,
        name: &Ident,
        group: &Group,
        cursor: &mut Cursor<'_>,
    ) -> Option<Value> {
        if is_reserved(name) || cursor.group(2, Delimiter::Parenthesis).is_some() {
            return None;
        }
        let values = self.bound_names(group)?;
        let inputs = text::tokens(group.stream());
        let (kind, call) = match keras::layer(&name.to_string()) {
            LayerName::Known | LayerName::Foreign => (name.to_string(), None),
            LayerName::Written(correct) => (correct.to_owned(), None),
            LayerName::Function(word) => ("Activation".to_owned(), Some(word)),
            // It has a message of its own.
            LayerName::NotYet(_) => return None,
        };
        let example = match call {
            Some(word) => format!("Activation({word})"),
            None => keras::example(&kind).map_or_else(|| format!("{kind}()"), str::to_owned),
        };
        self.errors.push_help(
            Place {
                first: name.span(),
                last: group.span(),
            },
            "a layer has parentheses of its own, in front of those with the values",
            format!("write `{example}({inputs})`"),
        );
        cursor.take(2);
        let mut layer = bare_layer(&kind, name.span());
        layer.last = group.span();
        if let Some(word) = call {
            let word = Ident::new(word, name.span());
            layer.arguments.push(crate::ast::Argument {
                name: None,
                value: parse_quote!(#word),
            });
        } else {
            layer.incomplete = keras::needs_arguments(&kind);
        }
        let layer = self.layer(layer);
        self.skip_applications(cursor);
        Some(Value::Call(Call {
            callee: Callee::Layer(layer),
            inputs: values.into_iter().map(Value::Name).collect(),
            written: None,
        }))
    }

    /// The names of values that are all there is in these parentheses, or in brackets in them.
    fn bound_names(&self, group: &Group) -> Option<Vec<Ident>> {
        let mut tokens = tokens_of(group.stream());
        if let [TokenTree::Group(list)] = tokens.as_slice()
            && list.delimiter() == Delimiter::Bracket
        {
            tokens = tokens_of(list.stream());
        }
        let names: Option<Vec<Ident>> = pieces(&tokens, &[','])
            .iter()
            .map(|piece| match piece.tokens {
                [TokenTree::Ident(name)] if self.is_bound(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        names.filter(|names| !names.is_empty())
    }

    /// `Dense(10, x)`: takes the values out of the arguments of a layer that is applied to nothing.
    fn take_values(&mut self, layer: &mut Layer) -> Vec<Ident> {
        let mut values = Vec::new();
        for argument in std::mem::take(&mut layer.arguments) {
            let name = match &argument.value {
                Expr::Path(path) if argument.name.is_none() => path.path.get_ident().cloned(),
                _ => None,
            };
            match name.filter(|name| self.is_bound(name)) {
                Some(name) => values.push(name),
                None => layer.arguments.push(argument),
            }
        }
        if let Some(value) = values.first() {
            let text = text::layer(layer);
            let names: Vec<_> = values.iter().map(Ident::to_string).collect();
            self.errors.push_help(
                value.span(),
                "a value does not stand among the arguments of a layer",
                format!(
                    "write it in parentheses of its own: `{}({})`",
                    text.trim_matches('`'),
                    names.join(", ")
                ),
            );
        }
        values
    }
}

/// A layer without arguments, at one place.
fn bare_layer(name: &str, span: Span) -> Layer {
    Layer {
        docs: Vec::new(),
        label: None,
        path: Ident::new(name, span).into(),
        arguments: Vec::new(),
        last: span,
        times: 1,
        incomplete: false,
    }
}

/// Some tokens as messages show them, if they are short enough.
fn shown(tokens: &[TokenTree]) -> Option<String> {
    let text = text::tokens(stream(tokens));
    (text.len() <= WIDTH).then(|| format!("`{text}`"))
}
