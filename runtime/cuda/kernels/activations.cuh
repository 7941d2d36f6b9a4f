// Formulas of the activations, for one number and for a row that a warp works on.
//
// As in `ActivationFunction`, a gradient is written with the function's output `y` alone.

#pragma once

#include "reductions.cuh"

namespace {

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// Of one number. A softmax takes whole rows: here it changes nothing.
__device__ __forceinline__ float activated(float x, int kind) {
    switch (kind) {
        // Not `fmaxf`, which would turn NaN into 0.
        case RELU: return x <= 0.0f ? 0.0f : x;
        case SIGMOID: return sigmoid(x);
        case TANH: return tanhf(x);
        default: return x;
    }
}

// The gradient of the input from that of the output.
__device__ __forceinline__ float activation_gradient(float y, float dy, int kind) {
    switch (kind) {
        case RELU: return y > 0.0f ? dy : 0.0f;
        case SIGMOID: return dy * (y * (1.0f - y));
        case TANH: return dy * (1.0f - y * y);
        default: return dy;
    }
}

// The functions below are for a whole warp; lane `l` reads and writes the places l, l + 32, ... only, so that a row may
// be worked on by one function after another without a barrier.

// y = e^(x - max) / sum. `y` may be `x`.
__device__ __forceinline__ void softmax_row(const float* x, float* y, unsigned width) {
    float greatest = -infinity();
    for (unsigned i = lane(); i < width; i += WARP) greatest = fmaxf(greatest, x[i]);
    greatest = warp_max(greatest);
    float sum = 0.0f;
    for (unsigned i = lane(); i < width; i += WARP) {
        const float e = expf(x[i] - greatest);
        y[i] = e;
        sum += e;
    }
    const float factor = 1.0f / warp_sum(sum);
    for (unsigned i = lane(); i < width; i += WARP) y[i] *= factor;
}

// dx = y * (dy - sum(dy * y)). `dx` may be `dy`.
__device__ __forceinline__ void softmax_row_gradient(const float* y, const float* dy, float* dx, unsigned width) {
    float sum = 0.0f;
    for (unsigned i = lane(); i < width; i += WARP) sum += dy[i] * y[i];
    sum = warp_sum(sum);
    for (unsigned i = lane(); i < width; i += WARP) dx[i] = y[i] * (dy[i] - sum);
}

// Any activation of a row.
__device__ __forceinline__ void activate_row(const float* x, float* y, unsigned width, int kind) {
    if (kind == SOFTMAX) {
        softmax_row(x, y, width);
    } else {
        for (unsigned i = lane(); i < width; i += WARP) y[i] = activated(x[i], kind);
    }
}

// Any activation's gradient of a row, in place on dy.
__device__ __forceinline__ void activate_row_gradient(const float* y, float* dy, unsigned width, int kind) {
    if (kind == SOFTMAX) {
        softmax_row_gradient(y, dy, dy, width);
    } else {
        for (unsigned i = lane(); i < width; i += WARP) dy[i] = activation_gradient(y[i], dy[i], kind);
    }
}

}  // namespace
