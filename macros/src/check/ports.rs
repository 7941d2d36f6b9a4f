//! What concerns all inputs or all outputs.

use crate::ast::{Name, Port};
use crate::errors::Errors;
use crate::names::plain;
use proc_macro2::Span;
use std::collections::HashSet;

/// `named_ports!` of the runtime has names for so many.
const MAX_PORTS: usize = 22;

/// The ports without those whose name is taken. `kind` is "input" or "output".
pub(super) fn different(ports: Vec<Port>, kind: &str, errors: &mut Errors) -> Vec<Port> {
    if let Some(port) = ports.get(MAX_PORTS) {
        let place = match (&port.name, &port.shape) {
            (Some(name), _) => name.span().into(),
            (None, Some(shape)) => shape.place,
            (None, None) => Span::call_site().into(),
        };
        errors.push_help(
            place,
            format!("a network has at most {MAX_PORTS} {kind}s"),
            "put some of them into one vector",
        );
    }
    let mut names = HashSet::new();
    ports
        .into_iter()
        .take(MAX_PORTS)
        .filter(|port| {
            let Some(name) = &port.name else {
                return true;
            };
            let is_new = names.insert(plain(name));
            if !is_new {
                errors.push_help(
                    name.span(),
                    format!("two {kind}s are called `{name}`"),
                    "give one of them another name",
                );
            }
            is_new
        })
        .collect()
}

/// Several inputs or outputs become a struct that is called after the network.
pub(super) fn need_a_name(name: &Name, inputs: &[Port], outputs: &[Port], errors: &mut Errors) {
    let Name::Expression = name else {
        return;
    };
    for (ports, kind) in [(inputs, "inputs"), (outputs, "outputs")] {
        if let [_, second, ..] = ports
            && let Some(second) = &second.name
        {
            errors.push_help(
                second.span(),
                format!("a network with several {kind} needs a name"),
                "declare it as an item: `network! { Faces: (..) => (..) { .. } }`",
            );
            return;
        }
    }
}
