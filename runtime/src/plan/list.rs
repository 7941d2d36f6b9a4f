//! A list in borrowed memory, for what both the compiler and a running program decide.

/// The first places of a slice.
#[derive(Debug)]
pub(crate) struct List<'a, T> {
    places: &'a mut [T],
    len: usize,
}

impl<'a, T: Copy> List<'a, T> {
    /// An empty list with this much room.
    pub(crate) const fn new(places: &'a mut [T]) -> Self {
        List { places, len: 0 }
    }

    /// Adds an item at the end. Returns its index.
    pub(crate) const fn push(&mut self, item: T) -> usize {
        self.places[self.len] = item;
        self.len += 1;
        self.len - 1
    }

    /// How many items there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The items.
    pub(crate) const fn items(&self) -> &[T] {
        self.places.split_at(self.len).0
    }

    /// The items.
    pub(crate) const fn items_mut(&mut self) -> &mut [T] {
        self.places.split_at_mut(self.len).0
    }
}
