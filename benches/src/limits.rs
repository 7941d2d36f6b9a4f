//! What the machine can do on all of its threads: multiply-adds, and moving memory.
//!
//! The best of many tries counts, since everything else on a machine only slows it down.

use std::hint::black_box;
use std::time::Instant;

/// How many threads the machine runs at a time.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get())
}

/// Billions of operations a second of fused multiply-adds on numbers that stay in registers: the best that the processor can
/// do.
pub fn multiply_add_rate() -> f64 {
    const ROUNDS: usize = 2_000_000;
    let mut best = 0.0_f64;
    for _ in 0..100 {
        let start = Instant::now();
        let operations: usize = std::thread::scope(|scope| {
            let work = || multiply_adds(black_box(ROUNDS));
            let threads: Vec<_> = (0..threads()).map(|_| scope.spawn(work)).collect();
            let counts = threads.into_iter().map(|thread| thread.join());
            counts.map(|count| count.unwrap_or(0)).sum()
        });
        best = best.max(operations as f64 / start.elapsed().as_secs_f64());
    }
    best / 1e9
}

/// Does `rounds` of independent multiply-adds, in the widest registers that there are. Gives how many operations these were.
fn multiply_adds(rounds: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has what the function needs.
            return unsafe { x86::in_512_bits(rounds) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has what the function needs.
            return unsafe { x86::in_256_bits(rounds) };
        }
    }
    portable(rounds)
}

/// As the compiler likes it.
fn portable(rounds: usize) -> usize {
    const SUMS: usize = 32;
    let (factor, summand) = (black_box(0.5_f32), black_box(1.0_f32));
    let mut sums = [1.0_f32; SUMS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = *sum * factor + summand;
        }
    }
    black_box(sums);
    2 * SUMS * rounds
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps, _mm512_fmadd_ps, _mm512_set1_ps};
    use std::hint::black_box;

    // Enough sums for two multiply-adds a cycle that take four or five each, and few enough for the registers.
    const WIDE_SUMS: usize = 20;
    const SUMS: usize = 12;

    #[target_feature(enable = "avx512f")]
    pub(super) fn in_512_bits(rounds: usize) -> usize {
        let factor = _mm512_set1_ps(black_box(0.5));
        let summand = _mm512_set1_ps(black_box(1.0));
        let mut sums = [summand; WIDE_SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, factor, summand);
            }
        }
        black_box(sums);
        2 * 16 * WIDE_SUMS * rounds
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn in_256_bits(rounds: usize) -> usize {
        let factor = _mm256_set1_ps(black_box(0.5));
        let summand = _mm256_set1_ps(black_box(1.0));
        let mut sums = [summand; SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, factor, summand);
            }
        }
        black_box(sums);
        2 * 8 * SUMS * rounds
    }
}

/// Billions of bytes a second that a copy reads and writes, of more than the caches hold.
pub fn copy_rate() -> f64 {
    const NUMBERS: usize = 32 << 20;
    let from = vec![1.0_f32; NUMBERS];
    let mut to = vec![0.0_f32; NUMBERS];
    let part = NUMBERS.div_ceil(threads());
    let mut copy = || {
        std::thread::scope(|scope| {
            for (to, from) in to.chunks_mut(part).zip(from.chunks(part)) {
                scope.spawn(|| to.copy_from_slice(from));
            }
        });
    };
    let bytes = 2.0 * (NUMBERS * size_of::<f32>()) as f64;
    bytes / seconds(&mut copy) / 1e9
}

/// The shortest time within about a second.
fn seconds(work: &mut dyn FnMut()) -> f64 {
    let begin = Instant::now();
    let (mut best, mut tries) = (f64::INFINITY, 0);
    while begin.elapsed().as_secs_f64() < 1.0 || tries < 8 {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64());
        tries += 1;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_count_their_operations() {
        assert_eq!(portable(3), 3 * 64);
        let counted = multiply_adds(5);
        assert!(counted >= 5 * 64 && counted.is_multiple_of(5));
    }
}
