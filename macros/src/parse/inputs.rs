//! What a layer is applied to: `(x, y)`.

use super::graph::Reader;
use crate::ast::Value;
use crate::cursor::{Cursor, pieces, tokens_of, without_invisible_groups};
use proc_macro2::{Delimiter, Group, Ident, TokenTree};

impl Reader<'_> {
    /// Reads what a layer is applied to: `(x, y)`, or Keras' `([x, y])`.
    pub(super) fn inputs(&mut self, group: &Group, shown: &str, name: &Ident) -> Vec<Value> {
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
}
