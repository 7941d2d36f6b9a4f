// Several inputs put together number by number: sums, differences, products, maxima and minima.
//
// An operand may be stretched to the shape of the output: along some axes its numbers are used again.

#include "stretch.cuh"

// As in `Merging`. Passed as `int`.
enum Merging { SUM = 0, DIFFERENCE = 1, PRODUCT = 2, MAXIMUM = 3, MINIMUM = 4 };

namespace {

// Of equal numbers the first stays. NaN goes through.
__device__ __forceinline__ float merged(float a, float b, int kind) {
    switch (kind) {
        case SUM: return a + b;
        case DIFFERENCE: return a - b;
        case PRODUCT: return a * b;
        case MAXIMUM: return a < b || b != b ? b : a;
        default: return a > b || b != b ? b : a;
    }
}

}  // namespace

// y = (a with b) / divisor. `y` may be `a` if that is not stretched.
// Grid: (ceil(n / 1024)). Four numbers a thread.
KERNEL merge(const float* a, Stretch of_a, const float* b, Stretch of_b, float* y, unsigned n, int kind, float divisor) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    Four four = load_stretched(a, of_a, i, n);
    const Four other = load_stretched(b, of_b, i, n);
    for (unsigned j = 0; j < 4; ++j) four.at[j] = merged(four.at[j], other.at[j], kind) / divisor;
    store(y, i, n, four);
}

// dx = dy where x is y (`equal` is 1), or where it is not (`equal` is 0), else 0: the way back to one of the inputs of a
// maximum or a minimum. `dx` may be `dy`.
// Grid: (ceil(n / 1024)). Four numbers a thread.
KERNEL merge_select(const float* x, Stretch of_x, const float* y, const float* dy, float* dx, unsigned n, int equal) {
    const unsigned i = 4 * thread_of_grid();
    if (i >= n) return;
    const Four input = load_stretched(x, of_x, i, n);
    const Four output = load(y, i, n);
    Four gradient = load(dy, i, n);
    for (unsigned j = 0; j < 4; ++j) {
        if ((input.at[j] == output.at[j]) != (equal != 0)) gradient.at[j] = 0.0f;
    }
    store(dx, i, n, gradient);
}

// dx[i] = (the sum of dy over all `repeats` places at which number i is used) / divisor, for `count` numbers.
// `sums_of_block`, a power of two up to 256, is how many of them a block has; its threads share each equally.
// Grid: (ceil(count / sums_of_block)).
KERNEL merge_sums(const float* dy, float* dx, Stretch of_x, unsigned count, unsigned repeats, unsigned sums_of_block,
                  float divisor) {
    __shared__ float sums[BLOCK];
    const unsigned i = blockIdx.x * sums_of_block + threadIdx.x % sums_of_block;
    const unsigned sharing = BLOCK / sums_of_block;
    float sum = 0.0f;
    if (i < count) {
        for (unsigned k = threadIdx.x / sums_of_block; k < repeats; k += sharing) sum += dy[of_x.place(i, k)];
    }
    sums[threadIdx.x] = sum;
    for (unsigned half = sharing / 2; half > 0; half /= 2) {
        __syncthreads();
        const unsigned other = threadIdx.x + half * sums_of_block;
        if (threadIdx.x < half * sums_of_block) sums[threadIdx.x] += sums[other];
    }
    if (threadIdx.x < sums_of_block && i < count) dx[i] = sums[threadIdx.x] / divisor;
}
