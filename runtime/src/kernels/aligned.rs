//! A buffer of floats that starts on a cache line.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// One cache line, and one vector of the widest instruction set.
const ALIGNMENT: usize = 64;

/// A zeroed `[f32]` of fixed length, aligned to 64 bytes.
///
/// A plain `Vec<f32>` starts anywhere, and then every second wide load crosses a cache line.
/// There is no slack behind the end: the kernels never read past the slices they are given.
///
/// What is never written takes no memory: the operating system's own zeros are used. Rust's allocator has them only for
/// the alignment of `malloc`, so the cache line is found here.
pub(crate) struct AlignedVec {
    /// Where the allocation begins.
    base: NonNull<u8>,
    start: NonNull<f32>,
    len: usize,
}

// SAFETY: the buffer is owned, as in `Vec<f32>`.
unsafe impl Send for AlignedVec {}
// SAFETY: shared access only reads, as in `Vec<f32>`.
unsafe impl Sync for AlignedVec {}

impl AlignedVec {
    /// No floats, no allocation.
    pub(crate) const fn empty() -> Self {
        Self {
            base: NonNull::dangling(),
            start: NonNull::dangling(),
            len: 0,
        }
    }

    /// `len` zeros.
    pub(crate) fn new(len: usize) -> Self {
        if len == 0 {
            return Self::empty();
        }
        let layout = Self::layout(len);
        // SAFETY: the layout is not empty.
        let Some(base) = NonNull::new(unsafe { alloc_zeroed(layout) }) else {
            handle_alloc_error(layout)
        };
        let to_line = base.as_ptr().addr().wrapping_neg() % ALIGNMENT;
        // SAFETY: less than `ALIGNMENT` bytes on, and the layout has so many to spare.
        let start = unsafe { base.add(to_line) }.cast();
        Self { base, start, len }
    }

    /// Makes room for at least `len` floats. What was there may be lost.
    pub(crate) fn at_least(&mut self, len: usize) -> &mut [f32] {
        if self.len < len {
            // Freed first, so that the two never exist at once.
            *self = Self::empty();
            *self = Self::new(len);
        }
        &mut self[..len]
    }

    fn layout(len: usize) -> Layout {
        let bytes = len.checked_mul(size_of::<f32>());
        let bytes = bytes.and_then(|bytes| bytes.checked_add(ALIGNMENT));
        match bytes.map(|bytes| Layout::from_size_align(bytes, align_of::<f32>())) {
            Some(Ok(layout)) => layout,
            _ => panic!("a buffer of {len} floats is more than a machine can address"),
        }
    }
}

impl Drop for AlignedVec {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: allocated in `new` with this layout.
            unsafe { dealloc(self.base.as_ptr(), Self::layout(self.len)) };
        }
    }
}

impl Deref for AlignedVec {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `len` floats were allocated and zeroed; dangling only if `len` is 0.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for AlignedVec {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`, and the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Default for AlignedVec {
    fn default() -> Self {
        Self::empty()
    }
}

impl Clone for AlignedVec {
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl fmt::Debug for AlignedVec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedVec")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_zeroed_aligned_and_growable() {
        let mut buffer = AlignedVec::default();
        assert!(buffer.is_empty());
        for len in [1, 15, 64, 1000] {
            buffer.at_least(len).fill(1.0);
            assert_eq!(buffer.as_ptr() as usize % ALIGNMENT, 0);
            assert_eq!(buffer.len(), len);
            assert_eq!(&*buffer.clone(), &*buffer);
            assert!(AlignedVec::new(len).iter().all(|&x| x == 0.0));
        }
        // A smaller request keeps the larger buffer.
        assert_eq!(buffer.at_least(3).len(), 3);
        assert_eq!(buffer.len(), 1000);
    }
}
