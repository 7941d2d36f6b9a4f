//! A graph: what each name stands for, line by line.

use super::scope::{Entry, Scope};
use super::suggest::nearest;
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

struct Checker<'a> {
    /// The layers that have not been called yet, as they are written.
    layers: Vec<Option<PlannedLayer>>,
    /// Where those that have been called are among the planned ones.
    indices: Vec<Option<usize>>,
    /// Of each line, the names in it.
    mentioned: Vec<HashSet<String>>,
    /// Of each line, the name that it binds.
    bound: Vec<Option<String>>,
    line: usize,
    wiring: Wiring,
    scope: Scope,
    /// An input whose name could not be read: it may be what an unknown name means.
    nameless: Option<usize>,
    /// Some name was not found, or is not what was meant: what seems to be unused may belong there.
    unresolved: bool,
    errors: &'a mut Errors,
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
    fn call_of(&self, layer: usize) -> String {
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

    /// Why there is no such name, and what to write instead.
    fn unknown_name(&self, name: &str) -> (String, String) {
        let later = self
            .bound
            .iter()
            .enumerate()
            .skip(self.line)
            .filter(|(_, bound)| bound.as_deref() == Some(name))
            .map(|(line, _)| line)
            .next();
        match later {
            None => (
                format!("there is no value `{name}`"),
                match nearest(name, self.scope.names()) {
                    Some(near) => format!("write `{near}`"),
                    None => self.values_here(),
                },
            ),
            Some(line) if line == self.line => (
                format!("`{name}` is made of itself: it has no value in front of this line"),
                self.values_here(),
            ),
            Some(line) => {
                let this = self.bound.get(self.line).cloned().flatten();
                match this.filter(|_| self.leads_here(line)) {
                    Some(this) => (
                        format!("`{this}` is made of `{name}`, and `{name}` of `{this}`"),
                        "a network has no loops: one of them must be made of something else"
                            .to_owned(),
                    ),
                    None => (
                        format!("`{name}` has no value yet: its `let` stands further down"),
                        "move that line in front of this one".to_owned(),
                    ),
                }
            }
        }
    }

    /// Whether what a later line needs can be had only with the value of this one.
    fn leads_here(&self, line: usize) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![line];
        while let Some(line) = open.pop() {
            if line == self.line {
                return true;
            }
            if !seen.insert(line) {
                continue;
            }
            for name in self.mentioned.get(line).into_iter().flatten() {
                open.extend(
                    (self.line..self.bound.len()).filter(|&other| {
                        self.bound.get(other).and_then(Option::as_ref) == Some(name)
                    }),
                );
            }
        }
        false
    }

    fn values_here(&self) -> String {
        match self.scope.values().as_slice() {
            [] => "write `let` in front of the line that makes it".to_owned(),
            [one] => format!("the value here is `{one}`"),
            [first @ .., last] => {
                format!("the values here are `{}` and `{last}`", first.join("`, `"))
            }
        }
    }

    /// Where an output comes from.
    fn output(&mut self, port: &Port, last: Source, incomplete: bool) -> Source {
        let Some(name) = &port.name else {
            // Its name is missing, and the last line was meant.
            if let Some(Some(last)) = self.bound.last()
                && let Some(entry) = self.scope.find(last)
            {
                entry.used = true;
            }
            return last;
        };
        let text = plain(name);
        if let Some(entry) = self.scope.find(&text) {
            entry.used = true;
            match entry.bound {
                Bound::Value(_) if entry.is_input => self.errors.push_help(
                    name.span(),
                    format!("the output `{name}` is the input `{name}` as it is"),
                    format!("write `let {name} = ..;`, or give them different names"),
                ),
                Bound::Value(source) => return source,
                Bound::Layer(layer) => {
                    self.unresolved = true;
                    let call = self.call_of(layer);
                    self.errors.push_help(
                        name.span(),
                        format!("the output `{name}` is a layer that is applied to nothing"),
                        format!("write `let {name} = {call};`"),
                    );
                }
            }
            return Source::Unknown;
        }
        if !incomplete {
            let help = match self.meant(&text) {
                Some(other) => format!("write `let {name} = ..;` for `let {other} = ..;`"),
                None => format!("write `let {name} = ..;`"),
            };
            self.errors.push_help(
                name.span(),
                format!("the output `{name}` is never made"),
                help,
            );
        }
        Source::Unknown
    }

    /// The value that was to become the output `name`: one of a similar name, or the only one that nothing is made of.
    fn meant(&mut self, name: &str) -> Option<String> {
        let unused: Vec<String> = self
            .scope
            .unused()
            .filter(|(entry, hidden)| !hidden && !entry.is_input)
            .map(|(entry, _)| entry.name.clone())
            .collect();
        let other = match nearest(name, unused.iter().map(String::as_str)) {
            Some(near) => near.to_owned(),
            None => match unused.as_slice() {
                [only] => only.clone(),
                _ => return None,
            },
        };
        if let Some(entry) = self.scope.find(&other) {
            entry.used = true;
        }
        Some(other)
    }

    /// What nothing is made of.
    fn unused(&mut self, outputs: &[Port]) {
        for (entry, hidden) in self.scope.unused() {
            let name = &entry.name;
            let (problem, help) = match entry.bound {
                Bound::Layer(_) => (
                    format!("the layer `{name}` is never applied"),
                    format!(
                        "apply it to a value: `{name}({})`",
                        self.scope.values().first().copied().unwrap_or("x")
                    ),
                ),
                Bound::Value(_) if hidden => (
                    format!("this `{name}` is never used: a `let {name}` further down hides it"),
                    "use it there, or give one of them another name".to_owned(),
                ),
                Bound::Value(_) if entry.is_input => (
                    format!("the input `{name}` is never used"),
                    "apply a layer to it, or take it out of the header".to_owned(),
                ),
                Bound::Value(_) => (
                    format!("the value `{name}` is never used"),
                    format!(
                        "take the line out, or make an output of it: `=> ({}{name}: ..)`",
                        outputs
                            .iter()
                            .filter_map(|port| port.name.as_ref())
                            .map(|name| format!("{name}: .., "))
                            .collect::<String>()
                    ),
                ),
            };
            self.errors.push_help(entry.span, problem, help);
        }
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
