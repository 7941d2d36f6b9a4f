//! Memory that several threads use at once.

use crate::kernels::gemm::Along;
use std::ops::Range;

/// Memory that several threads use at once, each its own rows.
#[derive(Clone, Copy)]
pub(super) struct Arena {
    start: *mut f32,
    len: usize,
}

// SAFETY: an `Arena` is only a place; `Arena::part` states who may use which part of it.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl Arena {
    pub(super) fn new(memory: &mut [f32]) -> Self {
        Arena {
            start: memory.as_mut_ptr(),
            len: memory.len(),
        }
    }

    /// Part of the arena.
    ///
    /// # Safety
    /// The memory behind the arena is alive and nobody else uses this part as long as the slice lives.
    pub(super) unsafe fn part<'a>(self, range: Range<usize>) -> &'a mut [f32] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: inside the arena by the assertion; exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }

    /// The place of a number, to be asked for ahead of time.
    pub(super) fn along(self, start: usize) -> Along {
        Along::new(self.start.wrapping_add(start))
    }

    /// Part of the arena, to read.
    ///
    /// # Safety
    /// The memory behind the arena is alive and nobody writes to this part as long as the slice lives.
    pub(super) unsafe fn shared_part<'a>(self, range: Range<usize>) -> &'a [f32] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: inside the arena by the assertion; not written to by the caller's promise.
        unsafe { std::slice::from_raw_parts(self.start.add(range.start), range.len()) }
    }
}
