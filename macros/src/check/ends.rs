//! Where the values of a graph end: in its outputs, or nowhere.

use super::graph::Checker;
use super::suggest::nearest;
use super::{Bound, Source};
use crate::ast::Port;
use crate::names::plain;

impl Checker<'_> {
    /// Where an output comes from.
    pub(super) fn output(&mut self, port: &Port, last: Source, incomplete: bool) -> Source {
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
    pub(super) fn unused(&mut self, outputs: &[Port]) {
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
}
