//! Vectors of `f32` behind one trait, and the choice of instruction set at run time.
//!
//! A kernel is written once, as a [`Vectorized`] operation generic over [`Simd`]; [`dispatch`]
//! runs it with the widest instruction set the machine has. The value of a [`Simd`] type is a
//! *token*: it can only be had where its instructions may be executed, which is what makes the
//! arithmetic methods safe. Only loads and stores through pointers are `unsafe`.
//!
//! Everything a `run` calls must be `#[inline(always)]`, and must not be a closure: code that is
//! not inlined into the function carrying the target features is compiled without them.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use portable::Portable;
use std::sync::OnceLock;

/// The most lanes any instruction set has. Packed buffers are padded to a multiple of it.
pub(crate) const MAX_LANES: usize = 16;

/// One instruction set: vectors of [`Simd::LANES`] floats.
///
/// "The first `n` lanes" of a partial access are given by [`Simd::Lanes`], made once outside a
/// loop by [`Simd::first`].
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// Floats in a vector, at most [`MAX_LANES`].
    const LANES: usize;
    /// The most rows a register tile of 1, 2, 3 and 4 vectors may have before it spills.
    const TILE_ROWS: [usize; 4];
    /// `LANES` floats.
    type Vector: Copy;
    /// The result of comparing two vectors.
    type Mask: Copy;
    /// A prefix of the lanes.
    type Lanes: Copy;

    /// Runs `op` in a function of its own that carries the target features of this set.
    fn vectorize<V: Vectorized>(self, op: V) -> V::Output;

    /// The first `n` lanes, `n <= LANES`.
    fn first(self, n: usize) -> Self::Lanes;

    /// All lanes equal to `x`.
    fn splat(self, x: f32) -> Self::Vector;
    /// All lanes zero.
    #[inline(always)]
    fn zero(self) -> Self::Vector {
        self.splat(0.0)
    }

    /// Loads a whole vector.
    ///
    /// # Safety
    /// `from` must be readable for `LANES` floats.
    unsafe fn load(self, from: *const f32) -> Self::Vector;
    /// Loads the given lanes; the others become zero.
    ///
    /// # Safety
    /// `from` must be readable for the given lanes.
    unsafe fn load_lanes(self, from: *const f32, lanes: Self::Lanes) -> Self::Vector;
    /// Stores a whole vector.
    ///
    /// # Safety
    /// `to` must be writable for `LANES` floats.
    unsafe fn store(self, to: *mut f32, vector: Self::Vector);
    /// Stores the given lanes and leaves the memory of the others alone.
    ///
    /// # Safety
    /// `to` must be writable for the given lanes.
    unsafe fn store_lanes(self, to: *mut f32, vector: Self::Vector, lanes: Self::Lanes);

    /// Copies `len` floats, without a call: for few of them.
    ///
    /// # Safety
    /// `from` must be readable and `to` writable for `len` floats, and they must not overlap.
    #[inline(always)]
    unsafe fn copy(self, from: *const f32, to: *mut f32, len: usize) {
        let whole = len - len % Self::LANES;
        // SAFETY: the caller's promise.
        unsafe {
            for i in (0..whole).step_by(Self::LANES) {
                self.store(to.add(i), self.load(from.add(i)));
            }
            let rest = self.first(len - whole);
            self.store_lanes(to.add(whole), self.load_lanes(from.add(whole), rest), rest);
        }
    }

    /// `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a - b`.
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b`.
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a / b`.
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b + c`, rounded once (twice on [`Portable`], where a fused operation may be a call).
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// Square root.
    fn sqrt(self, a: Self::Vector) -> Self::Vector;
    /// `if a > b { a } else { b }`: a NaN in either gives `b`, so put what must propagate second.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `if a < b { a } else { b }`: a NaN in either gives `b`, so put what must propagate second.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The nearest integer, for `|a| < 2^22`.
    fn round(self, a: Self::Vector) -> Self::Vector;
    /// `2^a` for integers `a` in `-126..=127`. Any other `a` gives some number.
    fn power_of_two(self, a: Self::Vector) -> Self::Vector;

    /// `a > b`, false for NaN.
    fn greater(self, a: Self::Vector, b: Self::Vector) -> Self::Mask;
    /// `a == b`, false for NaN.
    fn equal(self, a: Self::Vector, b: Self::Vector) -> Self::Mask;
    /// `yes` where the mask holds, `no` elsewhere.
    fn select(self, mask: Self::Mask, yes: Self::Vector, no: Self::Vector) -> Self::Vector;
    /// `yes` in the given lanes, `no` elsewhere.
    fn select_lanes(self, lanes: Self::Lanes, yes: Self::Vector, no: Self::Vector) -> Self::Vector;

    /// The sum of all lanes.
    fn sum(self, a: Self::Vector) -> f32;
    /// The greatest lane; unspecified if one is NaN.
    fn maximum(self, a: Self::Vector) -> f32;

    /// Writes the transpose of `size.0` rows of `size.1` floats, each at most `LANES`.
    ///
    /// # Safety
    /// `from` must be readable for those rows, `stride` floats apart, and `to` writable for the
    /// rows of the transpose, `to_stride` floats apart.
    unsafe fn transpose(
        self,
        from: *const f32,
        stride: usize,
        size: (usize, usize),
        to: *mut f32,
        to_stride: usize,
    );

    /// Asks for the cache line of `at`, which need not be a valid address.
    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        let _ = at;
    }
}

/// An operation written once for all instruction sets. See [`dispatch`].
pub(crate) trait Vectorized {
    /// What the operation returns.
    type Output;
    /// Does it. Implementations are `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set, from the least to the most capable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Plain Rust: other architectures, and Miri.
    Portable,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512 (F, VL, BW, DQ).
    Avx512,
}

/// The instruction set the kernels use.
///
/// The best one detected, unless the environment variable `ADDAX_SIMD` (`portable`, `avx2` or
/// `avx512`) asks for a lower one. Read once.
pub(crate) fn level() -> Level {
    #[cfg(test)]
    if let Some(level) = tests::LEVEL.get() {
        return level;
    }
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let wanted = match std::env::var("ADDAX_SIMD").as_deref() {
            Ok("portable") => Level::Portable,
            Ok("avx2") => Level::Avx2,
            _ => Level::Avx512,
        };
        wanted.min(detected())
    })
}

/// The best level of this machine.
fn detected() -> Level {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq");
        if avx2 && avx512 {
            return Level::Avx512;
        }
        if avx2 {
            return Level::Avx2;
        }
    }
    Level::Portable
}

/// Runs `op` with the instruction set of [`level`].
#[inline]
pub(crate) fn dispatch<V: Vectorized>(op: V) -> V::Output {
    // SAFETY: `level` is never above what was detected.
    unsafe { dispatch_unchecked(level(), op) }
}

/// Runs `op` with the instruction set of `level`.
///
/// For work that is shared out to threads and has to agree on one instruction set.
///
/// # Panics
/// If this machine does not have that instruction set.
#[inline]
pub(crate) fn dispatch_at<V: Vectorized>(level: Level, op: V) -> V::Output {
    assert!(level <= detected(), "{level:?} is not available");
    // SAFETY: just checked.
    unsafe { dispatch_unchecked(level, op) }
}

/// # Safety
/// The machine must have the instruction set of `level`.
#[inline]
unsafe fn dispatch_unchecked<V: Vectorized>(level: Level, op: V) -> V::Output {
    match level {
        // SAFETY: the caller's promise.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::vectorize(op) },
        // SAFETY: the caller's promise.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::vectorize(op) },
        _ => Portable.vectorize(op),
    }
}

/// The lanes of the last vector when `n` columns take whole vectors of `lanes`.
#[inline(always)]
pub(crate) fn last_lanes(n: usize, lanes: usize) -> usize {
    match n % lanes {
        0 => lanes,
        rest => rest,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// Overrides [`level`] on this thread.
        pub(super) static LEVEL: Cell<Option<Level>> = const { Cell::new(None) };
    }

    /// Ends the choice of a level, also when a test fails.
    struct Chosen;

    impl Drop for Chosen {
        fn drop(&mut self) {
            LEVEL.set(None);
        }
    }

    /// Runs `test` once per instruction set of this machine.
    pub(crate) fn for_each_level(mut test: impl FnMut(Level)) {
        let _chosen = Chosen;
        for level in [Level::Portable, Level::Avx2, Level::Avx512] {
            if level <= detected() {
                LEVEL.set(Some(level));
                test(level);
            }
        }
    }

    /// Numbers in `-1..1` that are the same on each run.
    pub(crate) struct Numbers(u64);

    impl Numbers {
        pub(crate) fn new(seed: u64) -> Self {
            Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
        }

        pub(crate) fn bits(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        /// A number in `low..=high`.
        pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
            low + (self.bits() >> 33) as usize % (high - low + 1)
        }

        pub(crate) fn next(&mut self) -> f32 {
            (self.bits() >> 40) as f32 / (1 << 23) as f32 - 1.0
        }

        pub(crate) fn vec(&mut self, n: usize) -> Vec<f32> {
            (0..n).map(|_| self.next()).collect()
        }
    }

    /// Fails, naming the first bad index, unless `|got - want| <= tolerance * (1 + |want|)`.
    #[track_caller]
    pub(crate) fn assert_close(got: &[f32], want: &[f64], tolerance: f64, what: &str) {
        assert_eq!(got.len(), want.len(), "{what}: length");
        for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
            let difference = (f64::from(g) - w).abs();
            // Written this way round so that NaN fails.
            let close = difference <= tolerance * (1.0 + w.abs());
            assert!(
                close,
                "{what}: at {i} got {g}, want {w} (off by {difference:e})"
            );
        }
    }

    /// Exact, which `exp2` and `powi` need not be.
    fn power_of_two(x: f32) -> f32 {
        let n = x.round_ties_even() as i32;
        let factor = if n < 0 { 0.5 } else { 2.0 };
        (0..n.abs()).fold(1.0, |power, _| power * factor)
    }

    struct Everything<'a> {
        a: &'a [f32],
        b: &'a [f32],
        n: usize,
    }

    impl Vectorized for Everything<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            let n = self.n.min(S::LANES);
            let lanes = simd.first(n);
            let mut out = [7.0f32; MAX_LANES];
            // SAFETY: the slices have at least `MAX_LANES` floats.
            let (a, b, part) = unsafe {
                let part = simd.load_lanes(self.a.as_ptr(), lanes);
                simd.store_lanes(out.as_mut_ptr(), part, lanes);
                (simd.load(self.a.as_ptr()), simd.load(self.b.as_ptr()), part)
            };
            for (i, &x) in out.iter().enumerate() {
                assert_eq!(x, if i < n { self.a[i] } else { 7.0 });
            }
            let both = [self.a, self.b].concat();
            for len in [n, S::LANES + n, both.len()] {
                let mut copy = [7.0f32; 2 * MAX_LANES];
                // SAFETY: both have `2 * MAX_LANES` floats.
                unsafe { simd.copy(both.as_ptr(), copy.as_mut_ptr(), len) };
                assert_eq!(copy[..len], both[..len]);
                assert!(copy[len..].iter().all(|&x| x == 7.0));
            }
            let get = |v: S::Vector| {
                let mut out = [0.0f32; MAX_LANES];
                // SAFETY: as above.
                unsafe { simd.store(out.as_mut_ptr(), v) };
                out
            };
            let two = simd.power_of_two(simd.round(simd.mul(a, simd.splat(100.0))));
            type Case = ([f32; MAX_LANES], fn(f32, f32) -> f32);
            let results: [Case; 11] = [
                (get(simd.add(a, b)), |a, b| a + b),
                (get(simd.sub(a, b)), |a, b| a - b),
                (get(simd.mul(a, b)), |a, b| a * b),
                (get(simd.div(a, b)), |a, b| a / b),
                (get(simd.max(a, b)), |a, b| if a > b { a } else { b }),
                (get(simd.min(a, b)), |a, b| if a < b { a } else { b }),
                (get(simd.sqrt(simd.mul(a, a))), |a, _| (a * a).sqrt()),
                (get(two), |a, _| power_of_two(a * 100.0)),
                (get(simd.round(simd.mul(a, simd.splat(9.0)))), |a, _| {
                    (a * 9.0).round_ties_even()
                }),
                (
                    get(simd.select(simd.greater(a, b), a, simd.zero())),
                    |a, b| {
                        if a > b { a } else { 0.0 }
                    },
                ),
                (
                    get(simd.select(simd.equal(a, b), simd.splat(3.0), b)),
                    |a, b| {
                        if a == b { 3.0 } else { b }
                    },
                ),
            ];
            for (k, (got, want)) in results.iter().enumerate() {
                for (i, &got) in got.iter().enumerate().take(S::LANES) {
                    assert_eq!(got, want(self.a[i], self.b[i]), "operation {k}, lane {i}");
                }
            }
            let fused = get(simd.mul_add(a, b, a));
            let chosen = get(simd.select_lanes(lanes, a, b));
            for i in 0..S::LANES {
                let want = f64::from(self.a[i]) * f64::from(self.b[i]) + f64::from(self.a[i]);
                assert!((f64::from(fused[i]) - want).abs() < 1e-6);
                assert_eq!(chosen[i], if i < n { self.a[i] } else { self.b[i] });
            }
            let sum: f32 = self.a[..n].iter().sum();
            assert!((simd.sum(part) - sum).abs() < 1e-5);
            let greatest = self.a[..S::LANES].iter().copied().fold(f32::MIN, f32::max);
            assert_eq!(simd.maximum(a), greatest);
            // NaN: the second operand of max and min wins.
            let nan = simd.splat(f32::NAN);
            assert!(get(simd.max(simd.zero(), nan))[0].is_nan());
            assert_eq!(get(simd.max(nan, a))[0], self.a[0]);
            assert!(get(simd.min(simd.zero(), nan))[0].is_nan());
        }
    }

    #[test]
    fn every_operation_agrees_with_plain_rust() {
        let mut numbers = Numbers::new(1);
        for_each_level(|_| {
            for n in 0..=MAX_LANES {
                let a = numbers.vec(MAX_LANES);
                let mut b = numbers.vec(MAX_LANES);
                b[3] = a[3];
                dispatch(Everything { a: &a, b: &b, n });
            }
        });
    }
}
