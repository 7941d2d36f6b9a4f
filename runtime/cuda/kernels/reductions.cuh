// Sums and maxima over a warp, and the way in which columns of a matrix are shared out over a block.
//
// All orders are fixed: the same numbers give the same sum, bit for bit, in every run. No atomics.

#pragma once

#include "common.cuh"

namespace {

constexpr unsigned WARP = 32;
// Warps in a block: rows of a kernel that gives each row a warp.
constexpr unsigned WARPS = BLOCK / WARP;

__device__ __forceinline__ unsigned lane() { return threadIdx.x % WARP; }

// The row of this warp in a kernel that gives each row a warp. A whole warp leaves together, so that the others'
// exchanges between lanes stay complete.
__device__ __forceinline__ unsigned row_of_warp() { return blockIdx.x * WARPS + threadIdx.x / WARP; }

// The sum over the lanes, in all lanes.
__device__ __forceinline__ float warp_sum(float x) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(0xffffffffu, x, distance);
    return x;
}

// The greatest over the lanes, in all lanes. NaN may be lost.
__device__ __forceinline__ float warp_max(float x) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, distance));
    }
    return x;
}

// How the threads of a block go over a (rows, width) matrix so that each stays in one column and neighbours read
// neighbours: block (x, y) has up to 256 columns from 256 * x on, and the y-th part of the rows. With few columns
// several rows are read at a time, one by each group of threads.
struct ColumnWalk {
    // Columns of this block, and groups of as many threads.
    unsigned columns, groups;
    // This thread's column in the block, its group, and its column in the matrix. A thread beyond the last group has
    // no rows.
    unsigned in_block, group, column;
    // This thread's rows: `first`, `first + groups`, ... below `end`.
    unsigned first, end;

    __device__ ColumnWalk(unsigned rows, unsigned width, unsigned splits) {
        const unsigned from = blockIdx.x * BLOCK;
        columns = min(width - from, BLOCK);
        groups = BLOCK / columns;
        in_block = threadIdx.x % columns;
        group = threadIdx.x / columns;
        column = from + in_block;
        const unsigned part = quotient_up(rows, splits);
        first = blockIdx.y * part + group;
        end = group < groups ? min(rows, (blockIdx.y + 1) * part) : 0;
    }

    // Whether this thread writes the sum of a column.
    __device__ bool writes() const { return threadIdx.x < columns; }

    // The sum over the groups, for the threads that write. All threads of the block must come here.
    template <class T>
    __device__ T sum(T mine) const {
        __shared__ T all[BLOCK];
        // The last use of the room is over.
        __syncthreads();
        all[threadIdx.x] = mine;
        __syncthreads();
        T total = 0;
        if (writes()) {
            for (unsigned g = 0; g < groups; ++g) total += all[g * columns + in_block];
        }
        return total;
    }
};

}  // namespace
