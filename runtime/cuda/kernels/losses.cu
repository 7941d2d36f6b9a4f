// Losses, together with the activation of the last layer (`head`): a loss sees the values before it.
//
// Each kernel fills in the predictions y_pred, the loss of each row, and, unless d_z is null, the gradient with respect
// to z times `scale`. `rows` samples have answers of `size` numbers, whose last axis is `width`. z, y_pred and d_z are
// three different buffers. Behind a softmax or a sigmoid the fitting crossentropy is computed from z itself; otherwise
// from probabilities that are kept 1e-7 away from 0 and 1, as Keras does, and a clipped one has no slope.
//
// A warp has a row, and lane l its places l, l + 32, ...: no lane reads what another one wrote.

#include "activations.cuh"

namespace {

// A probability is kept from NEAR_ZERO to NEAR_ONE. Comparisons, since a minimum would lose NaN.
constexpr float NEAR_ZERO = 1e-7f, NEAR_ONE = 1.0f - 1e-7f;

__device__ __forceinline__ float clipped(float p) { return p < NEAR_ZERO ? NEAR_ZERO : p > NEAR_ONE ? NEAR_ONE : p; }

// Whether z are the logits of a softmax.
__device__ __forceinline__ bool softmax_logits(int from_logits, int head) {
    return head == SOFTMAX || (from_logits && head == LINEAR);
}

// ln(sum e^z) of a row.
__device__ __forceinline__ float log_sum_exp(const float* z, unsigned width) {
    float greatest = -infinity();
    for (unsigned i = lane(); i < width; i += WARP) greatest = fmaxf(greatest, z[i]);
    greatest = warp_max(greatest);
    float sum = 0.0f;
    for (unsigned i = lane(); i < width; i += WARP) sum += expf(z[i] - greatest);
    return greatest + logf(warp_sum(sum));
}

// The loss of a number and its derivative.
struct Judged {
    float loss, slope;
};

struct SquaredError {
    __device__ static Judged judge(float t, float p) { return {(p - t) * (p - t), 2.0f * (p - t)}; }
};

struct AbsoluteError {
    __device__ static Judged judge(float t, float p) {
        return {fabsf(p - t), p > t ? 1.0f : p < t ? -1.0f : 0.0f};
    }
};

struct BinaryOfProbability {
    __device__ static Judged judge(float t, float p) {
        const float q = clipped(p);
        return {-(t * logf(q) + (1.0f - t) * logf(1.0f - q)), q == p ? (1.0f - t) / (1.0f - p) - t / p : 0.0f};
    }
};

// The loss of a row is the mean over its numbers of what the rule gives.
template <class Rule>
__device__ __forceinline__ void elementwise(const float* z, const float* y_true, float* y_pred, float* d_z,
                                            float* row_losses, unsigned rows, unsigned size, unsigned width, int head,
                                            float scale) {
    const unsigned row = row_of_warp();
    if (row >= rows) return;
    const unsigned begin = row * size;
    const float share = 1.0f / static_cast<float>(size);
    // Only a softmax cares how the numbers are grouped.
    const unsigned step = head == SOFTMAX ? width : size;
    float sum = 0.0f;
    for (unsigned from = begin; from < begin + size; from += step) {
        activate_row(z + from, y_pred + from, step, head);
        for (unsigned i = from + lane(); i < from + step; i += WARP) {
            const Judged judged = Rule::judge(y_true[i], y_pred[i]);
            sum += judged.loss;
            if (d_z) d_z[i] = judged.slope * share * scale;
        }
        if (d_z) activate_row_gradient(y_pred + from, d_z + from, step, head);
    }
    sum = warp_sum(sum);
    if (lane() == 0) row_losses[row] = sum * share;
}

}  // namespace

// The mean of (y_pred - y_true)^2 over the numbers of a row.
// Grid: (ceil(rows / 8)). A warp a row.
KERNEL mean_squared_error(const float* z, const float* y_true, float* y_pred, float* d_z, float* row_losses, unsigned rows,
                          unsigned size, unsigned width, int head, float scale) {
    elementwise<SquaredError>(z, y_true, y_pred, d_z, row_losses, rows, size, width, head, scale);
}

// The mean of |y_pred - y_true|, with slope 0 where both are equal.
// Grid: (ceil(rows / 8)). A warp a row.
KERNEL mean_absolute_error(const float* z, const float* y_true, float* y_pred, float* d_z, float* row_losses, unsigned rows,
                           unsigned size, unsigned width, int head, float scale) {
    elementwise<AbsoluteError>(z, y_true, y_pred, d_z, row_losses, rows, size, width, head, scale);
}

// The mean of -t ln p - (1 - t) ln(1 - p). Behind a sigmoid, and on plain logits: max(z, 0) - z t + ln(1 + e^-|z|).
// Grid: (ceil(rows / 8)). A warp a row.
KERNEL binary_crossentropy(const float* z, const float* y_true, float* y_pred, float* d_z, float* row_losses, unsigned rows,
                           unsigned size, unsigned width, int head, int from_logits, float scale) {
    if (!(head == SIGMOID || (from_logits && head == LINEAR))) {
        elementwise<BinaryOfProbability>(z, y_true, y_pred, d_z, row_losses, rows, size, width, head, scale);
        return;
    }
    const unsigned row = row_of_warp();
    if (row >= rows) return;
    const float share = 1.0f / static_cast<float>(size);
    float sum = 0.0f;
    for (unsigned i = row * size + lane(); i < (row + 1) * size; i += WARP) {
        const float logit = z[i], t = y_true[i];
        y_pred[i] = activated(logit, head);
        sum += fmaxf(logit, 0.0f) - logit * t + log1pf(expf(-fabsf(logit)));
        if (d_z) d_z[i] = (sigmoid(logit) - t) * share * scale;
    }
    sum = warp_sum(sum);
    if (lane() == 0) row_losses[row] = sum * share;
}

// -sum of t ln p along the last axis. An answer of several positions (size / width of them) is judged by their mean, and
// row_losses has a number for each position, which is already its share of that mean.
// Grid: (ceil(rows * size / width / 8)). A warp a position.
KERNEL categorical_crossentropy(const float* z, const float* y_true, float* y_pred, float* d_z, float* row_losses,
                                unsigned rows, unsigned size, unsigned width, int head, int from_logits, float scale) {
    const unsigned position = row_of_warp();
    if (position >= rows * (size / width)) return;
    const unsigned from = position * width;
    const float* t = y_true + from;
    float* p = y_pred + from;
    float* d = d_z ? d_z + from : nullptr;
    z += from;
    const float share = static_cast<float>(width) / static_cast<float>(size);
    scale *= share;
    float loss = 0.0f;
    activate_row(z, p, width, head);
    if (softmax_logits(from_logits, head)) {
        const float log_sum = log_sum_exp(z, width);
        float weight = 0.0f;
        for (unsigned i = lane(); i < width; i += WARP) {
            weight += t[i];
            loss += t[i] * (log_sum - z[i]);
        }
        weight = warp_sum(weight);
        if (d) {
            for (unsigned i = lane(); i < width; i += WARP) d[i] = (expf(z[i] - log_sum) * weight - t[i]) * scale;
        }
    } else {
        // Keras divides by the sum of the predictions, then keeps them away from 0 and 1.
        float sum = 0.0f;
        for (unsigned i = lane(); i < width; i += WARP) sum += p[i];
        sum = warp_sum(sum);
        // The target's share of the gradient that the division by the sum carries back.
        float flow = 0.0f;
        for (unsigned i = lane(); i < width; i += WARP) {
            const float q = p[i] / sum;
            loss -= t[i] * logf(clipped(q));
            if (clipped(q) == q) flow += t[i];
        }
        flow = warp_sum(flow);
        if (d) {
            for (unsigned i = lane(); i < width; i += WARP) {
                const float q = p[i] / sum;
                d[i] = (flow / sum - (clipped(q) == q ? t[i] / p[i] : 0.0f)) * scale;
            }
            activate_row_gradient(p, d, width, head);
        }
    }
    loss = warp_sum(loss);
    if (lane() == 0) row_losses[position] = loss * share;
}

// -ln p[class]. A row has one class and `width` numbers. A class that does not exist gives the loss NaN.
// Grid: (ceil(rows / 8)). A warp a row.
KERNEL sparse_categorical_crossentropy(const float* z, const int* classes, float* y_pred, float* d_z, float* row_losses,
                                       unsigned rows, unsigned width, int head, int from_logits, float scale) {
    const unsigned row = row_of_warp();
    if (row >= rows) return;
    const unsigned right = static_cast<unsigned>(classes[row]);
    float* p = y_pred + row * width;
    float* d = d_z ? d_z + row * width : nullptr;
    z += row * width;
    activate_row(z, p, width, head);
    float loss;
    // Of the right class: only the lane that has it adds it.
    float own = 0.0f;
    if (softmax_logits(from_logits, head)) {
        const float log_sum = log_sum_exp(z, width);
        for (unsigned i = lane(); i < width; i += WARP) {
            if (i == right) own = z[i];
            if (d) d[i] = expf(z[i] - log_sum) * scale - (i == right ? scale : 0.0f);
        }
        loss = log_sum - warp_sum(own);
    } else {
        // Keras keeps the probabilities away from 0 and 1 and takes their logarithms for logits.
        float sum = 0.0f;
        for (unsigned i = lane(); i < width; i += WARP) {
            sum += clipped(p[i]);
            if (i == right) own = logf(clipped(p[i]));
        }
        sum = warp_sum(sum);
        loss = logf(sum) - warp_sum(own);
        if (d) {
            for (unsigned i = lane(); i < width; i += WARP) {
                const float of_class = i == right ? 1.0f / p[i] : 0.0f;
                d[i] = clipped(p[i]) == p[i] ? (1.0f / sum - of_class) * scale : 0.0f;
            }
            activate_row_gradient(p, d, width, head);
        }
    }
    if (lane() == 0) row_losses[row] = right < width ? loss : not_a_number();
}
