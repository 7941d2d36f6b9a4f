//! Where values live during a step: every buffer gets a place in one of two arenas, and places are used again once
//! their value is no longer needed.

use std::ops::RangeInclusive;

/// Buffers start on whole cache lines.
const LINE: usize = 16;

/// A value that lives while some calls run.
#[derive(Clone, Debug)]
pub(crate) struct Buffer {
    /// Numbers for each row.
    pub(crate) row_len: usize,
    /// The first and last call that touches it.
    pub(crate) alive: RangeInclusive<usize>,
    /// Which arena it is in.
    pub(crate) home: Home,
    /// Where in it.
    pub(crate) offset: usize,
}

/// The arena of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Each worker has its own, for one micro-batch: the value is made and used up within one region.
    Local,
    /// One for the whole batch: the value crosses from one region to another.
    Batch,
}

/// Gives each buffer an offset in one arena for whole batches of `rows` rows. Returns the size of the arena.
#[cfg(any(feature = "cuda", test))]
pub(crate) fn arena(buffers: &mut [Buffer], rows: usize) -> usize {
    place(buffers, Home::Batch, rows)
}

/// Gives each buffer of one home an offset, for `rows` rows. Buffers that are alive at the same time do not overlap.
/// Returns the size of the arena.
pub(crate) fn place(buffers: &mut [Buffer], home: Home, rows: usize) -> usize {
    let mut order: Vec<usize> = (0..buffers.len())
        .filter(|&i| buffers[i].home == home)
        .collect();
    // Large ones first: small ones fill the gaps.
    order.sort_by_key(|&i| std::cmp::Reverse(buffers[i].row_len));
    let mut placed: Vec<usize> = Vec::new();
    let mut size = 0;
    for i in order {
        let len = padded_len(buffers[i].row_len, rows);
        let mut taken: Vec<(usize, usize)> = placed
            .iter()
            .filter(|&&j| overlaps(&buffers[i].alive, &buffers[j].alive))
            .map(|&j| (buffers[j].offset, padded_len(buffers[j].row_len, rows)))
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (start, taken_len) in taken {
            if offset + len <= start {
                break;
            }
            offset = offset.max(start + taken_len);
        }
        buffers[i].offset = offset;
        size = size.max(offset + len);
        placed.push(i);
    }
    size
}

fn padded_len(row_len: usize, rows: usize) -> usize {
    (row_len * rows).next_multiple_of(LINE)
}

fn overlaps(a: &RangeInclusive<usize>, b: &RangeInclusive<usize>) -> bool {
    a.start() <= b.end() && b.start() <= a.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(row_len: usize, alive: RangeInclusive<usize>) -> Buffer {
        Buffer {
            row_len,
            alive,
            home: Home::Local,
            offset: usize::MAX,
        }
    }

    #[test]
    fn room_is_used_again() {
        let mut buffers = vec![buffer(16, 0..=1), buffer(16, 1..=2), buffer(16, 2..=3)];
        assert_eq!(place(&mut buffers, Home::Local, 1), 32);
        assert_eq!(buffers[0].offset, buffers[2].offset);
    }

    #[test]
    fn buffers_alive_together_never_overlap() {
        let mut state = 12345_u32;
        let mut random = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % n
        };
        for _ in 0..200 {
            let mut buffers: Vec<Buffer> = (0..12)
                .map(|_| {
                    let start = random(10) as usize;
                    let end = start + random(5) as usize;
                    buffer(1 + random(60) as usize, start..=end)
                })
                .collect();
            let rows = 1 + random(7) as usize;
            let size = place(&mut buffers, Home::Local, rows);
            for (i, a) in buffers.iter().enumerate() {
                assert!(a.offset + a.row_len * rows <= size);
                for b in &buffers[..i] {
                    let apart = a.offset + a.row_len * rows <= b.offset
                        || b.offset + b.row_len * rows <= a.offset;
                    assert!(apart || !overlaps(&a.alive, &b.alive), "{a:?} and {b:?}");
                }
            }
        }
    }
}
