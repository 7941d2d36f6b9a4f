//! A graph: what each name stands for, line by line.

use super::scope::{Entry, Scope};
use super::{Bound, Line, PlannedLayer, Source, Wiring, layers};
use crate::ast::{Binding, Call, Callee, Graph, Port, Value};
use crate::errors::Errors;
use crate::names::plain;
use proc_macro2::Ident;
use std::collections::HashSet;

/// The calls of a graph.
pub(super) fn wiring(
    mut graph: Graph,
    inputs: &[Port],
    outputs: &[Port],
    errors: &mut Errors,
) -> Wiring {
    if graph.bindings.is_empty() && errors.len() == 0 {
        errors.push_help(
            graph.braces,
            "a network has at least one layer",
            format!(
                "write one in the braces: `let {} = Dense(10)({});`",
                name_of(outputs.first(), "y"),
                name_of(inputs.first(), "x"),
            ),
        );
        graph.incomplete = true;
    }
    name_bound_layers(&mut graph);
    let layers = layers::planned(graph.layers, errors);
    let mut checker = Checker {
        indices: vec![None; layers.len()],
        layers: layers.into_iter().map(Some).collect(),
        mentioned: graph.bindings.iter().map(mentioned).collect(),
        bound: graph.bindings.iter().map(bound_name).collect(),
        line: 0,
        wiring: Wiring::default(),
        scope: Scope::default(),
        nameless: inputs.iter().position(|port| port.name.is_none()),
        unresolved: false,
        errors,
    };
    for (i, port) in inputs.iter().enumerate() {
        if let Some(name) = &port.name {
            checker.bind(name, Bound::Value(Source::Input(i)), true);
        }
    }
    let mut last = Source::Unknown;
    for (line, binding) in graph.bindings.iter().enumerate() {
        checker.line = line;
        last = checker.binding(binding);
    }
    for port in outputs {
        let source = checker.output(port, last, graph.incomplete);
        checker.wiring.outputs.push(source);
    }
    if !graph.incomplete && !checker.unresolved {
        checker.unused(outputs);
    }
    checker.finish()
}

fn name_of(port: Option<&Port>, otherwise: &str) -> String {
    port.and_then(|port| port.name.as_ref())
        .map_or_else(|| otherwise.to_owned(), plain)
}

/// `let tower = Dense(64);` names the layer too, if it is one that is applied further down.
fn name_bound_layers(graph: &mut Graph) {
    let mut applied = HashSet::new();
    for binding in &graph.bindings {
        mentions(&binding.value, &mut |name, is_applied| {
            if is_applied {
                applied.insert(plain(name));
            }
        });
    }
    for binding in &graph.bindings {
        if let (Some(name), Value::Layer(layer)) = (&binding.name, &binding.value)
            && let Some(layer) = graph.layers.get_mut(*layer)
            && layer.label.is_none()
            && applied.contains(&plain(name))
        {
            layer.label = Some(name.clone());
        }
    }
}

/// Shows every name in `value`, and whether it is applied.
fn mentions(value: &Value, visitor: &mut impl FnMut(&Ident, bool)) {
    match value {
        Value::Name(name) => visitor(name, false),
        Value::Call(call) => {
            if let Callee::Name(name) = &call.callee {
                visitor(name, true);
            }
            for input in &call.inputs {
                mentions(input, visitor);
            }
        }
        Value::Layer(_) | Value::Hole => {}
    }
}

fn mentioned(binding: &Binding) -> HashSet<String> {
    let mut names = HashSet::new();
    mentions(&binding.value, &mut |name, _| {
        names.insert(plain(name));
    });
    names
}

fn bound_name(binding: &Binding) -> Option<String> {
    binding.name.as_ref().map(plain)
}

pub(super) struct Checker<'a> {
    /// The layers that have not been called yet, as they are written.
    layers: Vec<Option<PlannedLayer>>,
    /// Where those that have been called are among the planned ones.
    indices: Vec<Option<usize>>,
    /// Of each line, the names in it.
    pub(super) mentioned: Vec<HashSet<String>>,
    /// Of each line, the name that it binds.
    pub(super) bound: Vec<Option<String>>,
    pub(super) line: usize,
    pub(super) wiring: Wiring,
    pub(super) scope: Scope,
    /// An input whose name could not be read: it may be what an unknown name means.
    nameless: Option<usize>,
    /// Some name was not found, or is not what was meant: what seems to be unused may belong there.
    pub(super) unresolved: bool,
    pub(super) errors: &'a mut Errors,
}

impl Checker<'_> {
    fn bind(&mut self, name: &Ident, bound: Bound, is_input: bool) {
        self.scope.bind(Entry {
            name: plain(name),
            span: name.span(),
            bound,
            is_input,
            used: false,
        });
    }

    /// One line. Gives what it binds.
    fn binding(&mut self, binding: &Binding) -> Source {
        let bound = match &binding.value {
            Value::Layer(layer) if binding.name.is_some() => Bound::Layer(*layer),
            Value::Name(name) => self.find(name).unwrap_or(Bound::Value(Source::Unknown)),
            value => Bound::Value(self.value(value)),
        };
        if let Some(name) = &binding.name {
            self.bind(name, bound, false);
            let mut mentioned = Vec::new();
            mentions(&binding.value, &mut |name, _| mentioned.push(name.clone()));
            self.wiring.lines.push(Line {
                name: name.clone(),
                mentioned,
                bound,
            });
        }
        match bound {
            Bound::Value(source) => source,
            Bound::Layer(_) => Source::Unknown,
        }
    }

    fn value(&mut self, value: &Value) -> Source {
        match value {
            Value::Name(name) => match self.find(name) {
                Some(Bound::Value(source)) => source,
                Some(Bound::Layer(layer)) => {
                    self.unresolved = true;
                    let call = self.call_of(layer);
                    self.errors.push_help(
                        name.span(),
                        format!("`{name}` is a layer that is applied to nothing"),
                        format!("apply it where it is made: `let {name} = {call};`"),
                    );
                    Source::Unknown
                }
                None => Source::Unknown,
            },
            Value::Layer(layer) => {
                self.unresolved = true;
                let call = self.call_of(*layer);
                if let Some(Some(layer)) = self.layers.get(*layer) {
                    self.errors.push_help(
                        layer.place,
                        format!("{} is applied to nothing", layer.text),
                        format!("write `{call}`"),
                    );
                }
                Source::Unknown
            }
            Value::Call(call) => self.call(call),
            Value::Hole => Source::Unknown,
        }
    }

    /// The layer as it would be written if it were applied to the last value.
    pub(super) fn call_of(&self, layer: usize) -> String {
        let text = match self.layers.get(layer) {
            Some(Some(layer)) => layer.text.trim_matches('`'),
            _ => "Dense(10)",
        };
        let values = self.scope.values();
        format!("{text}({})", values.last().copied().unwrap_or("x"))
    }

    fn call(&mut self, call: &Call) -> Source {
        let layer = match &call.callee {
            Callee::Layer(layer) => Some(*layer),
            Callee::Name(name) => match self.find(name) {
                Some(Bound::Layer(layer)) => Some(layer),
                Some(Bound::Value(_)) => {
                    self.unresolved = true;
                    let layers = "a layer is bound without being applied: `let tower = Dense(64);`";
                    self.errors.push_help(
                        name.span(),
                        format!("`{name}` is a value, and only a layer is applied"),
                        layers,
                    );
                    None
                }
                None => None,
            },
        };
        let inputs: Vec<_> = call.inputs.iter().map(|input| self.value(input)).collect();
        let inputs = (!inputs.is_empty()).then_some(inputs);
        let Some(layer) = layer else {
            return Source::Unknown;
        };
        if let Some(index) = self.indices.get(layer).copied().flatten() {
            let (text, place) = match (&call.written, self.wiring.layers.get(index)) {
                (Some(written), _) => written.clone(),
                (None, Some(layer)) => (layer.text.clone(), layer.place),
                (None, None) => return Source::Unknown,
            };
            return self.wiring.call(index, inputs, text, place);
        }
        let Some(planned) = self.layers.get_mut(layer).and_then(Option::take) else {
            return Source::Unknown;
        };
        if let Some(index) = self.indices.get_mut(layer) {
            *index = Some(self.wiring.layers.len());
        }
        let (text, place) = match &call.written {
            Some(written) => written.clone(),
            None => (planned.text.clone(), planned.place),
        };
        self.wiring.call_first(planned, inputs, text, place)
    }

    /// What a name stands for on this line. If that is nothing, it has been noted.
    fn find(&mut self, name: &Ident) -> Option<Bound> {
        let text = plain(name);
        if let Some(entry) = self.scope.find(&text) {
            entry.used = true;
            return Some(entry.bound);
        }
        if let Some(input) = self.nameless {
            return Some(Bound::Value(Source::Input(input)));
        }
        self.unresolved = true;
        let (problem, help) = self.unknown_name(&text);
        self.errors.push_help(name.span(), problem, help);
        None
    }

    /// The calls. A layer without any, which has had its message, gets one of which nothing is known, so that it has a
    /// field.
    fn finish(mut self) -> Wiring {
        for layer in self.layers.into_iter().flatten() {
            let (text, place) = (layer.text.clone(), layer.place);
            self.wiring.call_first(layer, None, text, place);
        }
        for line in &mut self.wiring.lines {
            if let Bound::Layer(layer) = line.bound {
                line.bound = match self.indices.get(layer).copied().flatten() {
                    Some(index) => Bound::Layer(index),
                    None => Bound::Value(Source::Unknown),
                };
            }
        }
        self.wiring
    }
}
