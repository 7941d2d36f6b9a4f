use super::*;
use crate::kernels::properties::{holds, holds_at_each_level};
use crate::kernels::reference::philox;
use crate::kernels::simd::tests::Numbers;
use proptest::collection::vec;
use proptest::prelude::*;

/// The four random words of one counter value.
fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let words = blocks(counter.map(|word| [word; WIDTH]), key);
    words.map(|lanes| lanes[0])
}

#[test]
fn known_answers() {
    // From `kat_vectors` of the Random123 distribution.
    let cases = [
        (
            [0; 4],
            [0; 2],
            [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
        ),
        (
            [u32::MAX; 4],
            [u32::MAX; 2],
            [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
        ),
        (
            [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
            [0xa4093822, 0x299f31d0],
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
        ),
    ];
    for (counter, key, words) in cases {
        assert_eq!(philox4x32(counter, key), words);
    }
}

#[test]
fn words_are_those_of_the_paper() {
    let inputs = (any::<[u32; 4]>(), any::<[u32; 2]>());
    holds(500, inputs, |(counter, key)| {
        assert_eq!(philox4x32(counter, key), philox(counter, key));
    });
}

#[test]
fn the_word_of_an_element_depends_on_its_position_only() {
    let dropout = (any::<u64>(), any::<u32>(), any::<u32>(), 0.0001f32..0.9999);
    let first = prop_oneof![
        0..200_u64,
        (1_u64 << 34) - 200..1 << 34,
        any::<u64>().prop_map(|i| i / 2)
    ];
    // The slices in which the elements come.
    let inputs = (dropout, first, vec(0..150_usize, 1..5));
    holds_at_each_level(100, inputs, |((seed, step, layer, rate), first, slices)| {
        let dropout = Dropout {
            seed,
            step,
            layer,
            rate,
        };
        let x = Numbers::new(seed).vec(slices.iter().sum());
        let want: Vec<f32> = x
            .iter()
            .zip(first..)
            .map(|(&x, i)| {
                let block = i / 4;
                let counter = [block as u32, (block >> 32) as u32, layer, step];
                let words = philox(counter, [seed as u32, (seed >> 32) as u32]);
                let share = f64::from(words[(i % 4) as usize]) / 4_294_967_296.0;
                match share < f64::from(rate) {
                    true => 0.0,
                    false => x * (1.0 / (1.0 - rate)),
                }
            })
            .collect();
        let mut got = x;
        let mut from = 0;
        for len in slices {
            dropout.apply(first + from as u64, &mut got[from..from + len]);
            from += len;
        }
        assert_eq!(got, want);
    });
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn drops_the_given_share() {
    for rate in [0.1, 0.5, 0.75] {
        let dropout = Dropout {
            seed: 1,
            step: 0,
            layer: 0,
            rate,
        };
        let mut y = vec![0.0; 100_000];
        y.fill(1.0);
        dropout.apply(0, &mut y);
        let dropped = y.iter().filter(|&&y| y == 0.0).count() as f32 / 100_000.0;
        assert!((dropped - rate).abs() < 0.01, "{dropped} of {rate}");
        let other = Dropout { step: 1, ..dropout };
        let mut z = vec![1.0; 100_000];
        other.apply(0, &mut z);
        assert_ne!(y, z);
    }
}

#[test]
fn rates_at_the_ends() {
    let mut x = [1.0, f32::NAN];
    Dropout {
        seed: 0,
        step: 0,
        layer: 0,
        rate: 0.0,
    }
    .apply(5, &mut x);
    assert!(x[0] == 1.0 && x[1].is_nan());
    Dropout {
        seed: 0,
        step: 0,
        layer: 0,
        rate: 1.0,
    }
    .apply(5, &mut x);
    assert_eq!(x, [0.0, 0.0]);
}
