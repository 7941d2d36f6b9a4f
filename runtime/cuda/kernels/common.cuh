// What all kernels share: how a kernel is declared, the structures that the host passes, and loads of four numbers.
//
// Every kernel is launched with a block of 256 threads, (256, 1, 1), and without dynamic shared memory. The grid is
// given above each kernel; where a count is 0, nothing is launched. Counts and offsets are `unsigned`: a tensor has
// fewer than 2^31 numbers. Matrices are row-major, images channels-last. No kernel includes anything from outside of
// this folder, so that a run-time compiler can take them too.

#pragma once

#ifndef ADDAX_EMULATOR
#define KERNEL extern "C" __global__ void __launch_bounds__(256)
#endif

// Threads of every block.
constexpr unsigned BLOCK = 256;

// As in `ActivationFunction`. Passed as `int`.
enum Activation { LINEAR = 0, RELU = 1, SIGMOID = 2, TANH = 3, SOFTMAX = 4 };

// What changes from step to step. It lies in device memory, so that a captured graph can be replayed: nothing of it is
// an argument. 24 bytes, no gaps.
struct StepState {
    // The seed of the training run.
    unsigned seed_low, seed_high;
    // Training steps begun since the start of the run: the step under way is `steps - 1`, counted from 0.
    unsigned steps;
    // Updates of the optimizer begun: during an update it is Adam's `t`, counted from 1.
    unsigned updates;
    // Written by the host whenever it changes.
    float learning_rate;
    // `learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)`, written by `begin_step`.
    float alpha;
};

// A convolution. The input is (rows, height, width, channels), the kernel (kernel_height, kernel_width, channels,
// filters), the output (rows, out_height, out_width, filters).
struct Conv {
    int rows, height, width, channels;
    int out_height, out_width, filters;
    int kernel_height, kernel_width, stride_height, stride_width, pad_top, pad_left;
};

// A pooling, likewise.
struct Pool {
    int rows, height, width, channels;
    int out_height, out_width;
    int pool_height, pool_width, stride_height, stride_width, pad_top, pad_left;
};

namespace {

// Bit patterns instead of the macros of <math.h>, which a run-time compiler does not have.
__device__ __forceinline__ float infinity() { return __int_as_float(0x7f800000); }
__device__ __forceinline__ float not_a_number() { return __int_as_float(0x7fc00000); }

// Rounded up.
__device__ constexpr unsigned quotient_up(unsigned a, unsigned b) { return (a + b - 1) / b; }

// The thread's place in the whole grid.
__device__ __forceinline__ unsigned thread_of_grid() { return blockIdx.x * BLOCK + threadIdx.x; }

// Four consecutive numbers: what one thread of an elementwise kernel works on.
struct Four {
    float at[4];
};

__device__ __forceinline__ bool in_one_load(const void* address) {
    return (reinterpret_cast<unsigned long long>(address) & 15) == 0;
}

// The numbers from `i` on; zeros from `n` on.
__device__ __forceinline__ Four load(const float* x, unsigned i, unsigned n) {
    Four four = {{0.0f, 0.0f, 0.0f, 0.0f}};
    if (i + 4 <= n && in_one_load(x + i)) {
        const float4 v = *reinterpret_cast<const float4*>(x + i);
        four = {{v.x, v.y, v.z, v.w}};
    } else {
        for (unsigned j = 0; j < 4; ++j) {
            if (i + j < n) four.at[j] = x[i + j];
        }
    }
    return four;
}

// Writes them back, except beyond `n`.
__device__ __forceinline__ void store(float* y, unsigned i, unsigned n, const Four& four) {
    if (i + 4 <= n && in_one_load(y + i)) {
        *reinterpret_cast<float4*>(y + i) = make_float4(four.at[0], four.at[1], four.at[2], four.at[3]);
    } else {
        for (unsigned j = 0; j < 4; ++j) {
            if (i + j < n) y[i + j] = four.at[j];
        }
    }
}

}  // namespace
