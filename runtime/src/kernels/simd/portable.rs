//! Plain Rust over arrays of eight, which compilers turn into whatever vectors there are.

use super::{Simd, Vectorized};

const LANES: usize = 8;

/// No instruction set in particular.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

/// Applies a function lane by lane.
macro_rules! lanes {
    (|$($x:ident),+| $e:expr) => {{
        let mut out = [Default::default(); LANES];
        for (i, out) in out.iter_mut().enumerate() {
            $(let $x = $x[i];)+
            *out = $e;
        }
        out
    }};
}

impl Simd for Portable {
    const LANES: usize = LANES;
    // Sized for the 32 registers of four floats that 64-bit ARM has.
    const TILE_ROWS: [usize; 4] = [8, 4, 2, 2];
    type Vector = [f32; LANES];
    type Mask = [bool; LANES];
    type Lanes = usize;

    #[inline(always)]
    fn vectorize<V: Vectorized>(self, op: V) -> V::Output {
        vectorize(op)
    }

    #[inline(always)]
    fn first(self, n: usize) -> usize {
        n
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::Vector {
        [x; LANES]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::Vector {
        // SAFETY: the caller's promise; arrays of floats may be read from where floats lie.
        unsafe { from.cast::<Self::Vector>().read() }
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, lanes: usize) -> Self::Vector {
        if lanes == LANES {
            // SAFETY: the caller's promise.
            return unsafe { self.load(from) };
        }
        let mut out = [0.0; LANES];
        // SAFETY: the caller's promise; `lanes <= LANES`.
        unsafe { from.copy_to_nonoverlapping(out.as_mut_ptr(), lanes) };
        out
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: Self::Vector) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<Self::Vector>().write(vector) };
    }

    #[inline(always)]
    unsafe fn store_lanes(self, to: *mut f32, vector: Self::Vector, lanes: usize) {
        if lanes == LANES {
            // SAFETY: the caller's promise.
            return unsafe { self.store(to, vector) };
        }
        // SAFETY: the caller's promise; `lanes <= LANES`.
        unsafe { to.copy_from_nonoverlapping(vector.as_ptr(), lanes) };
    }

    #[inline(always)]
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        lanes!(|a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        lanes!(|a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        lanes!(|a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        lanes!(|a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        if cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
            lanes!(|a, b, c| a.mul_add(b, c))
        } else {
            // `mul_add` is a slow library call where the machine has no such instruction.
            lanes!(|a, b, c| a * b + c)
        }
    }

    #[inline(always)]
    fn sqrt(self, a: Self::Vector) -> Self::Vector {
        lanes!(|a| a.sqrt())
    }

    #[inline(always)]
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        lanes!(|a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        lanes!(|a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn round(self, a: Self::Vector) -> Self::Vector {
        // Adding 1.5 * 2^23 leaves no bits for a fraction.
        const SHIFT: f32 = 12_582_912.0;
        lanes!(|a| (a + SHIFT) - SHIFT)
    }

    #[inline(always)]
    fn power_of_two(self, a: Self::Vector) -> Self::Vector {
        lanes!(|a| f32::from_bits(((a as i32).wrapping_add(127) as u32) << 23))
    }

    #[inline(always)]
    fn greater(self, a: Self::Vector, b: Self::Vector) -> Self::Mask {
        lanes!(|a, b| a > b)
    }

    #[inline(always)]
    fn equal(self, a: Self::Vector, b: Self::Vector) -> Self::Mask {
        lanes!(|a, b| a == b)
    }

    #[inline(always)]
    fn select(self, mask: Self::Mask, yes: Self::Vector, no: Self::Vector) -> Self::Vector {
        lanes!(|mask, yes, no| if mask { yes } else { no })
    }

    #[inline(always)]
    fn select_lanes(self, lanes: usize, yes: Self::Vector, no: Self::Vector) -> Self::Vector {
        let mut out = no;
        for i in 0..LANES {
            if i < lanes {
                out[i] = yes[i];
            }
        }
        out
    }

    #[inline(always)]
    fn sum(self, a: Self::Vector) -> f32 {
        ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
    }

    #[inline(always)]
    fn maximum(self, a: Self::Vector) -> f32 {
        let mut greatest = a[0];
        for x in a {
            greatest = if x > greatest { x } else { greatest };
        }
        greatest
    }

    #[inline(always)]
    unsafe fn transpose(
        self,
        from: *const f32,
        stride: usize,
        (rows, columns): (usize, usize),
        to: *mut f32,
        to_stride: usize,
    ) {
        for i in 0..rows {
            for j in 0..columns {
                // SAFETY: the caller's promise.
                unsafe { *to.add(j * to_stride + i) = *from.add(i * stride + j) };
            }
        }
    }
}

/// The counterpart of the functions that carry target features: keeps code size down.
#[inline(never)]
fn vectorize<V: Vectorized>(op: V) -> V::Output {
    op.run(Portable)
}
