use super::*;
use crate::kernels::properties::holds_at_each_level;
use crate::kernels::simd::tests::Numbers;
use proptest::prelude::*;

/// What every rule has: how many weights there are, a step size, and a seed for weights and gradients.
type Task = (usize, f32, u64);

fn tasks() -> impl Strategy<Value = Task> {
    (0..70_usize, 1e-4f32..0.5, any::<u64>())
}

/// A share of an average that stays.
fn shares() -> impl Strategy<Value = f32> {
    prop_oneof![0.5f32..0.999, Just(0.999), Just(0.9999)]
}

/// From one that nearly vanishes to one that shows on which side of a root it stands.
fn epsilons() -> impl Strategy<Value = f32> {
    (-8.0f32..-1.0).prop_map(|power| 10f32.powf(power))
}

/// Some steps, and the same in double precision for each weight: `exact(t, g, state, w)`, with the state in three numbers.
fn check(
    (n, _, seed): Task,
    mut step: impl FnMut(u64, &[f32], &mut [Vec<f32>; 3], &mut [f32]),
    exact: impl Fn(u64, f64, &mut [f64; 3], &mut f64),
) {
    let mut numbers = Numbers::new(seed);
    let mut w = numbers.vec(n);
    let mut state = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
    let mut want: Vec<f64> = w.iter().map(|&w| w.into()).collect();
    let mut want_state = vec![[0.0; 3]; n];
    // A weight that comes back from far away has lost the digits that it had no room for there.
    let mut farthest = vec![1.0_f64; n];
    for t in 1..=5 {
        let mut g = numbers.vec(n);
        for (i, g) in g.iter_mut().enumerate() {
            // Small gradients, and none.
            *g *= [1.0, 1e-4, 0.0, 1.0][(i + t as usize) % 4];
        }
        step(t, &g, &mut state, &mut w);
        for i in 0..n {
            exact(t, g[i].into(), &mut want_state[i], &mut want[i]);
            farthest[i] = farthest[i].max(want[i].abs());
        }
    }
    for (i, (&w, want)) in w.iter().zip(want).enumerate() {
        let close = (f64::from(w) - want).abs() <= 1e-5 * farthest[i];
        assert!(close, "at {i} got {w}, want {want}");
    }
}

#[test]
fn sgd_as_in_keras() {
    holds_at_each_level(100, tasks(), |task| {
        let rate = task.1;
        check(
            task,
            |_, g, _, w| sgd(rate, g, w),
            |_, g, _, w| *w -= f64::from(rate) * g,
        );
    });
}

#[test]
fn momentum_as_in_keras() {
    let inputs = (tasks(), 0.0f32..1.0, any::<bool>());
    holds_at_each_level(100, inputs, |(task, momentum, nesterov)| {
        let rule = Momentum {
            learning_rate: task.1,
            momentum,
            nesterov,
        };
        let (rate, momentum) = (f64::from(task.1), f64::from(momentum));
        check(
            task,
            |_, g, state, w| rule.step(g, &mut state[0], w),
            |_, g, state, w| {
                state[0] = momentum * state[0] - rate * g;
                *w += if nesterov {
                    momentum * state[0] - rate * g
                } else {
                    state[0]
                };
            },
        );
    });
}

#[test]
fn rmsprop_as_in_keras() {
    let flags = any::<[bool; 2]>();
    let inputs = (tasks(), shares(), 0.0f32..1.0, epsilons(), flags);
    holds_at_each_level(150, inputs, |(task, rho, momentum, epsilon, flags)| {
        let [with_momentum, centered] = flags;
        let rule = RmsProp {
            learning_rate: task.1,
            rho,
            momentum,
            epsilon,
        };
        let [rate, rho, share, epsilon] = [task.1, rho, momentum, epsilon].map(f64::from);
        check(
            task,
            |_, g, [v, m, a], w| {
                rule.step(g, v, with_momentum.then_some(m), centered.then_some(a), w);
            },
            |_, g, [v, m, a], w| {
                *v = rho * *v + (1.0 - rho) * g * g;
                *a = rho * *a + (1.0 - rho) * g;
                let below = *v + epsilon - if centered { *a * *a } else { 0.0 };
                let increment = rate * g / below.sqrt();
                *m = share * *m + increment;
                *w -= if with_momentum { *m } else { increment };
            },
        );
    });
}

#[test]
fn adam_as_in_keras() {
    let inputs = (tasks(), shares(), shares(), epsilons());
    holds_at_each_level(150, inputs, |(task, beta_1, beta_2, epsilon)| {
        let rate = task.1;
        let [one, two, above, step] = [beta_1, beta_2, epsilon, rate].map(f64::from);
        check(
            task,
            |t, g, [m, v, _], w| {
                Adam {
                    alpha: Adam::alpha(rate, beta_1, beta_2, t),
                    beta_1,
                    beta_2,
                    epsilon,
                }
                .step(g, m, v, w);
            },
            |t, g, [m, v, _], w| {
                *m += (g - *m) * (1.0 - one);
                *v += (g * g - *v) * (1.0 - two);
                let t = t as i32;
                let alpha = step * (1.0 - two.powi(t)).sqrt() / (1.0 - one.powi(t));
                *w -= *m * alpha / (v.sqrt() + above);
            },
        );
    });
}
