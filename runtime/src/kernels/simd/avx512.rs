//! AVX-512: vectors of sixteen, masks in registers of their own.

use super::{Simd, Vectorized};
use std::arch::x86_64::*;

const LANES: usize = 16;

/// Proof that AVX-512 (F, VL, BW, DQ), AVX2 and FMA may be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

/// Runs `op` with AVX-512.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
#[inline(never)]
pub(super) fn vectorize<V: Vectorized>(op: V) -> V::Output {
    op.run(Avx512(()))
}

/// Calls intrinsics that need nothing but the instruction set.
macro_rules! intrinsic {
    ($e:expr) => {
        // SAFETY: an `Avx512` is only made inside `vectorize`, so the instructions exist.
        unsafe { $e }
    };
}

impl Simd for Avx512 {
    const LANES: usize = LANES;
    // 32 registers: the tile, its row of vectors, and a few for broadcasts that are loaded early.
    // Taller tiles were measured at a quarter of the speed, since those loads then spill the tile.
    const TILE_ROWS: [usize; 4] = [14, 12, 8, 6];
    type Vector = __m512;
    type Mask = __mmask16;
    type Lanes = __mmask16;

    #[inline(always)]
    fn vectorize<V: Vectorized>(self, op: V) -> V::Output {
        intrinsic!(vectorize(op))
    }

    #[inline(always)]
    fn first(self, n: usize) -> __mmask16 {
        debug_assert!(n <= LANES);
        ((1u32 << n) - 1) as u16
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        intrinsic!(_mm512_set1_ps(x))
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: the caller's promise, and the token's.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, lanes: __mmask16) -> __m512 {
        // SAFETY: the caller's promise, and the token's.
        unsafe { _mm512_maskz_loadu_ps(lanes, from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: __m512) {
        // SAFETY: the caller's promise, and the token's.
        unsafe { _mm512_storeu_ps(to, vector) }
    }

    #[inline(always)]
    unsafe fn store_lanes(self, to: *mut f32, vector: __m512, lanes: __mmask16) {
        // SAFETY: the caller's promise, and the token's.
        unsafe { _mm512_mask_storeu_ps(to, lanes, vector) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_mul_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_div_ps(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        intrinsic!(_mm512_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        intrinsic!(_mm512_sqrt_ps(a))
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_max_ps(a, b))
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_min_ps(a, b))
    }

    #[inline(always)]
    fn round(self, a: __m512) -> __m512 {
        const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
        intrinsic!(_mm512_roundscale_ps::<NEAREST>(a))
    }

    #[inline(always)]
    fn power_of_two(self, a: __m512) -> __m512 {
        intrinsic!({
            let exponent = _mm512_add_epi32(_mm512_cvtps_epi32(a), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent))
        })
    }

    #[inline(always)]
    fn greater(self, a: __m512, b: __m512) -> __mmask16 {
        intrinsic!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b))
    }

    #[inline(always)]
    fn equal(self, a: __m512, b: __m512) -> __mmask16 {
        intrinsic!(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b))
    }

    #[inline(always)]
    fn select(self, mask: __mmask16, yes: __m512, no: __m512) -> __m512 {
        intrinsic!(_mm512_mask_blend_ps(mask, no, yes))
    }

    #[inline(always)]
    fn select_lanes(self, lanes: __mmask16, yes: __m512, no: __m512) -> __m512 {
        self.select(lanes, yes, no)
    }

    #[inline(always)]
    fn sum(self, a: __m512) -> f32 {
        intrinsic!(_mm512_reduce_add_ps(a))
    }

    #[inline(always)]
    fn maximum(self, a: __m512) -> f32 {
        intrinsic!(_mm512_reduce_max_ps(a))
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
            let mut block = [_mm512_setzero_ps(); LANES];
            for (i, row) in block.iter_mut().enumerate() {
                if i < rows {
                    *row = self.load_lanes(from.add(i * stride), column_lanes);
                }
            }
            // Pairs, then fours: lane block b of fours[4 * i + j] holds column 4 * b + j of the
            // rows 4 * i to 4 * i + 3.
            let mut pairs = block;
            for i in 0..8 {
                pairs[2 * i] = _mm512_unpacklo_ps(block[2 * i], block[2 * i + 1]);
                pairs[2 * i + 1] = _mm512_unpackhi_ps(block[2 * i], block[2 * i + 1]);
            }
            let mut fours = block;
            for i in 0..4 {
                for half in 0..2 {
                    let a = _mm512_castps_pd(pairs[4 * i + half]);
                    let b = _mm512_castps_pd(pairs[4 * i + 2 + half]);
                    fours[4 * i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
                    fours[4 * i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
                }
            }
            // Then the blocks of four lanes themselves, as a 4 x 4 transposition.
            for j in 0..4 {
                let even_low = _mm512_shuffle_f32x4::<0x88>(fours[j], fours[4 + j]);
                let odd_low = _mm512_shuffle_f32x4::<0xdd>(fours[j], fours[4 + j]);
                let even_high = _mm512_shuffle_f32x4::<0x88>(fours[8 + j], fours[12 + j]);
                let odd_high = _mm512_shuffle_f32x4::<0xdd>(fours[8 + j], fours[12 + j]);
                block[j] = _mm512_shuffle_f32x4::<0x88>(even_low, even_high);
                block[4 + j] = _mm512_shuffle_f32x4::<0x88>(odd_low, odd_high);
                block[8 + j] = _mm512_shuffle_f32x4::<0xdd>(even_low, even_high);
                block[12 + j] = _mm512_shuffle_f32x4::<0xdd>(odd_low, odd_high);
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
