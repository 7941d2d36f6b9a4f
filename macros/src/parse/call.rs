//! An applied layer: `Dense(64)(x)`.

use super::graph::Reader;
use super::layer::{self, Read};
use crate::ast::{Call, Callee, Value};
use crate::cursor::Cursor;
use crate::text;
use proc_macro2::{Delimiter, Ident, Span};

impl Reader<'_> {
    /// Reads `Dense(64)` and what it is applied to.
    pub(super) fn layer_or_call(&mut self, cursor: &mut Cursor<'_>) -> Value {
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
    pub(super) fn unreadable(&mut self, cursor: &mut Cursor<'_>) -> Value {
        self.graph.incomplete = true;
        while cursor.group(0, Delimiter::Parenthesis).is_some() {
            cursor.next();
        }
        Value::Hole
    }

    /// `Dense(3)(x)(y)`
    pub(super) fn skip_applications(&mut self, cursor: &mut Cursor<'_>) {
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
}
