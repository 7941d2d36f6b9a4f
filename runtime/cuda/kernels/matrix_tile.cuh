// A tile of a matrix product, computed by a block: the core of all three passes of a convolution.
//
// C = A * B, with A (rows x depth) and B (depth x columns) that exist only as loaders: functions that fetch an element
// of an image, of a kernel or of a gradient. The block takes 16 steps of the depth at a time: it fetches them into
// registers while it still works on those before, puts them into shared memory, and each thread multiplies its HIGH x
// WIDE part of the tile.

#pragma once

#include "common.cuh"

namespace {

// Steps of the depth that lie in shared memory at once.
constexpr unsigned DEPTH = 16;

// Which elements of a SIZE x DEPTH (or DEPTH x SIZE) piece this thread fetches. Neighbouring threads take neighbours
// along the axis that is contiguous in memory: the depth or the other one.
template <unsigned SIZE, bool ALONG_DEPTH>
struct Share {
    static constexpr unsigned COUNT = SIZE * DEPTH / BLOCK;
    static_assert(SIZE % 16 == 0 && (ALONG_DEPTH || BLOCK % SIZE == 0), "whole shares");

    __device__ static unsigned depth(unsigned i) {
        return ALONG_DEPTH ? threadIdx.x % DEPTH : threadIdx.x / SIZE + i * (BLOCK / SIZE);
    }
    __device__ static unsigned place(unsigned i) {
        return ALONG_DEPTH ? threadIdx.x / DEPTH + i * (BLOCK / DEPTH) : threadIdx.x % SIZE;
    }
};

// The tile's size, and the part of one thread.
template <unsigned ROWS_, unsigned COLUMNS_, unsigned HIGH_, unsigned WIDE_>
struct Tile {
    static constexpr unsigned ROWS = ROWS_, COLUMNS = COLUMNS_, HIGH = HIGH_, WIDE = WIDE_;
    static constexpr unsigned ACROSS = COLUMNS / WIDE;
    static_assert(ROWS / HIGH * ACROSS == BLOCK, "one part for each thread");

    // Where this thread's part begins.
    __device__ static unsigned row() { return threadIdx.x / ACROSS * HIGH; }
    __device__ static unsigned column() { return threadIdx.x % ACROSS * WIDE; }
};

template <unsigned COUNT>
__device__ __forceinline__ void read_shared(const float* from, float (&to)[COUNT]) {
    if constexpr (COUNT % 4 == 0) {
        for (unsigned i = 0; i < COUNT / 4; ++i) {
            const float4 v = reinterpret_cast<const float4*>(from)[i];
            to[4 * i] = v.x;
            to[4 * i + 1] = v.y;
            to[4 * i + 2] = v.z;
            to[4 * i + 3] = v.w;
        }
    } else {
        for (unsigned i = 0; i < COUNT; ++i) to[i] = from[i];
    }
}

// sums += A * B over the depth from `first` up to `end`. A loader has `ALONG_DEPTH`, for its Share, and
// `fetch(first, end, values)`, which gives zeros beyond `end` and outside of the matrix. All threads of the block
// must come here.
template <class T, class Left, class Right>
__device__ __forceinline__ void multiply(const Left& left, const Right& right, unsigned first, unsigned end,
                                         float (&sums)[T::HIGH][T::WIDE]) {
    using LeftShare = Share<T::ROWS, Left::ALONG_DEPTH>;
    using RightShare = Share<T::COLUMNS, Right::ALONG_DEPTH>;
    // Four more floats in each row keep writes along the depth out of each other's banks, and reads aligned.
    alignas(16) __shared__ float a[DEPTH][T::ROWS + 4];
    alignas(16) __shared__ float b[DEPTH][T::COLUMNS + 4];
    float next_a[LeftShare::COUNT], next_b[RightShare::COUNT];
    if (first < end) {
        left.fetch(first, end, next_a);
        right.fetch(first, end, next_b);
    }
    for (unsigned k = first; k < end; k += DEPTH) {
#pragma unroll
        for (unsigned i = 0; i < LeftShare::COUNT; ++i) a[LeftShare::depth(i)][LeftShare::place(i)] = next_a[i];
#pragma unroll
        for (unsigned i = 0; i < RightShare::COUNT; ++i) b[RightShare::depth(i)][RightShare::place(i)] = next_b[i];
        __syncthreads();
        if (k + DEPTH < end) {
            left.fetch(k + DEPTH, end, next_a);
            right.fetch(k + DEPTH, end, next_b);
        }
#pragma unroll
        for (unsigned d = 0; d < DEPTH; ++d) {
            float of_a[T::HIGH], of_b[T::WIDE];
            read_shared(&a[d][T::row()], of_a);
            read_shared(&b[d][T::column()], of_b);
#pragma unroll
            for (unsigned i = 0; i < T::HIGH; ++i) {
#pragma unroll
                for (unsigned j = 0; j < T::WIDE; ++j) sums[i][j] += of_a[i] * of_b[j];
            }
        }
        // Before the next step overwrites what is being read.
        __syncthreads();
    }
}

// A (depth x columns) matrix that lies in memory, row by row: a kernel, or the gradient of an output. The tile begins
// at column `from`.
template <unsigned SIZE>
struct Rows {
    static constexpr bool ALONG_DEPTH = false;
    const float* values;
    unsigned columns, from;

    __device__ void fetch(unsigned first, unsigned end, float (&to)[Share<SIZE, false>::COUNT]) const {
        using S = Share<SIZE, false>;
        const unsigned column = from + S::place(0);
#pragma unroll
        for (unsigned i = 0; i < S::COUNT; ++i) {
            const unsigned k = first + S::depth(i);
            to[i] = k < end && column < columns ? values[k * columns + column] : 0.0f;
        }
    }
};

}  // namespace
