//! AVX2 with fused multiply-add: vectors of eight, masks are vectors.

use super::{Simd, Vectorized};
use std::arch::x86_64::*;

const LANES: usize = 8;

/// Proof that AVX2 and FMA may be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

/// Runs `op` with AVX2.
#[target_feature(enable = "avx2,fma")]
#[inline(never)]
pub(super) fn vectorize<V: Vectorized>(op: V) -> V::Output {
    op.run(Avx2(()))
}

/// The window of `LANES` integers that starts `n` before the middle sets the first `n` lanes.
static LANE_MASKS: [i32; 2 * LANES] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// Calls intrinsics that need nothing but the instruction set.
macro_rules! intrinsic {
    ($e:expr) => {
        // SAFETY: an `Avx2` is only made inside `vectorize`, so the instructions exist.
        unsafe { $e }
    };
}

impl Simd for Avx2 {
    const LANES: usize = LANES;
    // 16 registers: the tile, its row of vectors, and one for the broadcast.
    const TILE_ROWS: [usize; 4] = [12, 6, 4, 2];
    type Vector = __m256;
    type Mask = __m256;
    type Lanes = __m256i;

    #[inline(always)]
    fn vectorize<V: Vectorized>(self, op: V) -> V::Output {
        intrinsic!(vectorize(op))
    }

    #[inline(always)]
    fn first(self, n: usize) -> __m256i {
        let window = &LANE_MASKS[LANES - n..][..LANES];
        // SAFETY: the window has eight integers, and the token's promise.
        unsafe { _mm256_loadu_si256(window.as_ptr().cast()) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        intrinsic!(_mm256_set1_ps(x))
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: the caller's promise, and the token's.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, lanes: __m256i) -> __m256 {
        // SAFETY: the caller's promise, and the token's.
        unsafe { _mm256_maskload_ps(from, lanes) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: __m256) {
        // SAFETY: the caller's promise, and the token's.
        unsafe { _mm256_storeu_ps(to, vector) }
    }

    #[inline(always)]
    unsafe fn store_lanes(self, to: *mut f32, vector: __m256, lanes: __m256i) {
        // SAFETY: the caller's promise, and the token's.
        unsafe { _mm256_maskstore_ps(to, lanes, vector) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_mul_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_div_ps(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        intrinsic!(_mm256_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn sqrt(self, a: __m256) -> __m256 {
        intrinsic!(_mm256_sqrt_ps(a))
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_max_ps(a, b))
    }

    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_min_ps(a, b))
    }

    #[inline(always)]
    fn round(self, a: __m256) -> __m256 {
        const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
        intrinsic!(_mm256_round_ps::<NEAREST>(a))
    }

    #[inline(always)]
    fn power_of_two(self, a: __m256) -> __m256 {
        intrinsic!({
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(a), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
        })
    }

    #[inline(always)]
    fn greater(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_cmp_ps::<_CMP_GT_OQ>(a, b))
    }

    #[inline(always)]
    fn equal(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_cmp_ps::<_CMP_EQ_OQ>(a, b))
    }

    #[inline(always)]
    fn select(self, mask: __m256, yes: __m256, no: __m256) -> __m256 {
        intrinsic!(_mm256_blendv_ps(no, yes, mask))
    }

    #[inline(always)]
    fn select_lanes(self, lanes: __m256i, yes: __m256, no: __m256) -> __m256 {
        intrinsic!(_mm256_blendv_ps(no, yes, _mm256_castsi256_ps(lanes)))
    }

    #[inline(always)]
    fn sum(self, a: __m256) -> f32 {
        intrinsic!({
            let fours = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let pairs = _mm_add_ps(fours, _mm_movehl_ps(fours, fours));
            _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)))
        })
    }

    #[inline(always)]
    fn maximum(self, a: __m256) -> f32 {
        intrinsic!({
            let fours = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let pairs = _mm_max_ps(fours, _mm_movehl_ps(fours, fours));
            _mm_cvtss_f32(_mm_max_ss(pairs, _mm_movehdup_ps(pairs)))
        })
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
        // SAFETY: the caller's promise, and the token's.
        unsafe {
            let (row_lanes, column_lanes) = (self.first(rows), self.first(columns));
            let mut block = [_mm256_setzero_ps(); LANES];
            for (i, row) in block.iter_mut().enumerate() {
                if i < rows {
                    *row = self.load_lanes(from.add(i * stride), column_lanes);
                }
            }
            // Pairs, then fours: half h of fours[4 * i + j] holds column 4 * h + j of the rows
            // 4 * i to 4 * i + 3.
            let mut pairs = block;
            for i in 0..4 {
                pairs[2 * i] = _mm256_unpacklo_ps(block[2 * i], block[2 * i + 1]);
                pairs[2 * i + 1] = _mm256_unpackhi_ps(block[2 * i], block[2 * i + 1]);
            }
            let mut fours = block;
            for i in 0..2 {
                for half in 0..2 {
                    let (a, b) = (pairs[4 * i + half], pairs[4 * i + 2 + half]);
                    fours[4 * i + 2 * half] = _mm256_shuffle_ps::<0x44>(a, b);
                    fours[4 * i + 2 * half + 1] = _mm256_shuffle_ps::<0xee>(a, b);
                }
            }
            for j in 0..4 {
                let low = _mm256_permute2f128_ps::<0x20>(fours[j], fours[4 + j]);
                let high = _mm256_permute2f128_ps::<0x31>(fours[j], fours[4 + j]);
                (block[j], block[4 + j]) = (low, high);
            }
            for (j, &column) in block.iter().enumerate() {
                if j < columns {
                    self.store_lanes(to.add(j * to_stride), column, row_lanes);
                }
            }
        }
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        intrinsic!(_mm_prefetch::<_MM_HINT_T0>(at.cast()))
    }
}
