//! Where values live during a step: every buffer gets a place in one of two arenas, and places are used again once
//! their value is no longer needed.

/// Buffers start on whole cache lines.
const LINE: usize = 16;

/// A value that lives while some calls run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer {
    /// Numbers for each row.
    pub(crate) row_len: usize,
    /// The first call that touches it.
    pub(crate) first: usize,
    /// The last call that touches it.
    pub(crate) last: usize,
    /// Which arena it is in.
    pub(crate) home: Home,
    /// Where in it.
    pub(crate) offset: usize,
    /// Numbers for all rows, in whole cache lines.
    len: usize,
}

/// The arena of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Nowhere: a prediction reads its samples where they lie.
    Samples,
    /// Each worker has its own, for one micro-batch: the value is made and used up within one region.
    Local,
    /// One for the whole batch: the value crosses from one region to another.
    Batch,
}

impl Buffer {
    /// A buffer that no call has touched yet.
    pub(crate) const fn new(row_len: usize) -> Self {
        Buffer {
            row_len,
            first: usize::MAX,
            last: 0,
            home: Home::Batch,
            offset: 0,
            len: 0,
        }
    }

    /// Keeps it alive for a call that comes after all that have touched it so far.
    pub(crate) const fn touch(&mut self, call: usize) {
        if self.first == usize::MAX {
            self.first = call;
        }
        self.last = call;
    }

    const fn is_at(&self, home: Home) -> bool {
        matches!(
            (self.home, home),
            (Home::Local, Home::Local) | (Home::Batch, Home::Batch)
        )
    }
}

/// Gives each buffer an offset in one arena for whole batches of `rows` rows. Returns the size of the arena.
#[cfg(any(feature = "cuda", test))]
pub(crate) fn arena(buffers: &mut [Buffer], rows: usize) -> usize {
    let mut order = vec![0; buffers.len()];
    place(buffers, &mut order, Home::Batch, rows)
}

/// Gives each buffer of one home an offset, for `rows` rows. Buffers that are alive at the same time do not overlap.
/// Returns the size of the arena. `order` has room for all buffers; what it holds does not matter.
pub(crate) const fn place(
    buffers: &mut [Buffer],
    order: &mut [usize],
    home: Home,
    rows: usize,
) -> usize {
    // Large ones first: small ones fill the gaps.
    let mut count = 0;
    let mut id = 0;
    while id < buffers.len() {
        if buffers[id].is_at(home) {
            buffers[id].len = padded_len(buffers[id].row_len, rows);
            let mut at = count;
            while at > 0 && buffers[order[at - 1]].row_len < buffers[id].row_len {
                order[at] = order[at - 1];
                at -= 1;
            }
            order[at] = id;
            count += 1;
        }
        id += 1;
    }
    let mut size = 0;
    let mut next = 0;
    while next < count {
        let id = order[next];
        let this = buffers[id];
        let mut offset = 0;
        // Those before it have their places, and stand in the order of these.
        let mut i = 0;
        while i < next {
            let other = &buffers[order[i]];
            if other.first <= this.last && this.first <= other.last {
                if offset + this.len <= other.offset {
                    break;
                }
                if offset < other.offset + other.len {
                    offset = other.offset + other.len;
                }
            }
            i += 1;
        }
        buffers[id].offset = offset;
        if size < offset + this.len {
            size = offset + this.len;
        }
        let mut at = next;
        while at > 0 && buffers[order[at - 1]].offset > offset {
            order[at] = order[at - 1];
            at -= 1;
        }
        order[at] = id;
        next += 1;
    }
    size
}

const fn padded_len(row_len: usize, rows: usize) -> usize {
    match row_len.checked_mul(rows) {
        Some(len) => len.next_multiple_of(LINE),
        None => panic!("a batch has more numbers than this machine can count"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(row_len: usize, first: usize, last: usize) -> Buffer {
        Buffer {
            first,
            last,
            home: Home::Local,
            ..Buffer::new(row_len)
        }
    }

    fn overlaps(a: &Buffer, b: &Buffer) -> bool {
        a.first <= b.last && b.first <= a.last
    }

    #[test]
    fn room_is_used_again() {
        let mut buffers = [buffer(16, 0, 1), buffer(16, 1, 2), buffer(16, 2, 3)];
        assert_eq!(place(&mut buffers, &mut [0; 3], Home::Local, 1), 32);
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
                    buffer(1 + random(60) as usize, start, end)
                })
                .collect();
            let rows = 1 + random(7) as usize;
            let size = place(&mut buffers, &mut [0; 12], Home::Local, rows);
            for (i, a) in buffers.iter().enumerate() {
                assert!(a.offset + a.row_len * rows <= size);
                for b in &buffers[..i] {
                    let apart = a.offset + a.row_len * rows <= b.offset
                        || b.offset + b.row_len * rows <= a.offset;
                    assert!(apart || !overlaps(a, b), "{a:?} and {b:?}");
                }
            }
        }
    }
}
