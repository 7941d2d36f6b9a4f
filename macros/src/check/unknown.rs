//! A name that stands for nothing.

use super::graph::Checker;
use super::suggest::nearest;
use std::collections::HashSet;

impl Checker<'_> {
    /// Why there is no such name, and what to write instead.
    pub(super) fn unknown_name(&self, name: &str) -> (String, String) {
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
}
