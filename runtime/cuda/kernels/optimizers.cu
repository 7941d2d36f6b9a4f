// Optimizer steps over all weights of a model in one pass, and what begins a training step.
//
// The formulas are those of Keras 3. w, g and what is remembered have n numbers each; the memory begins as zeros. The
// learning rate comes from the StepState. All operations are rounded once, as on the CPU, so that both devices make
// the same step of the same gradient.

#include "common.cuh"

// Counts the step and computes Adam's step size, in double precision: 1 - 0.999^t has few correct bits otherwise. Comes
// before everything else in a training step. Optimizers without betas pass 0.
// Grid: (1). One thread works.
KERNEL begin_step(StepState* state, float beta_1, float beta_2) {
    if (threadIdx.x != 0) return;
    state->steps += 1;
    state->updates += 1;
    const double t = state->updates;
    const double correction =
        sqrt(1.0 - pow(static_cast<double>(beta_2), t)) / (1.0 - pow(static_cast<double>(beta_1), t));
    state->alpha = static_cast<float>(state->learning_rate * correction);
}

// w -= learning_rate * g.
// Grid: (ceil(n / 1024)). Four numbers a thread, as in all that follow.
KERNEL sgd(float* w, const float* g, unsigned n, const StepState* state) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    Four weight = load(w, i, n);
    const Four gradient = load(g, i, n);
    const float rate = state->learning_rate;
    for (unsigned j = 0; j < 4; ++j) weight.at[j] = fmaf(-rate, gradient.at[j], weight.at[j]);
    store(w, i, n, weight);
}

// velocity = momentum * velocity - learning_rate * g, then w += velocity, or with `nesterov`
// w += momentum * velocity - learning_rate * g.
// Grid: (ceil(n / 1024)).
KERNEL sgd_momentum(float* w, const float* g, float* velocity, unsigned n, float momentum, int nesterov,
                    const StepState* state) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    Four weight = load(w, i, n), kept = load(velocity, i, n);
    const Four gradient = load(g, i, n);
    const float rate = state->learning_rate;
    for (unsigned j = 0; j < 4; ++j) {
        const float step = __fmul_rn(-rate, gradient.at[j]);
        kept.at[j] = fmaf(momentum, kept.at[j], step);
        weight.at[j] = __fadd_rn(weight.at[j], nesterov ? fmaf(momentum, kept.at[j], step) : kept.at[j]);
    }
    store(velocity, i, n, kept);
    store(w, i, n, weight);
}

namespace {

// v = rho * v + (1 - rho) * g^2; gives learning_rate * g / sqrt(v + epsilon), with epsilon under the root.
__device__ __forceinline__ float rmsprop_step(float g, float& v, float rho, float epsilon, float rate) {
    v = fmaf(__fmul_rn(1.0f - rho, g), g, __fmul_rn(rho, v));
    return __fmul_rn(rate, g) / sqrtf(__fadd_rn(v, epsilon));
}

}  // namespace

// w -= learning_rate * g / sqrt(v + epsilon).
// Grid: (ceil(n / 1024)).
KERNEL rmsprop(float* w, const float* g, float* v, unsigned n, float rho, float epsilon, const StepState* state) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    Four weight = load(w, i, n), square = load(v, i, n);
    const Four gradient = load(g, i, n);
    const float rate = state->learning_rate;
    for (unsigned j = 0; j < 4; ++j) weight.at[j] -= rmsprop_step(gradient.at[j], square.at[j], rho, epsilon, rate);
    store(v, i, n, square);
    store(w, i, n, weight);
}

// m = momentum * m + learning_rate * g / sqrt(v + epsilon), then w -= m.
// Grid: (ceil(n / 1024)).
KERNEL rmsprop_momentum(float* w, const float* g, float* v, float* m, unsigned n, float rho, float momentum, float epsilon,
                        const StepState* state) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    Four weight = load(w, i, n), square = load(v, i, n), kept = load(m, i, n);
    const Four gradient = load(g, i, n);
    const float rate = state->learning_rate;
    for (unsigned j = 0; j < 4; ++j) {
        kept.at[j] = fmaf(momentum, kept.at[j], rmsprop_step(gradient.at[j], square.at[j], rho, epsilon, rate));
        weight.at[j] -= kept.at[j];
    }
    store(v, i, n, square);
    store(m, i, n, kept);
    store(w, i, n, weight);
}

// m += (1 - beta_1) * (g - m), v += (1 - beta_2) * (g^2 - v), w -= alpha * m / (sqrt(v) + epsilon), with the alpha of
// `begin_step`.
// Grid: (ceil(n / 1024)).
KERNEL adam(float* w, const float* g, float* m, float* v, unsigned n, float beta_1, float beta_2, float epsilon,
            const StepState* state) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    Four weight = load(w, i, n), mean = load(m, i, n), square = load(v, i, n);
    const Four gradient = load(g, i, n);
    const float alpha = state->alpha;
    for (unsigned j = 0; j < 4; ++j) {
        const float of_g = gradient.at[j];
        mean.at[j] = fmaf(1.0f - beta_1, of_g - mean.at[j], mean.at[j]);
        square.at[j] = fmaf(1.0f - beta_2, __fmul_rn(of_g, of_g) - square.at[j], square.at[j]);
        weight.at[j] = fmaf(-alpha, mean.at[j] / __fadd_rn(sqrtf(square.at[j]), epsilon), weight.at[j]);
    }
    store(m, i, n, mean);
    store(v, i, n, square);
    store(w, i, n, weight);
}
