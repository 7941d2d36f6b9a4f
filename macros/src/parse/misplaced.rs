//! Values that stand where the arguments of a layer belong.

use super::graph::Reader;
use crate::ast::{Argument, Call, Callee, Layer, Value};
use crate::cursor::{Cursor, pieces, tokens_of};
use crate::errors::Place;
use crate::keras::{self, LayerName};
use crate::names::is_reserved;
use crate::text;
use proc_macro2::{Delimiter, Group, Ident, TokenTree};
use syn::{Expr, parse_quote};

impl Reader<'_> {
    /// `Flatten(x)`, `Add([x, y])`, `relu(x)`: a layer without the parentheses of its own.
    pub(super) fn values_as_arguments(
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
        let mut layer = Layer::bare(&kind, name.span());
        layer.last = group.span();
        if let Some(word) = call {
            let word = Ident::new(word, name.span());
            layer.arguments.push(Argument {
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
    pub(super) fn take_values(&mut self, layer: &mut Layer) -> Vec<Ident> {
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
