// Second stages: what several blocks have summed comes together here, in a fixed order and in double precision.

#include "reductions.cuh"

// out[i] = sum over s of partials[s * count + i], for `splits` parts.
// Grid: (ceil(count / 32)). Each block has 32 columns, for each of which 8 threads share the parts.
KERNEL sum_partials(const float* partials, float* out, unsigned count, unsigned splits) {
    __shared__ double sums[WARPS][WARP];
    const unsigned column = blockIdx.x * WARP + lane();
    const unsigned group = threadIdx.x / WARP;
    double sum = 0.0;
    if (column < count) {
#pragma unroll 4
        for (unsigned s = group; s < splits; s += WARPS) sum += partials[s * count + column];
    }
    sums[group][lane()] = sum;
    __syncthreads();
    if (group == 0 && column < count) {
        for (unsigned g = 1; g < WARPS; ++g) sum += sums[g][lane()];
        out[column] = static_cast<float>(sum);
    }
}

// *total += sum of row_values: the losses or the counts of a batch join those of the epoch.
// Grid: (1).
KERNEL add_rows(const float* row_values, unsigned rows, double* total) {
    __shared__ double sums[BLOCK];
    double sum = 0.0;
    for (unsigned row = threadIdx.x; row < rows; row += BLOCK) sum += row_values[row];
    sums[threadIdx.x] = sum;
    for (unsigned half = BLOCK / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    if (threadIdx.x == 0) *total += sums[0];
}

// *total += count: how many numbers a mean is of.
// Grid: (1).
KERNEL add_count(double* total, unsigned count) {
    if (threadIdx.x == 0) *total += count;
}
