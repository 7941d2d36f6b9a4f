//! The values of a graph: `x`, `Dense(64)(x)`, `tower(x)`, `x + y`.

use super::graph::Reader;
use crate::ast::{Call, Callee, Layer, Value};
use crate::cursor::{Cursor, place_of, tokens_of, without_invisible_groups};
use crate::errors::Place;
use crate::names::is_reserved;
use crate::text;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenTree};

/// The operators that stand for a layer.
const OPERATORS: &[(&str, &str)] = &[("+", "Add"), ("-", "Subtract"), ("*", "Multiply")];

/// Operators that people try.
const OTHER_OPERATORS: &[&str] = &["/", "%", "@", "|", "||", "&", "&&", "^", "==", "<", ">"];

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
        let text = text::shown(written).unwrap_or_else(|| format!("`.. {symbol} ..`"));
        let place = place_of(written, operator.span());
        let layer = self.layer(Layer::bare(name, operator.span()));
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
            let text = text::shown(written).unwrap_or_else(|| format!("`{name}(..)`"));
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
}
