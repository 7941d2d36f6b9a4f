//! Properties: what a kernel promises for all inputs, tried on many of them and with each instruction set.
//!
//! Inputs are drawn from a fixed seed, so what fails once fails again, and what fails is made as small as it can be before
//! it is shown. `ADDAX_CASES=10` tries ten times as many inputs, `PROPTEST_RNG_SEED` draws others.

use super::simd::tests::for_each_level;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::ops::RangeInclusive;

/// Fails with the smallest input that is found for which `check` panics, if there is one among `cases`.
#[track_caller]
pub(crate) fn holds<S: Strategy>(cases: u32, inputs: S, check: impl Fn(S::Value)) {
    run("", cases, &inputs, &check);
}

/// As [`holds`], the same inputs for each instruction set of this machine.
#[track_caller]
pub(crate) fn holds_at_each_level<S: Strategy>(cases: u32, inputs: S, check: impl Fn(S::Value)) {
    for_each_level(|level| run(&format!(" with {level:?}"), cases, &inputs, &check));
}

#[track_caller]
fn run<S: Strategy>(how: &str, cases: u32, inputs: &S, check: &impl Fn(S::Value)) {
    let mut config = Config {
        cases: number_of(cases),
        // Nothing is written next to the sources: the seed is fixed.
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(0);
    }
    let result = TestRunner::new(config).run(inputs, |input| {
        check(input);
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, input)) => panic!("{why}{how}, for {input:#?}"),
        Err(error) => panic!("{error}{how}"),
    }
}

/// How many inputs are tried where `cases` are usual.
fn number_of(cases: u32) -> u32 {
    if cfg!(miri) {
        return (cases / 20).clamp(1, 10);
    }
    let times = std::env::var("ADDAX_CASES").map(|times| times.parse());
    match times {
        Ok(Ok(times)) => cases.saturating_mul(times),
        Ok(Err(_)) => panic!("ADDAX_CASES is a whole number: how many times the usual inputs"),
        Err(_) => cases,
    }
}

/// Pairs along (height, width).
pub(crate) fn pairs(range: RangeInclusive<usize>) -> impl Strategy<Value = (usize, usize)> {
    (range.clone(), range)
}

/// Numbers of channels or columns: mostly few, some around whole vectors and whole tiles.
pub(crate) fn widths(most: usize) -> impl Strategy<Value = usize> {
    let around = [8, 16, 24, 32, 48, 64, 128];
    let around: Vec<usize> = around
        .into_iter()
        .flat_map(|width| [width - 1, width, width + 1])
        .filter(|&width| width <= most)
        .chain([1])
        .collect();
    prop_oneof![
        2 => 1..=most.min(5),
        2 => 1..=most,
        1 => proptest::sample::select(around),
    ]
}

/// Any `f32` there is, and more often than their share those at which something changes.
pub(crate) fn any_float() -> impl Strategy<Value = f32> {
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        -f32::MIN_POSITIVE,
        f32::from_bits(1),
        -f32::from_bits(1),
        88.72284,
        -88.72284,
        -103.97,
    ];
    prop_oneof![
        1 => proptest::sample::select(special.to_vec()),
        2 => any::<u32>().prop_map(f32::from_bits),
        2 => -110.0f32..110.0,
    ]
}
