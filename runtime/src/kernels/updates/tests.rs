use super::super::simd::tests::{Numbers, assert_close, for_each_level};
use super::*;

/// Some steps on `n` weights, and the same in double precision for each weight:
/// `exact(g, state, w)`, with the state in three numbers.
fn check(
    what: &str,
    mut step: impl FnMut(u64, &[f32], &mut [Vec<f32>; 3], &mut [f32]),
    exact: impl Fn(u64, f64, &mut [f64; 3], &mut f64),
) {
    let mut numbers = Numbers::new(10);
    for n in [1, 3, 7, 8, 15, 16, 17, 33, 40] {
        let mut w = numbers.vec(n);
        let mut state = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
        let mut want: Vec<f64> = w.iter().map(|&w| w.into()).collect();
        let mut want_state = vec![[0.0; 3]; n];
        for t in 1..=4 {
            let g = numbers.vec(n);
            step(t, &g, &mut state, &mut w);
            for i in 0..n {
                exact(t, g[i].into(), &mut want_state[i], &mut want[i]);
            }
        }
        assert_close(&w, &want, 1e-5, what);
    }
}

#[test]
fn momentum_as_in_keras() {
    for_each_level(|_| {
        check(
            "sgd",
            |_, g, _, w| sgd(0.1, g, w),
            |_, g, _, w| *w -= 0.1 * g,
        );
        for nesterov in [false, true] {
            let rule = Momentum {
                learning_rate: 0.1,
                momentum: 0.9,
                nesterov,
            };
            check(
                "momentum",
                |_, g, state, w| rule.step(g, &mut state[0], w),
                |_, g, state, w| {
                    state[0] = 0.9 * state[0] - 0.1 * g;
                    *w += if nesterov {
                        0.9 * state[0] - 0.1 * g
                    } else {
                        state[0]
                    };
                },
            );
        }
    });
}

#[test]
fn rmsprop_as_in_keras() {
    for_each_level(|_| {
        for (momentum, centered) in [(false, false), (true, false), (false, true), (true, true)] {
            // A large epsilon shows on which side of the root it is.
            let rule = RmsProp {
                learning_rate: 0.1,
                rho: 0.9,
                momentum: 0.8,
                epsilon: 0.1,
            };
            check(
                &format!("rmsprop, momentum {momentum}, centered {centered}"),
                |_, g, [v, m, a], w| {
                    rule.step(g, v, momentum.then_some(m), centered.then_some(a), w);
                },
                |_, g, [v, m, a], w| {
                    *v = 0.9 * *v + 0.1 * g * g;
                    *a = 0.9 * *a + 0.1 * g;
                    let below = *v + 0.1 - if centered { *a * *a } else { 0.0 };
                    let increment = 0.1 * g / below.sqrt();
                    *m = 0.8 * *m + increment;
                    *w -= if momentum { *m } else { increment };
                },
            );
        }
    });
}

#[test]
fn adam_as_in_keras() {
    for_each_level(|_| {
        check(
            "adam",
            |t, g, [m, v, _], w| {
                let alpha = Adam::alpha(0.1, 0.9, 0.999, t);
                Adam {
                    alpha,
                    beta_1: 0.9,
                    beta_2: 0.999,
                    epsilon: 0.1,
                }
                .step(g, m, v, w);
            },
            |t, g, [m, v, _], w| {
                *m += (g - *m) * 0.1;
                *v += (g * g - *v) * 0.001;
                let t = t as i32;
                let alpha = 0.1 * (1.0 - 0.999f64.powi(t)).sqrt() / (1.0 - 0.9f64.powi(t));
                *w -= *m * alpha / (v.sqrt() + 0.1);
            },
        );
    });
}
