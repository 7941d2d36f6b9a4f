use super::super::simd::tests::{Numbers, for_each_level};
use super::*;

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
fn the_word_of_an_element_depends_on_its_position_only() {
    let dropout = Dropout {
        seed: 0x1234_5678_9abc_def0,
        step: 7,
        layer: 3,
        rate: 0.4,
    };
    let start = (1u64 << 34) - 90;
    let n = if cfg!(miri) { 100 } else { 300 };
    let x = Numbers::new(11).vec(n);
    let want: Vec<f32> = x
        .iter()
        .zip(start..)
        .map(|(&x, i)| {
            let block = i / 4;
            let counter = [block as u32, (block >> 32) as u32, 3, 7];
            let word = philox4x32(counter, [0x9abc_def0, 0x1234_5678])[(i % 4) as usize];
            if f64::from(word) >= 0.4f32 as f64 * 2f64.powi(32) {
                x * (1.0 / 0.6)
            } else {
                0.0
            }
        })
        .collect();
    for_each_level(|_| {
        for splits in [
            vec![],
            vec![1, 2, 5],
            vec![63],
            vec![64, 65, 66, 67],
            vec![4, 70],
        ] {
            let mut got = x.clone();
            let mut from = 0;
            for to in splits.into_iter().chain([n]) {
                dropout.apply(start + from as u64, &mut got[from..to]);
                from = to;
            }
            for (i, (got, want)) in got.iter().zip(&want).enumerate() {
                assert!((got - want).abs() < 1e-6, "at {i}: {got}, not {want}");
            }
        }
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
