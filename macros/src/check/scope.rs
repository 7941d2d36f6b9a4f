//! The names of a graph, and what they stand for at one line of it.

use super::Bound;
use proc_macro2::Span;

/// One name.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) bound: Bound,
    pub(super) is_input: bool,
    /// Something is made of it, or it has had its message.
    pub(super) used: bool,
}

/// All names so far. A later one hides an earlier one, as in Rust.
#[derive(Debug, Default)]
pub(super) struct Scope {
    entries: Vec<Entry>,
}

impl Scope {
    pub(super) fn bind(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(super) fn find(&mut self, name: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().rfind(|entry| entry.name == name)
    }

    /// The values that can be seen, in the order in which they were bound.
    pub(super) fn values(&self) -> Vec<&str> {
        self.visible()
            .filter(|entry| matches!(entry.bound, Bound::Value(_)))
            .map(|entry| entry.name.as_str())
            .collect()
    }

    /// Every name that can be seen.
    pub(super) fn names(&self) -> Vec<&str> {
        self.visible().map(|entry| entry.name.as_str()).collect()
    }

    fn visible(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .enumerate()
            .filter(|(i, entry)| !self.is_hidden(*i, &entry.name))
            .map(|(_, entry)| entry)
    }

    /// The names of which nothing is made, each with whether a later one hides it.
    pub(super) fn unused(&self) -> impl Iterator<Item = (&Entry, bool)> {
        self.entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| !entry.used)
            .map(|(i, entry)| (entry, self.is_hidden(i, &entry.name)))
    }

    fn is_hidden(&self, i: usize, name: &str) -> bool {
        self.entries
            .iter()
            .skip(i + 1)
            .any(|later| later.name == name)
    }
}
